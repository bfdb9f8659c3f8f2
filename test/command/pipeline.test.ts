import { VirtualTimeScheduler } from 'rxjs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createPipeline } from '../../firmware/command/pipeline.ts';
import type { Drivetrain } from '../../firmware/drive/drivetrain.ts';
import { ada, bob, estop, forward, reset, settings } from './helpers.ts';

interface Write {
  readonly atMs: number;
  readonly what: string;
}

/** A pipeline in virtual time over a drivetrain that answers at once, or as `answer` says. */
function rig(answer: (what: string) => Promise<void> = () => Promise.resolve()) {
  const scheduler = new VirtualTimeScheduler();
  const writes: Write[] = [];
  const note = (what: string) => {
    writes.push({ atMs: scheduler.frame, what });
    return answer(what);
  };
  const drivetrain: Drivetrain = {
    set: (left, right) => note(`set ${left} ${right}`),
    stop: () => note('stop'),
    close: async () => undefined,
    describe: () => ({ name: 'rig', capabilities: { brake: false, reverse: true }, silence: [] }),
  };
  const pipeline = createPipeline({
    drivetrain,
    settings,
    writeTimeoutMs: 100,
    clock: { nowMs: () => scheduler.frame, wallMs: () => 1_700_000_000_000 },
    scheduler,
  });
  /** Runs virtual time on, with the promises of the writes settled in between. */
  const run = async (toMs: number) => {
    while (scheduler.frame < toMs) {
      scheduler.maxFrames = Math.min(toMs, scheduler.frame + settings.tickMs);
      scheduler.flush();
      scheduler.frame = scheduler.maxFrames;
      for (let i = 0; i < 10; i++) await Promise.resolve();
    }
  };
  /** The program does not run for `ms`. */
  const freeze = (ms: number) => {
    scheduler.frame += ms;
  };
  return { pipeline, writes, run, freeze, at: (from: number) => writes.filter(({ atMs }) => atMs >= from) };
}

test('starts by stopping the motors', async () => {
  const { pipeline, writes, run } = rig();
  await run(20);
  assert.equal(writes, [{ atMs: 10, what: 'stop' }]);
  await pipeline.close();
});

test('a command reaches the drivetrain before send returns', async () => {
  const { pipeline, writes, run } = rig();
  await run(20);
  assert.equal(pipeline.send(ada, forward), { ok: true });
  assert.equal(writes.at(-1), { atMs: 20, what: 'set 1 1' });
  await pipeline.close();
});

test('stops within the window and one tick when commands end', async () => {
  const { pipeline, at, run } = rig();
  await run(25);
  pipeline.send(ada, forward);
  await run(1000);
  const stops = at(26);
  assert.is(stops.length, 1);
  assert.is(stops[0]!.what, 'stop');
  assert.ok(stops[0]!.atMs >= 425 && stops[0]!.atMs <= 435, `stopped at ${stops[0]!.atMs}`);
  assert.is(pipeline.report().counters.watchdogStops, 1);
  await pipeline.close();
});

test('a closed link stops at once', async () => {
  const { pipeline, writes, run } = rig();
  await run(20);
  pipeline.send(ada, forward);
  pipeline.linkClosed('Ada');
  await run(20);
  assert.equal(writes.at(-1), { atMs: 20, what: 'stop' });
  await pipeline.close();
});

test('a drivetrain that refuses is a fault; the stop is repeated until it holds', async () => {
  let broken = true;
  const { pipeline, at, run } = rig(() => (broken ? Promise.reject(new Error('EIO')) : Promise.resolve()));
  await run(50);
  assert.is(pipeline.report().reasons[0]?.code, 'drivetrain_failed');
  assert.ok(at(0).length >= 4, 'tried with every tick');
  pipeline.send(ada, forward);
  assert.equal(pipeline.report().wheels, { left: 0, right: 0 });
  broken = false;
  await run(70);
  assert.not(pipeline.report().reasons.some(({ code }) => code === 'drivetrain_failed'));
  await pipeline.close();
});

test('a write that hangs does not keep a stop waiting', async () => {
  const { pipeline, at, run } = rig((what) =>
    what === 'stop' ? Promise.resolve() : new Promise(() => undefined),
  );
  await run(20);
  pipeline.send(ada, forward);
  await run(40);
  pipeline.send(bob, estop);
  assert.equal(at(40), [{ atMs: 40, what: 'stop' }]);
  await run(200);
  assert.is(pipeline.report().reasons[1]?.code, 'drivetrain_silent');
  await pipeline.close();
});

test('a slow start is no stall', async () => {
  const { pipeline, writes, run, freeze } = rig();
  await run(50);
  freeze(5000);
  await run(5060);
  assert.equal(pipeline.send(ada, forward), { ok: true });
  assert.is(writes.at(-1)?.what, 'set 1 1');
  await pipeline.close();
});

test('an event loop that was blocked stops, whatever waited meanwhile', async () => {
  const { pipeline, writes, run, freeze } = rig();
  await run(20);
  pipeline.send(ada, forward);
  await run(50);
  freeze(300);
  assert.is((pipeline.send(ada, forward) as { code?: string }).code, 'stalled');
  assert.equal(writes.at(-1), { atMs: 350, what: 'stop' });
  await run(600);
  assert.is(pipeline.report().counters.stallStops, 1);
  assert.equal(pipeline.send(ada, forward), { ok: true }, 'silence for a watchdog window is letting go');
  await pipeline.close();
});

test('forgotten wheels are stopped again', async () => {
  const { pipeline, at, run } = rig();
  await run(50);
  assert.equal(at(11), []);
  pipeline.forgetWheels();
  await run(100);
  assert.equal(at(11), [{ atMs: 60, what: 'stop' }]);
  await pipeline.close();
});

test('tells of changes of situation, not of every tick', async () => {
  const { pipeline, run } = rig();
  let changes = 0;
  const subscription = pipeline.changes$.subscribe(() => changes++);
  await run(500);
  assert.is(changes, 1);
  pipeline.send(ada, estop);
  assert.is(changes, 2);
  pipeline.send(ada, reset);
  assert.is(changes, 3);
  subscription.unsubscribe();
  await pipeline.close();
});

test('the applied number is that of the newest command on the wheels', async () => {
  const { pipeline, run } = rig();
  await run(20);
  pipeline.send(ada, { ...forward, seq: 41 });
  pipeline.send(ada, { ...forward, seq: 42 });
  await run(30);
  assert.is(pipeline.report().appliedSeq, 42);
  await pipeline.close();
});

test('close stops the motors and ends the ticks', async () => {
  const { pipeline, writes, run } = rig();
  let ended = false;
  pipeline.ticks$.subscribe({ complete: () => (ended = true) });
  pipeline.changes$.subscribe();
  await run(20);
  pipeline.send(ada, forward);
  await pipeline.close();
  assert.is(writes.at(-1)?.what, 'stop');
  const count = writes.length;
  await run(2000);
  assert.is(writes.length, count);
  assert.ok(ended);
});

test.run();
