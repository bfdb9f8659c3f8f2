import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createOrderedDrivetrain } from '../../firmware/drive/ordered.ts';

/** Outputs whose calls come through when told. */
function slowOutputs() {
  const log: string[] = [];
  const open: { readonly name: string; readonly resolve: () => void; readonly reject: (e: Error) => void }[] =
    [];
  const call = (name: string) =>
    new Promise<void>((resolve, reject) => {
      log.push(name);
      open.push({ name, resolve, reject });
    });
  return {
    log,
    /** Lets the oldest call of this name come through. */
    finish: async (name: string, error?: Error) => {
      const index = open.findIndex((entry) => entry.name === name);
      if (index < 0) throw new Error(`${name} is not under way: ${open.map((entry) => entry.name)}`);
      const [entry] = open.splice(index, 1);
      if (error) entry!.reject(error);
      else entry!.resolve();
      await settle();
    },
    outputs: {
      drive: (left: number, right: number) => call(`drive ${left} ${right}`),
      halt: () => call('halt'),
      release: async () => void log.push('release'),
      describe: () => ({ name: 'slow', capabilities: { brake: true, reverse: true }, silence: [] }),
    },
  };
}

const PLAIN = { invertLeft: false, invertRight: false };
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

test('of many sets under way, the first and the newest are written, and all settle with the newest', async () => {
  const { log, finish, outputs } = slowOutputs();
  const drivetrain = createOrderedDrivetrain(outputs, PLAIN);
  const settled: number[] = [];
  const sets = [0.1, 0.2, 0.3, 0.4].map((ratio) =>
    drivetrain.set(ratio, ratio).then(() => settled.push(ratio)),
  );
  await settle();
  assert.equal(log, ['drive 0.1 0.1']);
  await finish('drive 0.1 0.1');
  assert.equal(settled, [0.1]);
  assert.equal(log, ['drive 0.1 0.1', 'drive 0.4 0.4']);
  await finish('drive 0.4 0.4');
  await Promise.all(sets);
  assert.equal(settled, [0.1, 0.2, 0.3, 0.4]);
});

test('a stop goes at once; the drive it overtook is halted again, and what waited is dropped', async () => {
  const { log, finish, outputs } = slowOutputs();
  const drivetrain = createOrderedDrivetrain(outputs, PLAIN);
  const first = drivetrain.set(1, 1);
  const second = drivetrain.set(0.5, 0.5);
  const stop = drivetrain.stop();
  assert.equal(log, ['drive 1 1', 'halt']);
  await finish('halt');
  await stop;
  await finish('drive 1 1');
  assert.equal(log, ['drive 1 1', 'halt', 'halt']);
  await finish('halt');
  await Promise.all([first, second]);
  assert.equal(log, ['drive 1 1', 'halt', 'halt']);
});

test('a set after a stop waits for it', async () => {
  const { log, finish, outputs } = slowOutputs();
  const drivetrain = createOrderedDrivetrain(outputs, PLAIN);
  const stop = drivetrain.stop().catch((error: Error) => error.message);
  const set = drivetrain.set(1, 1);
  await settle();
  assert.equal(log, ['halt']);
  await finish('halt', new Error('refused'));
  assert.is(await stop, 'refused');
  assert.equal(log, ['halt', 'drive 1 1']);
  await finish('drive 1 1');
  await set;
});

test('a drive that fails after a stop is halted all the same, and tells its failure', async () => {
  const { log, finish, outputs } = slowOutputs();
  const drivetrain = createOrderedDrivetrain(outputs, PLAIN);
  const set = drivetrain.set(1, 1).catch((error: Error) => error.message);
  const stop = drivetrain.stop();
  await finish('halt');
  await stop;
  await finish('drive 1 1', new Error('refused'));
  assert.equal(log, ['drive 1 1', 'halt', 'halt']);
  await finish('halt');
  assert.is(await set, 'refused');
});

test('close keeps the hardware for a drive that hangs, and halts that when it comes back', async () => {
  const { log, finish, outputs } = slowOutputs();
  const drivetrain = createOrderedDrivetrain(outputs, PLAIN);
  const set = drivetrain.set(1, 1);
  const waiting = drivetrain.set(0.5, 0.5).catch((error: Error) => error.message);
  const close = drivetrain.close();
  await finish('halt');
  await close;
  assert.is(await waiting, 'The drivetrain slow is closed');
  assert.equal(log, ['drive 1 1', 'halt']);
  await finish('drive 1 1');
  await finish('halt');
  await set;
  await settle();
  assert.equal(log, ['drive 1 1', 'halt', 'halt', 'release']);
});

test('close releases the hardware also when it can’t be halted, and says so', async () => {
  const { log, finish, outputs } = slowOutputs();
  const drivetrain = createOrderedDrivetrain(outputs, PLAIN);
  const close = drivetrain.close().catch((error: Error) => error.message);
  await finish('halt', new Error('refused'));
  assert.is(await close, 'refused');
  assert.equal(log, ['halt', 'release']);
});

test('a set that waited for a stop gives way to another stop', async () => {
  const { log, finish, outputs } = slowOutputs();
  const drivetrain = createOrderedDrivetrain(outputs, PLAIN);
  const first = drivetrain.stop();
  const set = drivetrain.set(1, 1);
  const second = drivetrain.stop();
  await finish('halt');
  await finish('halt');
  await Promise.all([first, second, set]);
  assert.equal(log, ['halt', 'halt']);
});

test('a stop that is over delays nothing', async () => {
  const { log, finish, outputs } = slowOutputs();
  const drivetrain = createOrderedDrivetrain(outputs, PLAIN);
  const stop = drivetrain.stop();
  await finish('halt');
  await stop;
  const set = drivetrain.set(1, 1);
  assert.equal(log, ['halt', 'drive 1 1'], 'at once');
  await finish('drive 1 1');
  await set;
});

test('a drive of several steps is told when it is no longer wanted', async () => {
  for (const end of ['stop', 'close'] as const) {
    const { finish, outputs } = slowOutputs();
    let wanted = () => false;
    const drive = (left: number, right: number, isWanted: () => boolean) => {
      wanted = isWanted;
      return outputs.drive(left, right);
    };
    const drivetrain = createOrderedDrivetrain({ ...outputs, drive }, PLAIN);
    const set = drivetrain.set(1, 1);
    assert.ok(wanted());
    const ending = drivetrain[end]();
    assert.not(wanted());
    await finish('halt');
    await ending;
    await finish('drive 1 1');
    await finish('halt');
    await set;
  }
});

test('a set that waited tells its own failure', async () => {
  const { finish, outputs } = slowOutputs();
  const drivetrain = createOrderedDrivetrain(outputs, PLAIN);
  const first = drivetrain.set(1, 1);
  const second = drivetrain.set(0.5, 0.5).catch((error: Error) => error.message);
  await finish('drive 1 1');
  await first;
  await finish('drive 0.5 0.5', new Error('refused'));
  assert.is(await second, 'refused');
});

test('a set after another that failed is written', async () => {
  const { log, finish, outputs } = slowOutputs();
  const drivetrain = createOrderedDrivetrain(outputs, PLAIN);
  const first = drivetrain.set(1, 1).catch((error: Error) => error.message);
  const second = drivetrain.set(0.5, 0.5);
  await finish('drive 1 1', new Error('refused'));
  assert.is(await first, 'refused');
  await finish('drive 0.5 0.5');
  await second;
  assert.equal(log, ['drive 1 1', 'drive 0.5 0.5']);
});

test('closed means closed: once, and for every call', async () => {
  const { log, finish, outputs } = slowOutputs();
  const drivetrain = createOrderedDrivetrain(outputs, PLAIN);
  const close = drivetrain.close();
  await finish('halt');
  await close;
  await drivetrain.close();
  for (const call of [() => drivetrain.set(0, 0), () => drivetrain.stop()]) {
    assert.is(await call().catch((error: Error) => error.message), 'The drivetrain slow is closed');
  }
  assert.equal(log, ['halt', 'release']);
});

test('each side is inverted by itself, and zero stays zero', async () => {
  const { log, finish, outputs } = slowOutputs();
  const drivetrain = createOrderedDrivetrain(outputs, { invertLeft: true, invertRight: false });
  const set = drivetrain.set(0.5, 0.25);
  await finish('drive -0.5 0.25');
  await set;
  const zero = drivetrain.set(0, 0);
  assert.is(log.at(-1), 'drive 0 0');
  await finish('drive 0 0');
  await zero;
  const driven: number[] = [];
  const drive = async (...ratios: unknown[]) => void driven.push(...(ratios.slice(0, 2) as number[]));
  const other = createOrderedDrivetrain({ ...outputs, drive }, { invertLeft: false, invertRight: true });
  await other.set(0.5, 0.25);
  await other.set(0, 0);
  assert.ok(
    [0.5, -0.25, 0, 0].every((ratio, index) => Object.is(driven[index], ratio)),
    `${driven}`,
  );
});

test.run();
