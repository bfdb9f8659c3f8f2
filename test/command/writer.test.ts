import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Writer } from '../../firmware/command/writer.ts';

interface Call {
  readonly what: string;
  done(): Promise<void>;
  fail(message: string): Promise<void>;
}

/** A drivetrain whose calls end when the test says so. */
function rig() {
  const calls: Call[] = [];
  const log: string[] = [];
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
        fail: (message) => {
          reject(new Error(message));
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
      wrote: () => undefined,
      skipped: () => log.push('skipped'),
    },
  );
  const made = () => calls.map(({ what }) => what);
  return { writer, calls, log, made, last: () => calls.at(-1)! };
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

test.run();
