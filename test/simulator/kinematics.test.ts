import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Body, driveArc, type Pose, wrapAngle } from '../../firmware/simulator/kinematics.ts';

const BODY: Body = { radiusM: 0.15, heightM: 0.5, trackM: 0.3, fullSpeedMPerS: 0.6, eyeM: 0.4 };
const ratio = fc.double({ min: -1, max: 1, noNaN: true });
const pose = fc.record<Pose>({
  xM: fc.double({ min: -10, max: 10, noNaN: true }),
  yM: fc.double({ min: -10, max: 10, noNaN: true }),
  headingRad: fc.double({ min: -3.1, max: 3.1, noNaN: true }),
});
const ORIGIN: Pose = { xM: 0, yM: 0, headingRad: 0 };

test('equal wheels drive a straight line: distance is speed times time', () => {
  const end = driveArc({ xM: 1, yM: 2, headingRad: Math.PI / 6 }, { left: 0.5, right: 0.5 }, BODY, 4);
  near(end.xM, 1 + 1.2 * Math.cos(Math.PI / 6));
  near(end.yM, 2 + 1.2 * Math.sin(Math.PI / 6));
  near(end.headingRad, Math.PI / 6);
});

test('opposite wheels turn on the spot, to the left when the right one drives forward', () => {
  const end = driveArc(ORIGIN, { left: -0.25, right: 0.25 }, BODY, 1);
  near(end.xM, 0);
  near(end.yM, 0);
  near(end.headingRad, (2 * 0.25 * 0.6) / 0.3);
});

test('one wheel standing: the robot circles around it', () => {
  const quarterS = (Math.PI / 2) * (0.3 / 0.6);
  const end = driveArc(ORIGIN, { left: 0, right: 1 }, BODY, quarterS);
  near(end.xM, 0.15);
  near(end.yM, 0.15);
  near(end.headingRad, Math.PI / 2);
});

test('a full circle ends where it began', () => {
  const wheels = { left: 0.4, right: 0.8 };
  const fullS = (2 * Math.PI * 0.3) / (0.4 * 0.6);
  const end = driveArc(ORIGIN, wheels, BODY, fullS);
  near(end.xM, 0);
  near(end.yM, 0);
  near(end.headingRad, 0);
});

test('the size of the step changes nothing', () => {
  fc.assert(
    fc.property(pose, ratio, ratio, (start, left, right) => {
      const once = driveArc(start, { left, right }, BODY, 1);
      let stepped = start;
      for (let step = 0; step < 200; step += 1) stepped = driveArc(stepped, { left, right }, BODY, 0.005);
      near(stepped.xM, once.xM);
      near(stepped.yM, once.yM);
      near(wrapAngle(stepped.headingRad - once.headingRad), 0);
    }),
  );
});

test('driving back the same wheels leads back', () => {
  fc.assert(
    fc.property(pose, ratio, ratio, (start, left, right) => {
      const there = driveArc(start, { left, right }, BODY, 0.7);
      const back = driveArc(there, { left: -left, right: -right }, BODY, 0.7);
      near(back.xM, start.xM);
      near(back.yM, start.yM);
      near(wrapAngle(back.headingRad - start.headingRad), 0);
    }),
  );
});

test('no step is longer than the faster wheel drives', () => {
  fc.assert(
    fc.property(pose, ratio, ratio, (start, left, right) => {
      const end = driveArc(start, { left, right }, BODY, 0.5);
      const wayM = Math.hypot(end.xM - start.xM, end.yM - start.yM);
      return wayM <= Math.max(Math.abs(left), Math.abs(right)) * 0.6 * 0.5 + 1e-9;
    }),
  );
});

test('angles come back in (-pi, pi]', () => {
  for (const [angle, wrapped] of [
    [0, 0],
    [Math.PI, Math.PI],
    [-Math.PI, Math.PI],
    [3 * Math.PI, Math.PI],
    [1.5 * Math.PI, -0.5 * Math.PI],
    [-7, -7 + 2 * Math.PI],
  ] as const) {
    near(wrapAngle(angle), wrapped);
  }
});

function near(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) < 1e-9, `expected ${expected} but received ${actual}`);
}

test.run();
