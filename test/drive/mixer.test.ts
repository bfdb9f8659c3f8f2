import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { limitWheels, mix } from '../../firmware/drive/mixer.ts';

const ratio = fc.double({ min: -1, max: 1, noNaN: true });
const maxRatio = fc.double({ min: 0, max: 1, noNaN: true });

const rows: [linear: number, angular: number, left: number, right: number][] = [
  [0, 0, 0, 0],
  [1, 0, 1, 1],
  [-1, 0, -1, -1],
  [0, 1, -1, 1],
  [0, -1, 1, -1],
  [0.5, 0.25, 0.25, 0.75],
  [0.5, -0.25, 0.75, 0.25],
  [-0.5, 0.25, -0.75, -0.25],
  [1, 0.5, 1 / 3, 1],
  [1, 1, 0, 1],
  [1, -1, 1, 0],
  [-1, 1, -1, 0],
  [-1, -1, 0, -1],
];
for (const [linear, angular, left, right] of rows) {
  test(`linear ${linear}, angular ${angular} gives ${left.toFixed(2)} and ${right.toFixed(2)}`, () => {
    const wheels = mix(linear, angular);
    near(wheels.left, left);
    near(wheels.right, right);
  });
}

test('every wish gives wheels within -1..1', () => {
  fc.assert(
    fc.property(ratio, ratio, (linear, angular) => {
      const { left, right } = mix(linear, angular);
      return Math.abs(left) <= 1 && Math.abs(right) <= 1;
    }),
  );
});

test('saturating keeps the radius of the turn: speed over turn rate stays as asked', () => {
  fc.assert(
    fc.property(ratio, ratio, (linear, angular) => {
      const { left, right } = mix(linear, angular);
      near((left + right) * angular, (right - left) * linear);
    }),
  );
});

test('what fits is not scaled', () => {
  fc.assert(
    fc.property(ratio, ratio, (linear, angular) => {
      fc.pre(Math.abs(linear) + Math.abs(angular) <= 1);
      assert.equal(mix(linear, angular), { left: linear - angular, right: linear + angular });
    }),
  );
});

test('turning the other way swaps the wheels', () => {
  fc.assert(
    fc.property(ratio, ratio, (linear, angular) => {
      const one = mix(linear, angular);
      const other = mix(linear, -angular);
      return Object.is(one.left + 0, other.right + 0) && Object.is(one.right + 0, other.left + 0);
    }),
  );
});

test('a limit caps the faster wheel, keeps the relation of both, and never speeds up', () => {
  fc.assert(
    fc.property(ratio, ratio, maxRatio, (left, right, max) => {
      const capped = limitWheels({ left, right }, max);
      const fastest = Math.max(Math.abs(left), Math.abs(right));
      assert.ok(Math.max(Math.abs(capped.left), Math.abs(capped.right)) === Math.min(fastest, max));
      near(capped.left * right, capped.right * left);
    }),
  );
});

test('at the limit already, wheels come back as they are, to the last digit', () => {
  // 0.35 / 0.6 * 0.6 is a little more.
  assert.equal(limitWheels({ left: 0.35, right: 0.6 }, 0.6), { left: 0.35, right: 0.6 });
});

test('a limit of zero stands still', () => {
  const { left, right } = limitWheels({ left: 1, right: -0.5 }, 0);
  assert.ok(left === 0 && right === 0);
});

test('bad input is refused by name and value', () => {
  assert.throws(() => mix(1.1, 0), /Expected linear to be a number in -1\.\.1 but received 1\.1/);
  assert.throws(() => mix(0, Number.NaN), /Expected angular .* but received NaN/);
  assert.throws(
    () => limitWheels({ left: Number.POSITIVE_INFINITY, right: 0 }, 1),
    /Expected left .* finite/,
  );
  assert.throws(() => limitWheels({ left: 0, right: Number.NaN }, 1), /Expected right/);
  assert.throws(() => limitWheels({ left: 0, right: 0 }, 1.5), /Expected maxRatio to be a number in 0\.\.1/);
  assert.throws(() => limitWheels({ left: 0, right: 0 }, -0.1), /Expected maxRatio .* but received -0\.1/);
  assert.throws(() => mix(-1.1, 0), /Expected linear .* but received -1\.1/);
  assert.throws(() => mix(0, -1.1), /Expected angular/);
  assert.throws(() => mix(0, 1.1), /Expected angular/);
  assert.throws(() => limitWheels({ left: 0, right: Number.NEGATIVE_INFINITY }, 1), /Expected right/);
});

function near(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) < 1e-9, `expected ${expected} but received ${actual}`);
}

test.run();
