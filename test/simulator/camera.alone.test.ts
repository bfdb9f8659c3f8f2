import { rm } from 'node:fs/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createSimulator, type Simulator } from '../../firmware/simulator/simulator.ts';
import { readStrip, type Strip } from '../../firmware/simulator/strip.ts';
import { type CaptureEvent, loadAddon } from '../../native/addon.ts';
import { bundleCameraWorker, decodeH264 } from './camera-rig.ts';

type Unit = Extract<CaptureEvent, { type: 'unit' }>;

const FORMAT = { width: 640, height: 480, framesPerS: 30 };
const addon = loadAddon();
let workerPath = '';

test.before(async () => {
  workerPath = await bundleCameraWorker();
});
test.after(() => rm(workerPath, { force: true }));

/** Drives the robot through the room at `kbps` and returns the coded pictures. */
async function record(simulator: Simulator, kbps: number, pictures: number): Promise<Unit[]> {
  const units: Unit[] = [];
  let failure: string | null = null;
  let enough = () => {};
  const done = new Promise<void>((resolve) => {
    enough = resolve;
  });
  let stopped = () => {};
  const ended = new Promise<void>((resolve) => {
    stopped = resolve;
  });
  const captureId = addon.startCapture(
    {
      source: { kind: 'pushed' },
      ...FORMAT,
      bitrateKbps: kbps,
      keyFrameIntervalS: 60,
      encoder: 'auto',
      stallMs: 10_000,
    },
    (event) => {
      if (event.type === 'unit') units.push(event);
      if (event.type === 'error') failure = event.message;
      if (event.type === 'stopped') stopped();
      if (event.type !== 'unit' || units.length >= pictures) enough();
    },
  );
  simulator.producer.start(captureId, FORMAT);
  await simulator.drivetrain.set(0.25, 0.5);
  const startedMs = performance.now();
  let seq = 0;
  const tick = setInterval(() => {
    seq += 1;
    simulator.setAppliedSeq(seq);
    simulator.advance(performance.now() - startedMs);
  }, 10);
  await done;
  clearInterval(tick);
  await simulator.producer.stop();
  addon.stopCapture(captureId);
  await ended;
  assert.is(failure, null);
  return units;
}

for (const kbps of [300, 150]) {
  test(`the strip of every picture is read after H.264 at ${kbps} kbit/s`, async () => {
    const simulator = createSimulator({ workerPath }, 0);
    const units = await record(simulator, kbps, 90);
    await simulator.close();
    const pictures = await decodeH264(
      Buffer.concat(units.map(({ data }) => data)),
      FORMAT.width,
      FORMAT.height,
    );
    assert.is(pictures.length, units.length);
    const strips = pictures.map((data) => readStrip({ data, ...FORMAT }));
    assert.is(strips.filter((strip) => strip === null).length, 0);
    let last: Strip | null = null;
    for (const strip of strips as Strip[]) {
      if (last) assert.ok(strip.frame > last.frame && strip.appliedSeq! >= last.appliedSeq!);
      last = strip;
    }
    assert.ok(last!.appliedSeq! > 100, 'the strip follows the commands while they come');
  });
}

test('pictures carry the monotonic time at which they were drawn', async () => {
  const simulator = createSimulator({ workerPath }, 0);
  const beforeUs = Number(process.hrtime.bigint() / 1000n);
  const units = await record(simulator, 500, 30);
  const afterUs = Number(process.hrtime.bigint() / 1000n);
  await simulator.close();
  const times = units.map(({ capturedUs }) => capturedUs);
  assert.ok(times[0]! > beforeUs && times.at(-1)! < afterUs);
  const gaps = times.slice(1).map((time, index) => time - times[index]!);
  assert.ok(Math.min(...gaps) > 0);
  // On a busy machine beats are left out; made up for they are never.
  const median = gaps.sort((a, b) => a - b)[gaps.length >> 1]!;
  assert.ok(median > 30_000 && median < 80_000, `a picture every ${median} µs`);
});

test('a producer starts and stops again and again, and ends at once', async () => {
  const simulator = createSimulator({ workerPath }, 0);
  for (let round = 0; round < 5; round += 1) {
    simulator.producer.start(1_000_000, FORMAT);
    assert.throws(
      () => simulator.producer.start(1_000_000, FORMAT),
      /Expected the frame producer to be stopped/,
    );
    const startedMs = performance.now();
    await simulator.producer.stop();
    assert.ok(performance.now() - startedMs < 1500);
  }
  await simulator.close();
});

test('start right after stop does not wait for the old worker', async () => {
  const simulator = createSimulator({ workerPath }, 0);
  simulator.producer.start(1_000_000, FORMAT);
  const first = simulator.producer.stop();
  simulator.producer.start(1_000_001, FORMAT);
  await Promise.all([first, simulator.producer.stop()]);
  await simulator.close();
});

test('a worker that fails ends its capture as a lost camera', async () => {
  const simulator = createSimulator({ workerPath: `${workerPath}.missing` }, 0);
  const events: CaptureEvent[] = [];
  const warned = new Promise<Error>((resolve) => process.once('warning', resolve));
  const stopped = new Promise<void>((resolve) => {
    const options = { bitrateKbps: 300, keyFrameIntervalS: 60, encoder: 'auto', stallMs: 10_000 } as const;
    const captureId = addon.startCapture({ source: { kind: 'pushed' }, ...FORMAT, ...options }, (event) => {
      events.push(event);
      if (event.type === 'stopped') resolve();
    });
    simulator.producer.start(captureId, FORMAT);
  });
  await stopped;
  assert.match((await warned).message, /The simulated camera failed: Cannot find module/);
  assert.equal(
    events.map((event) => (event.type === 'error' ? event.code : event.type)),
    ['camera_lost', 'stopped'],
  );
  await simulator.close();
});

test.run();
