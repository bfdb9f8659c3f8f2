import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ramp } from '../../firmware/command/ramp.ts';

const still = { left: 0, right: 0 };

for (const [what, from, to, maxStep, expected] of [
  ['speeds up by one step', 0, 1, 0.25, 0.25],
  ['speeds up backwards by one step', 0, -1, 0.25, -0.25],
  ['arrives without passing', 0.9, 1, 0.25, 1],
  ['slows down at once', 1, 0.2, 0.1, 0.2],
  ['slows down at once, backwards', -1, -0.2, 0.1, -0.2],
  ['stops at once', 0.8, 0, 0.1, 0],
  ['turns round from rest on', 0.8, -0.8, 0.1, -0.1],
  ['keeps what it has', 0.5, 0.5, 0.1, 0.5],
  ['stays with no time passed', 0.4, 0.9, 0, 0.4],
  ['keeps what it has with no time passed', 0.5, 0.5, 0, 0.5],
] as const) {
  test(`a wheel ${what}`, () => {
    const stepped = ramp({ left: from, right: 0 }, { left: to, right: 0 }, maxStep);
    assert.ok(Math.abs(stepped.left - expected) < 1e-12, `${stepped.left}`);
    assert.is(stepped.right, 0);
  });
}

test('both wheels take the same share of their way, so that the curve keeps its radius', () => {
  const stepped = ramp(still, { left: 0.4, right: 0.8 }, 0.2);
  assert.ok(Math.abs(stepped.right - 0.2) < 1e-12);
  assert.ok(Math.abs(stepped.left * 2 - stepped.right) < 1e-12);
});

test.run();
