import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { reconnectDelayMs, videoRetryDelayMs } from '../../../firmware/teleop/page/backoff.ts';
import { RobotClock } from '../../../firmware/teleop/page/clock.ts';

const MONOTONIC_AHEAD_MS = 500_000;
const WALL_AHEAD_MS = 1_700_000_000_000;

/** A ping at `atMs` whose way there and back take these times, over a robot whose clocks are that far ahead. */
function ping(
  clock: RobotClock,
  atMs: number,
  thereMs: number,
  backMs: number,
  { monotonicMs = MONOTONIC_AHEAD_MS, wallMs = WALL_AHEAD_MS } = {},
): number {
  const robotMs = atMs + thereMs;
  return clock.addPong(
    { t: atMs, robotUs: (robotMs + monotonicMs) * 1000, wallMs: robotMs + wallMs },
    atMs + thereMs + backMs,
  );
}

test('nothing is known before the first answer, nor after a reset', () => {
  const clock = new RobotClock();
  assert.is(clock.robotUs(0), null);
  assert.is(clock.wallMs(0), null);
  ping(clock, 0, 1, 1);
  clock.reset();
  assert.is(clock.robotUs(0), null);
  assert.is(clock.wallMs(0), null);
});

test('both clocks are right to half of what the way there and back differ', () => {
  const clock = new RobotClock();
  assert.is(ping(clock, 1000, 30, 10), 40);
  assert.ok(Math.abs(clock.robotUs(5000)! / 1000 - (5000 + MONOTONIC_AHEAD_MS)) <= 10.001);
  assert.ok(Math.abs(clock.wallMs(5000)! - (5000 + WALL_AHEAD_MS)) <= 10.001);
});

test('the answer that was delayed least counts, not the last', () => {
  const clock = new RobotClock();
  ping(clock, 0, 2, 2);
  for (let atMs = 1000; atMs < 10_000; atMs += 1000) ping(clock, atMs, 300, 5);
  assert.ok(Math.abs(clock.robotUs(0)! / 1000 - MONOTONIC_AHEAD_MS) < 0.001);
});

test('an old answer is forgotten, so that a drift between the clocks does not add up', () => {
  const clock = new RobotClock();
  for (let count = 0; count < 600; count += 1) {
    const drift = count * 0.05;
    ping(clock, count * 1000, 2, 2, { monotonicMs: MONOTONIC_AHEAD_MS + drift });
  }
  assert.ok(Math.abs(clock.robotUs(0)! / 1000 - (MONOTONIC_AHEAD_MS + 599 * 0.05)) < 1);
});

test('a wall clock that is set is followed with the next answer', () => {
  const clock = new RobotClock();
  ping(clock, 0, 1, 1);
  ping(clock, 1000, 40, 40, { wallMs: WALL_AHEAD_MS + 3_600_000 });
  assert.ok(Math.abs(clock.wallMs(1000)! - (1000 + WALL_AHEAD_MS + 3_600_000)) < 1);
});

test('a clock that jumped (sleep, restart) is believed at once', () => {
  const clock = new RobotClock();
  ping(clock, 0, 1, 1);
  ping(clock, 1000, 20, 20, { monotonicMs: MONOTONIC_AHEAD_MS + 60_000 });
  assert.ok(Math.abs(clock.robotUs(0)! / 1000 - (MONOTONIC_AHEAD_MS + 60_000)) < 1);
});

test('a robot that is back is found within 2 s, the try included', () => {
  const waits = Array.from({ length: 100 }, (_, index) => reconnectDelayMs(index + 1));
  assert.equal(waits.slice(0, 4), [250, 500, 500, 500]);
  assert.ok(waits.every((ms) => ms <= 500));
});

test('a picture that keeps failing is asked for less and less often, but never given up', () => {
  assert.equal([1, 2, 3, 4, 5, 6, 60].map(videoRetryDelayMs), [500, 1000, 2000, 4000, 8000, 8000, 8000]);
});

test.run();
