import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { APARTMENT } from '../../firmware/simulator/apartment.ts';
import { createObstacles } from '../../firmware/simulator/collision.ts';
import { box, cylinder, plant, table } from '../../firmware/simulator/furniture.ts';
import { createRenderer } from '../../firmware/simulator/render/renderer.ts';
import { createScene } from '../../firmware/simulator/render/scene.ts';
import type { Room, Solid } from '../../firmware/simulator/room.ts';
import { ROVER } from '../../firmware/simulator/simulator.ts';

const WIDTH = 320;
const HEIGHT = 240;
const EYE_M = 0.56;
/** Of a lens with 78 degrees across. */
const FOCAL = WIDTH / 2 / Math.tan((39 * Math.PI) / 180);

/** An empty hall of 8 x 8 m around the origin with white walls. */
function hall(...solids: readonly Solid[]): Room {
  return {
    ...APARTMENT,
    floors: [{ pattern: 'mat', westM: -4.2, southM: -4.2, eastM: 4.2, northM: 4.2 }],
    sun: [],
    solids: [
      box([4.1, 0], [0.2, 8.4], [0, 2.4], 'white'),
      box([-4.1, 0], [0.2, 8.4], [0, 2.4], 'white'),
      box([0, 4.1], [8.4, 0.2], [0, 2.4], 'white'),
      box([0, -4.1], [8.4, 0.2], [0, 2.4], 'white'),
      ...solids,
    ],
  };
}

function picture(room: Room, xM: number, yM: number, headingRad: number): Uint32Array {
  const renderer = createRenderer(createScene(room), EYE_M, WIDTH, HEIGHT);
  renderer.draw(xM, yM, headingRad);
  return renderer.pixels;
}

const apartment = createScene(APARTMENT);

test('every pixel is painted, wherever the robot can stand', () => {
  const renderer = createRenderer(apartment, EYE_M, WIDTH, HEIGHT);
  const obstacles = createObstacles(APARTMENT, ROVER);
  fc.assert(
    fc.property(
      fc.double({ min: 0.2, max: 9.4, noNaN: true }),
      fc.double({ min: 0.2, max: 4.8, noNaN: true }),
      fc.double({ min: -4, max: 4, noNaN: true }),
      (xM, yM, headingRad) => {
        fc.pre(obstacles.gapM({ xM, yM }) >= 0);
        renderer.pixels.fill(0);
        renderer.draw(xM, yM, headingRad);
        assert.is(renderer.pixels.indexOf(0), -1);
        const black = renderer.pixels.reduce((count, pixel) => count + (pixel === 0xff000000 ? 1 : 0), 0);
        assert.ok(black < 20, `${black} black pixels: a gap in the room`);
      },
    ),
    { numRuns: 60 },
  );
});

test('the same pose gives the same picture, another pose another one', () => {
  const renderer = createRenderer(apartment, EYE_M, WIDTH, HEIGHT);
  const { xM, yM, headingRad } = APARTMENT.start;
  const draw = (dx: number, turn: number) => {
    renderer.draw(xM + dx, yM, headingRad + turn);
    return renderer.pixels.slice();
  };
  const before = draw(0, 0);
  const moved = draw(0.02, 0);
  const turned = draw(0, 0.02);
  assert.equal(draw(0, 0), before);
  for (const other of [moved, turned]) {
    const changed = other.filter((pixel, index) => pixel !== before[index]).length;
    assert.ok(changed > WIDTH * HEIGHT * 0.2, `${changed} pixels changed`);
  }
});

test('a wall begins in the row that its distance gives', () => {
  for (const distanceM of [1, 2, 3.5]) {
    const pixels = picture(hall(), 4 - distanceM, 0, 0);
    const middle = WIDTH / 2;
    let row = HEIGHT - 1;
    while (brightness(pixels[row * WIDTH + middle]!) < 150) row -= 1;
    const expected = HEIGHT / 2 + (EYE_M * FOCAL) / distanceM;
    assert.ok(Math.abs(row + 1 - expected) <= 1, `row ${row + 1} instead of ${expected} at ${distanceM} m`);
  }
});

test('what stands to the left is seen on the left, as wide as it should be', () => {
  const post = box([2, 0.5], [0.2, 0.2], [0, 2.4], 'brass');
  const pixels = picture(hall(post), 0, 0, 0);
  const row = 100 * WIDTH;
  const dark: number[] = [];
  for (let x = 0; x < WIDTH; x += 1) if (brightness(pixels[row + x]!) < 110) dark.push(x);
  // Its face is at x = 1.9; from y = 0.4 to 0.6, and its right side shows back to x = 2.1.
  near(dark[0]!, WIDTH / 2 - (0.6 / 1.9) * FOCAL, 1.5);
  near(dark.at(-1)!, WIDTH / 2 - (0.4 / 2.1) * FOCAL, 1.5);
});

test('turning left moves the room to the right', () => {
  const post = cylinder([2, 0], 0.2, [0, 2.4], 'brass');
  const middleOf = (headingRad: number) => {
    const pixels = picture(hall(post), 0, 0, headingRad);
    const dark: number[] = [];
    for (let x = 0; x < WIDTH; x += 1) if (brightness(pixels[100 * WIDTH + x]!) < 110) dark.push(x);
    return (dark[0]! + dark.at(-1)!) / 2;
  };
  near(middleOf(0), WIDTH / 2, 1);
  near(middleOf(0.2), WIDTH / 2 + Math.tan(0.2) * FOCAL, 1.5);
  near(middleOf(-0.2), WIDTH / 2 - Math.tan(0.2) * FOCAL, 1.5);
});

test('what lies behind a wall, or behind the camera, does not show', () => {
  const screen = box([1.5, 0], [0.1, 8.4], [0, 2.4], 'brick');
  const alone = picture(hall(screen), 0, 0, 0);
  const crowd = [box([3, 0], [1, 1], [0, 2], 'books'), ...plant(), cylinder([-2, 1], 0.5, [0, 1], 'brass')];
  const moved = crowd.map((solid) => ({ ...solid, xM: solid.xM === 0 ? 2.5 : solid.xM }));
  assert.equal(difference(picture(hall(screen, ...moved), 0, 0, 0), alone), 0);
});

test('a table top hides what lies under its far end', () => {
  const desk = table([1, 1], 0.4, 'oak').map((part) => ({ ...part, xM: part.xM + 0.8 }));
  const hidden = box([1.2, 0], [0.1, 0.1], [0, 0.05], 'lampshade');
  assert.equal(difference(picture(hall(...desk, hidden), 0, 0, 0), picture(hall(...desk), 0, 0, 0)), 0);
});

test('a table top higher than the eye hides what stands on it', () => {
  const desk = table([1, 1], 0.74, 'oak').map((part) => ({ ...part, xM: part.xM + 1 }));
  const hidden = cylinder([1.25, 0], 0.1, [0.74, 0.84], 'lampshade');
  assert.equal(difference(picture(hall(...desk, hidden), 0, 0, 0), picture(hall(...desk), 0, 0, 0)), 0);
});

test('what stands on a table lower than the eye shows', () => {
  const desk = table([1, 1], 0.4, 'oak').map((part) => ({ ...part, xM: part.xM + 1 }));
  const vase = cylinder([1.1, 0], 0.1, [0.4, 0.6], 'lampshade');
  assert.ok(difference(picture(hall(...desk, vase), 0, 0, 0), picture(hall(...desk), 0, 0, 0)) > 200);
});

test('one can look through the leaves of a plant', () => {
  const [, leaves] = plant();
  const before = picture(hall(), 0, 0, 0);
  const after = picture(hall({ ...leaves!, xM: 1.5 }), 0, 0, 0);
  const left = WIDTH / 2 - (0.5 / 1.5) * FOCAL;
  let green = 0;
  let through = 0;
  for (let y = 40; y < 120; y += 1) {
    for (let x = Math.ceil(left); x < WIDTH - left; x += 1) {
      if (before[y * WIDTH + x] === after[y * WIDTH + x]) through += 1;
      else green += 1;
    }
  }
  assert.ok(green > 500 && through > 500, `${green} leaves and ${through} between them`);
});

function brightness(pixel: number): number {
  return ((pixel & 0xff) + ((pixel >>> 8) & 0xff) + ((pixel >>> 16) & 0xff)) / 3;
}

function difference(one: Uint32Array, other: Uint32Array): number {
  let count = 0;
  for (let index = 0; index < one.length; index += 1) if (one[index] !== other[index]) count += 1;
  return count;
}

function near(actual: number, expected: number, slack: number): void {
  assert.ok(Math.abs(actual - expected) <= slack, `expected ${expected} but received ${actual}`);
}

test.run();
