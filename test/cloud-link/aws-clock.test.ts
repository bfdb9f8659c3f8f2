import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { AwsClock } from '../../firmware/cloud-link/aws-clock.ts';

function clockAt(wallMs: number) {
  const clock = { now: 1000, wall: wallMs, nowMs: () => clock.now, wallMs: () => clock.wall };
  return clock;
}
const NOON_MS = Date.UTC(2026, 10, 25, 12);

test('is this machine’s clock until AWS has told its own', () => {
  const clock = clockAt(NOON_MS);
  assert.is(new AwsClock(clock).wallMs(), NOON_MS);
});

test('follows the Date of an answer, and goes on from there', () => {
  const clock = clockAt(0);
  const aws = new AwsClock(clock);
  assert.is(aws.observe(new Date(NOON_MS).toUTCString()), NOON_MS + 500);
  clock.now += 60_000;
  clock.wall += 60_000;
  assert.is(aws.wallMs(), NOON_MS + 60_500);
  assert.is(aws.skewMs(), NOON_MS + 500);
});

test('a step of this machine’s wall clock changes nothing', () => {
  const clock = clockAt(NOON_MS);
  const aws = new AwsClock(clock);
  aws.observe(new Date(NOON_MS).toUTCString());
  clock.wall -= 3_600_000;
  assert.is(aws.wallMs(), NOON_MS + 500);
});

test('a header that is missing or no date corrects nothing', () => {
  const aws = new AwsClock(clockAt(NOON_MS));
  assert.is(aws.observe(undefined), 0);
  assert.is(aws.observe('yesterday'), 0);
  assert.is(aws.wallMs(), NOON_MS);
});

test.run();
