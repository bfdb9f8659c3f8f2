import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ramp, withoutSpeedingUp } from '../../firmware/command/ramp.ts';

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

for (const [what, now, wanted, beyond, expected] of [
  ['keeps its speed', 0.5, 1, 0, 0.5],
  ['keeps its speed backwards', -0.5, -1, 0, -0.5],
  ['slows down', 0.5, 0.3, 0, 0.3],
  ['slows down backwards', -0.5, -0.3, 0, -0.3],
  ['stops', 0.5, 0, 0.2, 0],
  ['does not start', 0, 1, 0, 0],
  ['does not turn round', 0.5, -1, 0, 0],
  ['starts up to the bound', 0, 1, 0.2, 0.2],
  ['starts backwards up to the bound', 0, -1, 0.2, -0.2],
  ['turns round up to the bound', 0.5, -1, 0.2, -0.2],
  ['speeds up to the bound', 0.1, 1, 0.2, 0.2],
  ['speeds up to less than the bound', 0.1, 0.15, 0.2, 0.15],
  ['keeps a speed above the bound', 0.5, 1, 0.2, 0.5],
  ['keeps a speed above the bound backwards', -0.5, -1, 0.2, -0.5],
] as const) {
  test(`a wheel that may not speed up ${what}`, () => {
    assert.is(
      withoutSpeedingUp({ left: now, right: 0.7 }, { left: wanted, right: 0.6 }, beyond).left,
      expected,
    );
    assert.is(
      withoutSpeedingUp({ left: 0.7, right: now }, { left: 0.6, right: wanted }, beyond).right,
      expected,
    );
  });
}

test.run();
