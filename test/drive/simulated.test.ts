import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createSimulatedDrivetrain } from '../../firmware/drive/simulated.ts';
import { drivetrainContract } from './contract.ts';

drivetrainContract('simulated', async () => {
  const drivetrain = createSimulatedDrivetrain();
  return {
    drivetrain,
    motors: drivetrain.commanded,
    breakOutputs: () => drivetrain.inject({ kind: 'write-error', calls: 'all' }),
    hangSet: () => drivetrain.inject({ kind: 'hung-write', calls: 'set' }),
    repair: drivetrain.clearFaults,
  };
});

test('a wheel follows its command as a first-order lag does', async () => {
  const drivetrain = createSimulatedDrivetrain({ lagMs: 100 });
  await drivetrain.set(1, -0.5);
  for (const atMs of [50, 100, 200, 400]) {
    const fresh = createSimulatedDrivetrain({ lagMs: 100 });
    await fresh.set(1, -0.5);
    const { wheels } = fresh.advance(atMs);
    near(wheels.left, 1 - Math.exp(-atMs / 100));
    near(wheels.right, -0.5 * (1 - Math.exp(-atMs / 100)));
  }
});

test('many small steps come to what one large step does', async () => {
  const coarse = createSimulatedDrivetrain();
  const fine = createSimulatedDrivetrain();
  await Promise.all([coarse.set(0.8, 0.3), fine.set(0.8, 0.3)]);
  for (let step = 0; step < 200; step += 1) fine.advance(0.5);
  const { wheels } = coarse.advance(100);
  const { wheels: same } = fine.advance(0);
  near(same.left, wheels.left);
  near(same.right, wheels.right);
});

test('without lag a wheel is at once as fast as told, and slip takes its share', async () => {
  const drivetrain = createSimulatedDrivetrain({ lagMs: 0, slip: { left: 0, right: 0.25 } });
  await drivetrain.set(1, 1);
  assert.equal(drivetrain.advance(1).wheels, { left: 1, right: 0.75 });
});

test('after close the wheels run down', async () => {
  const drivetrain = createSimulatedDrivetrain({ lagMs: 50 });
  await drivetrain.set(1, 1);
  drivetrain.advance(1000);
  await drivetrain.close();
  assert.ok(drivetrain.advance(1000).wheels.left < 1e-6);
});

test('a stuck wheel stands, draws stall current, and its side only', async () => {
  const free = createSimulatedDrivetrain();
  const stuck = createSimulatedDrivetrain();
  stuck.inject({ kind: 'stuck-wheel', side: 'left' });
  await Promise.all([free.set(1, 1), stuck.set(1, 1)]);
  const easy = free.advance(2000);
  const hard = stuck.advance(2000);
  assert.is(hard.wheels.left, 0);
  near(hard.wheels.right, easy.wheels.right);
  assert.ok(hard.loadRatio > easy.loadRatio);
});

test('a write error on one side leaves the other working', async () => {
  const drivetrain = createSimulatedDrivetrain();
  await drivetrain.set(1, 1);
  drivetrain.inject({ kind: 'write-error', calls: 'all', sides: ['left'] });
  await rejects(drivetrain.stop(), /left motor/);
  assert.equal(drivetrain.commanded(), { left: 1, right: 0 });
});

test('a write error on set only leaves stop working', async () => {
  const drivetrain = createSimulatedDrivetrain();
  await drivetrain.set(1, 1);
  drivetrain.inject({ kind: 'write-error', calls: 'set' });
  await rejects(drivetrain.set(0.5, 0.5), /did not answer/);
  await drivetrain.stop();
  assert.equal(drivetrain.commanded(), { left: 0, right: 0 });
});

test('a slow write takes effect, and resolves, after its time', async () => {
  const drivetrain = createSimulatedDrivetrain();
  drivetrain.inject({ kind: 'slow-write', calls: 'set', delayMs: 100 });
  let done = false;
  const write = drivetrain.set(1, 1).then(() => {
    done = true;
  });
  drivetrain.advance(99);
  await Promise.resolve();
  assert.not(done);
  assert.equal(drivetrain.commanded(), { left: 0, right: 0 });
  drivetrain.advance(1);
  await write;
  assert.equal(drivetrain.commanded(), { left: 1, right: 1 });
});

test('a hung write waits for the fault to go, then for nothing', async () => {
  const drivetrain = createSimulatedDrivetrain();
  drivetrain.inject({ kind: 'hung-write', calls: 'all' });
  const write = drivetrain.set(1, 1);
  drivetrain.advance(1e6);
  assert.equal(drivetrain.commanded(), { left: 0, right: 0 });
  drivetrain.clearFaults();
  await write;
  assert.equal(drivetrain.commanded(), { left: 1, right: 1 });
});

test('close ends hung writes with an error', async () => {
  const drivetrain = createSimulatedDrivetrain();
  drivetrain.inject({ kind: 'hung-write', calls: 'all' });
  const write = drivetrain.set(1, 1);
  await drivetrain.close();
  await rejects(write, /closed/);
});

test('writes that wait are bounded', async () => {
  const drivetrain = createSimulatedDrivetrain();
  drivetrain.inject({ kind: 'hung-write', calls: 'set' });
  const writes = Array.from({ length: 65 }, () => drivetrain.set(1, 1).catch((error: Error) => error));
  assert.match(String(await writes[64]), /at most 64 calls of set/);
  await drivetrain.stop();
  drivetrain.clearFaults();
  await Promise.all(writes);
  assert.equal(drivetrain.commanded(), { left: 0, right: 0 });
});

test('bad input is refused', () => {
  assert.throws(() => createSimulatedDrivetrain({ lagMs: -1 }), /Expected lagMs/);
  assert.throws(() => createSimulatedDrivetrain({ slip: { left: 0, right: 2 } }), /Expected slip\.right/);
  const drivetrain = createSimulatedDrivetrain();
  assert.throws(() => drivetrain.advance(-1), /Expected dtMs/);
  assert.throws(() => drivetrain.advance(Number.NaN), /Expected dtMs/);
  assert.throws(
    () => drivetrain.inject({ kind: 'slow-write', calls: 'set', delayMs: Number.NaN }),
    /Expected delayMs/,
  );
});

function near(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) < 1e-9, `expected ${expected} but received ${actual}`);
}

async function rejects(promise: Promise<unknown>, pattern: RegExp): Promise<void> {
  const outcome = await promise.then(
    () => 'resolved',
    (error: Error) => error.message,
  );
  assert.match(outcome, pattern);
}

test.run();
