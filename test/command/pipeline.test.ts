import { VirtualTimeScheduler } from 'rxjs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createPipeline } from '../../firmware/command/pipeline.ts';
import type { Drivetrain } from '../../firmware/drive/drivetrain.ts';
import { ada, bob, carl, estop, forward, release, reset, settings } from './helpers.ts';

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

test('a motion whose wheels are forgotten is not written again by a tick', async () => {
  const { pipeline, at, run } = rig();
  await run(25);
  pipeline.send(ada, forward);
  await run(50);
  pipeline.forgetWheels();
  await run(200);
  assert.equal(at(26), []);
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

test('tells of another operator, whatever else stays as it is', async () => {
  const { pipeline } = rig();
  let changes = 0;
  pipeline.changes$.subscribe(() => changes++);
  pipeline.send(carl, forward);
  const before = changes;
  pipeline.send(carl, forward);
  assert.is(changes, before, 'the same once more');
  pipeline.send(ada, forward);
  assert.equal(pipeline.report().reasons, []);
  assert.is(changes, before + 1, 'on the move');
  pipeline.send(bob, estop);
  assert.is(changes, before + 2);
  pipeline.takeOver(bob);
  assert.is(changes, before + 3, 'under an emergency stop');
  pipeline.release(bob);
  assert.is(changes, before + 4, 'nobody');
  await pipeline.close();
});

test('tells of reasons that come, go, or change their text', async () => {
  const { pipeline } = rig();
  let changes = 0;
  pipeline.changes$.subscribe(() => changes++);
  const changesBy = (what: () => void) => {
    const before = changes;
    what();
    return changes - before;
  };
  pipeline.send(ada, estop);
  assert.is(
    changesBy(() => pipeline.fault('battery_low', true)),
    1,
    'comes behind another',
  );
  assert.is(
    changesBy(() => pipeline.fault('battery_low', true, '6.4 V')),
    1,
    'another text',
  );
  assert.is(
    changesBy(() => pipeline.fault('battery_low', true, '6.4 V')),
    0,
    'the same',
  );
  assert.is(
    changesBy(() => pipeline.fault('battery_low', false)),
    1,
    'goes',
  );
  assert.is(
    changesBy(() => pipeline.linkFaults('Ada', [{ code: 'link_slow', detail: '' }])),
    0,
    'drives nobody',
  );
  await pipeline.close();
});

test('reports what is asked for, by whom, and what was done', async () => {
  const { pipeline, run } = rig();
  await run(20);
  const { counters: atRest, ...rest } = pipeline.report();
  assert.equal(rest, {
    wheels: { left: 0, right: 0 },
    target: { linear: 0, angular: 0 },
    estop: false,
    estopBy: null,
    operator: null,
    reasons: [{ code: 'no_operator', severity: 'info', text: 'Ready. Nobody drives.' }],
    watchdogMs: settings.watchdogMs,
    appliedSeq: null,
  });
  assert.is(atRest.writes, 1);
  pipeline.send(ada, { drive: { linear: 0.75, angular: 0 }, seq: 3 });
  pipeline.send(ada, { drive: { linear: 0.5, angular: 0 }, seq: 4 });
  pipeline.send(ada, { drive: { linear: 0.25, angular: 0.125 }, seq: 5 });
  await run(30);
  const { counters, ...driving } = pipeline.report();
  assert.equal(driving, {
    wheels: { left: 0.125, right: 0.375 },
    target: { linear: 0.25, angular: 0.125 },
    estop: false,
    estopBy: null,
    operator: { id: 'Ada', name: 'Ada', link: 'local' },
    reasons: [],
    watchdogMs: settings.watchdogMs,
    appliedSeq: 5,
  });
  assert.equal([counters.writes, counters.writesSkipped, counters.writeFailures], [3, 1, 0]);
  pipeline.send(bob, estop);
  const { estop: stopped, estopBy } = pipeline.report();
  assert.equal({ stopped, estopBy }, { stopped: true, estopBy: 'Bob' });
  await pipeline.close();
});

test('counts each write that fails', async () => {
  const { pipeline, run } = rig(() => Promise.reject(new Error('EIO')));
  await run(35);
  assert.is(pipeline.report().counters.writeFailures, 3);
  assert.is(pipeline.report().counters.writes, 0);
  assert.match(pipeline.report().reasons[0]!.text, /\(EIO\)$/);
  const error = await pipeline.close().catch(String);
  assert.is(error, 'Error: EIO', 'and so does the last stop');
});

test('a write that hung is no fault once it has come back and a stop has been taken', async () => {
  let comeBack = () => {};
  const { pipeline, run } = rig((what) =>
    what === 'stop'
      ? Promise.resolve()
      : new Promise((resolve) => {
          comeBack = resolve;
        }),
  );
  await run(20);
  pipeline.send(ada, forward);
  await run(150);
  assert.is(pipeline.report().reasons[0]?.code, 'drivetrain_silent');
  pipeline.send(ada, release);
  comeBack();
  await run(200);
  assert.not(pipeline.report().reasons.some(({ code }) => code === 'drivetrain_silent'));
  await pipeline.close();
});

test('a tick is finished with its wheels on their way, and says when', async () => {
  const { pipeline, writes, run } = rig();
  const ticks: [atMs: number, writes: number][] = [];
  pipeline.ticks$.subscribe((nowMs) => ticks.push([nowMs, writes.length]));
  await run(30);
  assert.equal(ticks, [
    [10, 1],
    [20, 1],
    [30, 1],
  ]);
  await pipeline.close();
});

test('settings and link faults reach the wheels at once; what is released stands still', async () => {
  const { pipeline, writes, run } = rig();
  await run(20);
  pipeline.send(ada, forward);
  await run(20);
  await Promise.resolve();
  pipeline.configure({ ...settings, maxRatio: 0.5 });
  assert.equal(pipeline.report().wheels, { left: 0.5, right: 0.5 });
  pipeline.linkFaults('Ada', [{ code: 'video_late', detail: '' }]);
  assert.equal(pipeline.report().wheels, { left: 0.3, right: 0.3 });
  pipeline.release(ada);
  assert.is(writes.at(-1)?.what, 'stop');
  assert.is(pipeline.report().operator, null);
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
  pipeline.send(ada, forward);
  assert.is(writes.length, count, 'nothing is sent any more');
});

test.run();
