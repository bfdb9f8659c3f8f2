import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Writer } from '../../firmware/command/writer.ts';

interface Call {
  readonly what: string;
  done(): Promise<void>;
  fail(reason: unknown): Promise<void>;
}

/** A drivetrain whose calls end when the test says so. */
function rig() {
  const calls: Call[] = [];
  const log: string[] = [];
  let writes = 0;
  const settle = async () => {
    for (let i = 0; i < 10; i++) await Promise.resolve();
  };
  const call = (what: string) =>
    new Promise<void>((resolve, reject) => {
      calls.push({
        what,
        done: () => {
          resolve();
          return settle();
        },
        fail: (reason) => {
          reject(typeof reason === 'string' ? new Error(reason) : reason);
          return settle();
        },
      });
    });
  const writer = new Writer(
    {
      set: (left, right) => call(`set ${left} ${right}`),
      stop: () => call('stop'),
      close: async () => undefined,
      describe: () => ({ name: 'rig', capabilities: { brake: false, reverse: true }, silence: [] }),
    },
    100,
    {
      failed: (code, detail) => log.push(`${code}: ${detail}`),
      recovered: () => log.push('recovered'),
      applied: (seq) => log.push(`applied ${seq}`),
      wrote: () => {
        writes += 1;
      },
      skipped: () => log.push('skipped'),
    },
  );
  const made = () => calls.map(({ what }) => what);
  return { writer, calls, log, made, writes: () => writes, last: () => calls.at(-1)! };
}
const wheels = (ratio: number) => ({ left: ratio, right: ratio });

test('stops the motors once at the start, whatever they were doing', async () => {
  const { writer, made, last } = rig();
  writer.tick(0);
  await last().done();
  writer.tick(10);
  assert.equal(made(), ['stop']);
});

test('what comes during a write is skipped, the newest is written after it', async () => {
  const { writer, made, last, log } = rig();
  writer.want(wheels(0.1), 1, 0);
  writer.want(wheels(0.2), 2, 1);
  writer.want(wheels(0.3), 3, 2);
  await last().done();
  await last().done();
  assert.equal(made(), ['set 0.1 0.1', 'set 0.3 0.3']);
  assert.equal(log, ['skipped', 'applied 1', 'applied 3']);
});

test('a command for the same wheels needs no write but counts as applied', async () => {
  const { writer, made, last, log } = rig();
  writer.want(wheels(0.1), 1, 0);
  await last().done();
  writer.want(wheels(0.1), 2, 50);
  assert.equal(made(), ['set 0.1 0.1']);
  assert.equal(log, ['applied 1', 'applied 2']);
});

test('a stop does not wait for a write that hangs, and is repeated when that write has come back', async () => {
  const { writer, calls, made } = rig();
  writer.want(wheels(1), 1, 0);
  writer.want(wheels(0), null, 1);
  assert.equal(made(), ['set 1 1', 'stop']);
  await calls[1]!.done();
  assert.equal(made(), ['set 1 1', 'stop'], 'not again while the write hangs');
  await calls[0]!.done();
  assert.equal(made(), ['set 1 1', 'stop', 'stop']);
});

test('also when the overtaken write comes back before the stop', async () => {
  const { writer, calls, made } = rig();
  writer.want(wheels(1), 1, 0);
  writer.want(wheels(0), null, 1);
  await calls[0]!.done();
  await calls[1]!.done();
  assert.equal(made(), ['set 1 1', 'stop', 'stop']);
});

test('motion after a stop waits for the stop', async () => {
  const { writer, made, last } = rig();
  writer.want(wheels(0), null, 0);
  writer.want(wheels(0.4), 7, 1);
  assert.equal(made(), ['stop']);
  await last().done();
  assert.equal(made(), ['stop', 'set 0.4 0.4']);
});

test('a failed stop is tried again with every tick until it holds', async () => {
  const { writer, made, last, log } = rig();
  writer.want(wheels(0), null, 0);
  await last().fail('EIO');
  assert.equal(made(), ['stop']);
  writer.tick(10);
  await last().fail('EIO');
  writer.tick(20);
  await last().done();
  writer.tick(30);
  assert.equal(made(), ['stop', 'stop', 'stop']);
  assert.equal(log, ['drivetrain_failed: EIO', 'drivetrain_failed: EIO', 'recovered']);
});

test('forgets what it wrote: a stop is written again with the next tick, a motion when it is asked for', async () => {
  const { writer, made, last } = rig();
  writer.want(wheels(0), null, 0);
  await last().done();
  writer.tick(10);
  assert.equal(made(), ['stop']);
  writer.forget();
  writer.tick(20);
  await last().done();
  writer.want(wheels(0.5), 1, 30);
  await last().done();
  writer.want(wheels(0.5), 2, 40);
  assert.equal(made(), ['stop', 'stop', 'set 0.5 0.5']);
  writer.forget();
  writer.tick(50);
  assert.equal(made(), ['stop', 'stop', 'set 0.5 0.5'], 'it does not set in motion by itself');
  writer.want(wheels(0.5), 3, 60);
  assert.equal(made(), ['stop', 'stop', 'set 0.5 0.5', 'set 0.5 0.5']);
});

test('also what is being written at that moment', async () => {
  const { writer, made, last } = rig();
  writer.want(wheels(0), null, 0);
  writer.forget();
  await last().done();
  writer.tick(10);
  await last().done();
  writer.want(wheels(0.5), 1, 20);
  writer.forget();
  await last().done();
  writer.want(wheels(0.5), 2, 30);
  assert.equal(made(), ['stop', 'stop', 'set 0.5 0.5', 'set 0.5 0.5']);
});

test('a write that hangs is reported after its time-out', () => {
  const { writer, log } = rig();
  writer.want(wheels(1), 1, 0);
  writer.tick(100);
  assert.equal(log, []);
  writer.tick(101);
  assert.equal(log, ['drivetrain_silent: no answer for 100 ms']);
});

test('so is a stop that hangs, and nothing is written meanwhile', async () => {
  const { writer, log, made, last } = rig();
  writer.want(wheels(0), null, 0);
  writer.want(wheels(0.5), 1, 10);
  writer.tick(100);
  assert.equal(log, []);
  writer.tick(101);
  assert.equal(log, ['drivetrain_silent: no answer for 100 ms']);
  assert.equal(made(), ['stop']);
  await last().done();
  assert.equal(made(), ['stop', 'set 0.5 0.5']);
});

test('the time of a write that waited counts from when it was made', async () => {
  const { writer, log, last } = rig();
  writer.want(wheels(0.1), 1, 0);
  writer.want(wheels(0.2), 2, 90);
  await last().done();
  writer.tick(190);
  assert.equal(log, ['applied 1']);
  writer.tick(191);
  assert.equal(log, ['applied 1', 'drivetrain_silent: no answer for 100 ms']);
  await last().done();
  writer.want(wheels(0), null, 200);
  writer.want(wheels(0.3), 3, 201);
  writer.tick(290);
  await last().done();
  writer.tick(390);
  assert.equal(log.slice(2), ['applied 2', 'recovered']);
});

test('skipped is what gave way to other wheels, not what was asked for twice, nor a stop', async () => {
  const { writer, log, last } = rig();
  writer.want(wheels(0.1), 1, 0);
  writer.want(wheels(0.2), 2, 1);
  writer.want(wheels(0.2), 3, 2);
  assert.equal(log, []);
  writer.want({ left: 0.2, right: 0.3 }, 4, 3);
  writer.want({ left: 0.4, right: 0.3 }, 5, 4);
  assert.equal(log, ['skipped', 'skipped']);
  writer.want(wheels(0), null, 5);
  assert.equal(log, ['skipped', 'skipped', 'skipped'], 'for the stop');
  await last().done();
  writer.want(wheels(0.5), 6, 6);
  assert.is(log.filter((entry) => entry === 'skipped').length, 3, 'instead of the stop');
});

test('one wheel alone is motion, and another motion than that of both', async () => {
  const { writer, made, last } = rig();
  for (const [left, right] of [
    [0.5, 0],
    [0, 0.5],
    [0.5, 0.5],
    [0.5, 0.25],
    [0.75, 0.25],
  ] as const) {
    writer.want({ left, right }, null, 0);
    await last().done();
  }
  assert.equal(made(), ['set 0.5 0', 'set 0 0.5', 'set 0.5 0.5', 'set 0.5 0.25', 'set 0.75 0.25']);
});

test('after a write that failed nobody knows what the hardware has: the same wheels are written again', async () => {
  const { writer, made, last, log } = rig();
  writer.want(wheels(0.5), 1, 0);
  await last().done();
  writer.want(wheels(0.8), 2, 10);
  await last().fail('EIO');
  writer.want(wheels(0.5), 3, 20);
  await last().done();
  writer.want(wheels(0), null, 30);
  await last().fail('EIO');
  writer.want(wheels(0.5), 4, 40);
  assert.equal(made(), ['set 0.5 0.5', 'set 0.8 0.8', 'set 0.5 0.5', 'stop', 'set 0.5 0.5']);
  assert.equal(log, ['applied 1', 'drivetrain_failed: EIO', 'applied 3', 'drivetrain_failed: EIO']);
});

test('a set that failed is not written again by itself', async () => {
  const { writer, made, last } = rig();
  writer.want(wheels(0.5), 1, 0);
  await last().fail('EIO');
  writer.tick(10);
  assert.equal(made(), ['set 0.5 0.5']);
});

test('a stop that failed is not tried again before the next tick', async () => {
  const { writer, made, last } = rig();
  writer.want(wheels(0), null, 0);
  await last().fail('EIO');
  writer.want(wheels(0), null, 1);
  assert.equal(made(), ['stop']);
  writer.tick(10);
  assert.equal(made(), ['stop', 'stop']);
});

test('what a driver throws besides errors is told as text', async () => {
  const { writer, last, log } = rig();
  writer.want(wheels(0.5), 1, 0);
  await last().fail(5);
  assert.equal(log, ['drivetrain_failed: 5']);
});

test('the hardware is well again with a stop that nothing overlapped, not before', async () => {
  const { writer, calls, log, writes } = rig();
  writer.want(wheels(1), 1, 0);
  writer.want(wheels(0), null, 1);
  await calls[1]!.done();
  assert.equal(log, []);
  assert.is(writes(), 1);
  await calls[0]!.done();
  await calls[2]!.done();
  assert.equal(log, ['applied 1', 'recovered']);
  assert.is(writes(), 3);
});

test.run();
