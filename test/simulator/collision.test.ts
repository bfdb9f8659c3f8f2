import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { APARTMENT } from '../../firmware/simulator/apartment.ts';
import { createObstacles } from '../../firmware/simulator/collision.ts';
import { clearance, crosses, footprintOf } from '../../firmware/simulator/footprint.ts';
import { box, cylinder, place, table } from '../../firmware/simulator/furniture.ts';
import type { Room, Solid } from '../../firmware/simulator/room.ts';
import { ROVER } from '../../firmware/simulator/simulator.ts';

const SLACK_M = 1e-6;

function roomOf(...solids: readonly Solid[]): Room {
  return { ...APARTMENT, solids };
}
/** A closed yard of 4 x 4 m with walls 0.1 m thick, around the origin. */
const YARD = [
  box([2.05, 0], [0.1, 4.2], [0, 2], 'white'),
  box([-2.05, 0], [0.1, 4.2], [0, 2], 'white'),
  box([0, 2.05], [4.2, 0.1], [0, 2], 'white'),
  box([0, -2.05], [4.2, 0.1], [0, 2], 'white'),
];

test('free of obstacles it goes where it wants', () => {
  const to = createObstacles(roomOf(...YARD), ROVER).move({ xM: 0, yM: 0 }, { xM: 1, yM: -1.2 });
  near(to.xM, 1);
  near(to.yM, -1.2);
});

test('head on it stops at its radius from the wall, and touches it', () => {
  const obstacles = createObstacles(roomOf(...YARD), ROVER);
  const to = obstacles.move({ xM: 0, yM: 0.5 }, { xM: 3, yM: 0.5 });
  near(to.xM, 2 - ROVER.radiusM);
  near(to.yM, 0.5);
  assert.ok(obstacles.isTouching(to));
  assert.not(obstacles.isTouching({ xM: to.xM - 0.01, yM: 0.5 }));
});

test('at an angle it slides along the wall: the way along it is not lost', () => {
  const to = createObstacles(roomOf(...YARD), ROVER).move({ xM: 1.8, yM: 0 }, { xM: 2.3, yM: 1 });
  near(to.xM, 2 - ROVER.radiusM);
  near(to.yM, 1);
});

test('in a corner it stands', () => {
  const to = createObstacles(roomOf(...YARD), ROVER).move({ xM: 1, yM: 1 }, { xM: 9, yM: 9 });
  near(to.xM, 2 - ROVER.radiusM);
  near(to.yM, 2 - ROVER.radiusM);
});

test('a turned box and a round one stop it too', () => {
  const turned = place([box([0, 0], [1, 0.2], [0, 1], 'white')], [1, 0], 45);
  const round = cylinder([-1, 0], 0.4, [0, 1], 'white');
  const obstacles = createObstacles(roomOf(...YARD, ...turned, round), ROVER);
  const there = obstacles.move({ xM: 0, yM: 0 }, { xM: -0.9, yM: 0 });
  near(there.xM, -1 + 0.2 + ROVER.radiusM);
  const slid = obstacles.move({ xM: 0, yM: 0 }, { xM: 1, yM: 0 });
  assert.ok(Math.abs(obstacles.gapM(slid)) < SLACK_M);
});

test('a table top higher than the robot lets it under, the legs do not', () => {
  const obstacles = createObstacles(roomOf(...YARD, ...table([1.4, 1], 0.74, 'oak')), ROVER);
  const through = obstacles.move({ xM: -1.2, yM: 0 }, { xM: 1.2, yM: 0 });
  near(through.xM, 1.2);
  const low = createObstacles(roomOf(...YARD, ...table([1.4, 1], 0.4, 'oak')), ROVER);
  assert.ok(low.move({ xM: -1.2, yM: 0 }, { xM: 1.2, yM: 0 }).xM < -0.6);
});

test('at any speed, from anywhere, it never gets into a solid or through a wall', () => {
  const obstacles = createObstacles(APARTMENT, ROVER);
  const outer = createObstacles(
    { ...APARTMENT, solids: APARTMENT.solids.filter((solid) => solid.wall) },
    ROVER,
  );
  const move = fc.record({
    direction: fc.double({ min: -Math.PI, max: Math.PI, noNaN: true }),
    lengthM: fc.oneof(
      fc.double({ min: 0, max: 0.01, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 1, max: 60, noNaN: true }),
    ),
  });
  fc.assert(
    fc.property(fc.array(move, { maxLength: 40 }), (moves) => {
      let here: { xM: number; yM: number } = APARTMENT.start;
      for (const { direction, lengthM } of moves) {
        const next = obstacles.move(here, {
          xM: here.xM + lengthM * Math.cos(direction),
          yM: here.yM + lengthM * Math.sin(direction),
        });
        assert.ok(obstacles.gapM(next) > -SLACK_M, `inside a solid at ${next.xM}, ${next.yM}`);
        assert.ok(outer.gapM(next) > -SLACK_M);
        assert.ok(next.xM > 0 && next.xM < 9.6 && next.yM > 0 && next.yM < 5, 'left the apartment');
        here = next;
      }
    }),
    { numRuns: 300 },
  );
});

test('a move never gains distance', () => {
  const obstacles = createObstacles(APARTMENT, ROVER);
  fc.assert(
    fc.property(
      fc.double({ min: -5, max: 5, noNaN: true }),
      fc.double({ min: -5, max: 5, noNaN: true }),
      (dx, dy) => {
        const { start } = APARTMENT;
        const end = obstacles.move(start, { xM: start.xM + dx, yM: start.yM + dy });
        return Math.hypot(end.xM - start.xM, end.yM - start.yM) <= Math.hypot(dx, dy) + SLACK_M;
      },
    ),
  );
});

test('the doorway can be driven through, the walls beside it can not', () => {
  const obstacles = createObstacles(APARTMENT, ROVER);
  near(obstacles.move({ xM: 5.5, yM: 3.67 }, { xM: 6.7, yM: 3.67 }).xM, 6.7);
  near(obstacles.move({ xM: 5.5, yM: 2.5 }, { xM: 6.7, yM: 2.5 }).xM, 6 - ROVER.radiusM);
});

test('clearance is signed and points away', () => {
  const print = footprintOf(box([1, 1], [2, 1], [0, 1], 'white'));
  for (const [x, y, distanceM, awayX, awayY] of [
    [3, 1, 1, 1, 0],
    [1, 0, 0.5, 0, -1],
    [1.9, 1, -0.1, 1, 0],
    [2.3, 1.9, 0.5, 0.6, 0.8],
  ] as const) {
    const { distanceM: d, awayX: ax, awayY: ay } = clearance(print, x, y);
    near(d, distanceM);
    near(ax, awayX);
    near(ay, awayY);
  }
});

test('a line crosses a box or misses it', () => {
  const [wall] = place([box([0, 0], [2, 0.2], [0, 1], 'white')], [0, 0], 90);
  const print = footprintOf(wall!);
  assert.ok(crosses(print, -1, 0.5, 1, 0.5));
  assert.not(crosses(print, -1, 1.5, 1, 1.5));
  assert.not(crosses(print, -1, 0, -0.5, 0));
  assert.not(crosses(print, -0.5, -2, -0.5, 2));
});

function near(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) < SLACK_M, `expected ${expected} but received ${actual}`);
}

test.run();
