import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkCommand } from '../../../../firmware/command/message.ts';
import { Messages } from '../../../../firmware/teleop/page/cloud/messages.ts';
import { createTime } from './rig.ts';

/** @param takesMs how long a request is on its way */
function setUp({ takesMs = 100 } = {}) {
  const time = createTime();
  const out: { atMs: number; message: Record<string, unknown> }[] = [];
  const told: string[] = [];
  const state = { failing: false };
  const messages = new Messages({
    nowMs: time.nowMs,
    after: time.after,
    async publish(text) {
      const message = JSON.parse(text);
      assert.ok(checkCommand(message).ok, `the robot would refuse ${text}`);
      out.push({ atMs: time.nowMs() - 1000, message });
      await new Promise<void>((resolve) => time.after(takesMs, resolve));
      if (state.failing) throw new Error('broker');
    },
    failed: (error) => told.push(`failed ${(error as Error).message}`),
    stopped: () => told.push('stopped'),
  });
  const drive = (linear: number, more = {}) =>
    messages.send(JSON.stringify({ drive: { linear, angular: 0 }, ...more }));
  return { ...time, messages, out, told, state, drive };
}

test('of many commands to drive the newest goes, five a second', async () => {
  const { out, drive, pass } = setUp();
  for (let i = 1; i <= 50; i++) {
    drive(i / 100);
    await pass(20);
  }
  await pass(1000);
  assert.equal(
    out.map(({ atMs }) => atMs),
    [0, 200, 400, 600, 800, 1000],
  );
  assert.equal(out.at(-1)!.message, { drive: { linear: 0.5, angular: 0 }, ttlMs: 700 });
});

test('requests that take long do not pile up', async () => {
  const { out, drive, pass } = setUp({ takesMs: 3000 });
  for (let i = 1; i <= 100; i++) {
    drive(0.5);
    await pass(20);
  }
  assert.is(out.length, 3);
});

test('what is known of age is kept, and life is what a request needs', async () => {
  const { out, drive, pass } = setUp();
  drive(1, { seq: 4, issuedAtMs: 1_700_000_000_000, ttlMs: 400 });
  await pass(300);
  assert.equal(out[0]!.message, {
    drive: { linear: 1, angular: 0 },
    seq: 4,
    issuedAtMs: 1_700_000_000_000,
    ttlMs: 700,
  });
});

test('a stop goes at once, past what waits, and nothing follows it', async () => {
  const { out, drive, messages, pass } = setUp();
  drive(1);
  await pass(10);
  drive(0.9);
  messages.send('{"action":"stop"}');
  await pass(1000);
  assert.equal(
    out.map(({ atMs, message }) => [atMs, Object.keys(message)[0]]),
    [
      [0, 'drive'],
      [10, 'action'],
    ],
  );
});

test('an emergency stop is tried four times, and its fate told', async () => {
  const { out, told, state, messages, pass } = setUp();
  state.failing = true;
  messages.send('{"estop":true}');
  await pass(10_000);
  assert.equal(
    out.map(({ atMs }) => atMs),
    [0, 600, 1200, 1800],
  );
  assert.equal(told, ['failed broker']);
  state.failing = false;
  messages.send('{"estop":true}');
  await pass(1000);
  assert.equal(told, ['failed broker', 'stopped']);
});

test('a reset is not taken, and what waits is dropped at the end', async () => {
  const { out, drive, messages, pass } = setUp();
  assert.not(messages.send('{"reset":true}'));
  drive(1);
  drive(0.5);
  messages.close();
  await pass(1000);
  assert.is(out.length, 1);
});

test.run();
