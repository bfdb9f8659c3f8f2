import { Worker } from 'node:worker_threads';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { loadAddon } from '../../native/addon.ts';
import { NAL, nalTypes, profileOf } from './h264.ts';
import { addonPath, noise, nowUs, Recording, residentMb } from './rig.ts';

const WIDTH = 320;
const HEIGHT = 240;
const FRAME_BYTES = WIDTH * HEIGHT * 4;
const PERIOD_US = 33_333;

/** Refused until the pipeline stands, so this also waits for that. */
async function pushed(rest = {}): Promise<Recording> {
  const recording = new Recording({ kind: 'pushed' }, rest);
  await recording.pushTaken(new Uint8Array(FRAME_BYTES), 1);
  return recording;
}

test('every picture comes out once, in order, with exactly its capture time', async () => {
  const camera = await pushed();
  const times = [1];
  let atUs = nowUs();
  for (let n = 0; n < 60; n++) {
    atUs += 1 + ((n * 7919) % 50_021);
    times.push(atUs);
    await camera.pushTaken(noise(WIDTH, HEIGHT, n), atUs);
  }
  await camera.untilUnits(times.length);
  await camera.stop();
  assert.equal(
    camera.units.map((unit) => unit.capturedUs),
    times,
  );
});

test('the time holds beyond the 1000 hours by which x264enc shifts it', async () => {
  const camera = await pushed();
  const times = [1, 3_600_000_000_001, 3_600_000_000_777, 8_000_000_000_000_003];
  for (const atUs of times.slice(1)) await camera.pushTaken(new Uint8Array(FRAME_BYTES), atUs);
  await camera.untilUnits(times.length);
  await camera.stop();
  assert.equal(
    camera.units.map((unit) => unit.capturedUs),
    times,
  );
});

test('H.264 constrained baseline, Annex B, parameter sets before each key frame', async () => {
  const camera = await pushed();
  for (let n = 1; n <= 20; n++) {
    if (n === 10) loadAddon().requestKeyFrame(camera.id);
    await camera.pushTaken(noise(WIDTH, HEIGHT, n), n * PERIOD_US);
    await camera.untilUnits(n + 1);
  }
  await camera.stop();
  const keys = camera.units.filter((unit) => unit.keyFrame);
  assert.is(keys.length, 2);
  for (const { data } of keys) {
    assert.equal(nalTypes(data).slice(0, 2), [NAL.sps, NAL.pps]);
    assert.ok(nalTypes(data).includes(NAL.idr));
    const profile = profileOf(data);
    assert.is(profile?.profileIdc, 66);
    assert.is(profile?.constraintSet1, true);
  }
  for (const { data } of camera.units.filter((unit) => !unit.keyFrame)) {
    assert.ok(nalTypes(data).every((type) => type === NAL.slice));
  }
  for (const { data } of camera.units) assert.is(data.readUInt32BE(0), 1);
});

test('a key frame on demand is the next picture, and there are no others', async () => {
  const camera = await pushed({ keyFrameIntervalS: 3600 });
  const asked = [12, 13, 40];
  for (let n = 1; n <= 60; n++) {
    if (asked.includes(n)) assert.ok(loadAddon().requestKeyFrame(camera.id));
    // Cuts from one scene to another, at which an encoder left to itself makes key frames.
    await camera.pushTaken(
      n % 20 === 0 ? noise(WIDTH, HEIGHT, n) : new Uint8Array(FRAME_BYTES).fill(n),
      n * PERIOD_US,
    );
    await camera.untilUnits(n + 1);
  }
  await camera.stop();
  const keys = camera.units.flatMap((unit, n) => (unit.keyFrame ? [n] : []));
  assert.equal(keys, [0, ...asked]);
});

test('without demand a key frame comes after the set interval', async () => {
  const camera = await pushed({ keyFrameIntervalS: 1, framesPerS: 10 });
  for (let n = 1; n <= 25; n++) await camera.pushTaken(noise(WIDTH, HEIGHT, n % 3), n * 100_000);
  await camera.untilUnits(26);
  await camera.stop();
  const keys = camera.units.flatMap((unit, n) => (unit.keyFrame ? [n] : []));
  assert.equal(keys, [0, 10, 20]);
});

test('the bit rate follows while running, and a key frame takes no more than its share of the line', async () => {
  const camera = await pushed({ bitrateKbps: 300 });
  const kbpsOfNext = async (from: number) => {
    for (let n = from; n < from + 90; n++) await camera.pushTaken(noise(WIDTH, HEIGHT, n), n * PERIOD_US);
    await camera.untilUnits(from + 90);
    // The last two of three seconds: the encoder has settled by then.
    const bytes = camera.units.slice(from + 30, from + 90).reduce((sum, { data }) => sum + data.length, 0);
    return (bytes * 8) / 2 / 1000;
  };
  const low = await kbpsOfNext(1);
  assert.ok(loadAddon().setBitrateKbps(camera.id, 1500));
  const high = await kbpsOfNext(91);
  assert.ok(loadAddon().setBitrateKbps(camera.id, 300));
  const back = await kbpsOfNext(181);
  loadAddon().setBitrateKbps(camera.id, 1500);
  await kbpsOfNext(271);
  loadAddon().requestKeyFrame(camera.id);
  await kbpsOfNext(361);
  await camera.stop();
  // Whatever noise asks for: x264 holds the rate within a few percent, except where even its coarsest is too much.
  assert.ok(high > 1350 && high < 1650, `${high} kbit/s at 1500`);
  assert.ok(low < 600 && back < 600, `${low} and ${back} kbit/s at 300`);
  const key = camera.units.slice(355).find((unit) => unit.keyFrame);
  assert.ok(key, 'a key frame');
  assert.ok((key.data.length * 8) / 1500 < 400, `a key frame of ${key.data.length} bytes`);
});

test('a flood of pictures is refused, costs bounded memory, and what was taken comes out', async () => {
  const width = 1280;
  const height = 720;
  const camera = new Recording({ kind: 'pushed' }, { width, height });
  const picture = noise(width, height, 1);
  await camera.pushTaken(picture, 1);
  const beforeMb = residentMb();
  let taken = 1;
  for (let n = 2; n < 400; n++) if (camera.push(picture, n * 1000)) taken++;
  const grownMb = residentMb() - beforeMb;
  await camera.untilUnits(taken);
  const stats = await camera.stop();
  assert.is(stats.framesTaken, taken);
  assert.ok(stats.framesRefused >= 399 - taken);
  assert.ok(taken < 350, `${taken} of 399 taken without the encoder having time for them`);
  assert.is(camera.units.length, taken);
  assert.ok(grownMb < 60, `${grownMb.toFixed(0)} MB for pictures of 3.7 MB`);
});

test('a picture no newer than the last is not taken', async () => {
  const camera = await pushed();
  const picture = new Uint8Array(FRAME_BYTES);
  await camera.pushTaken(picture, 5000);
  await camera.untilUnits(2);
  assert.not(camera.push(picture, 5000));
  assert.not(camera.push(picture, 4999));
  assert.ok(camera.push(picture, 5001));
  await camera.stop();
});

test('any view of bytes will do: Buffer, clamped, shared memory, in the middle of a larger one', async () => {
  const camera = await pushed();
  const views = [
    Buffer.alloc(FRAME_BYTES),
    new Uint8ClampedArray(FRAME_BYTES),
    new Uint8Array(new SharedArrayBuffer(FRAME_BYTES)),
    new Uint8Array(new ArrayBuffer(FRAME_BYTES + 100), 50, FRAME_BYTES),
  ];
  for (const [n, view] of views.entries()) {
    await camera.untilUnits(n + 1);
    assert.ok(camera.push(view, 1000 + n));
  }
  await camera.untilUnits(views.length + 1);
  await camera.stop();
});

test('what is pushed wrongly is refused in words', async () => {
  const camera = await pushed();
  const { pushFrame } = loadAddon();
  const picture = new Uint8Array(FRAME_BYTES);
  const wrong: [() => unknown, RegExp][] = [
    [
      () => camera.push(new Uint8Array(FRAME_BYTES - 1), 2),
      /Expected rgba to be 307200 bytes but received 307199/,
    ],
    [() => camera.push(new Uint8Array(0), 2), /but received 0/],
    [() => pushFrame(camera.id, new Float32Array(4) as never, 2), /Expected rgba to be a Uint8Array/],
    [() => pushFrame(camera.id, 'picture' as never, 2), /Expected rgba to be a Uint8Array/],
    [() => camera.push(picture, Number.NaN), /Expected capturedUs to be a whole number .* but received NaN/],
    [() => camera.push(picture, 2.5), /received 2\.5/],
    [() => camera.push(picture, -1), /received -1/],
    [() => camera.push(picture, 2n as never), /Expected capturedUs/],
    [() => pushFrame('1' as never, picture, 2), /Expected captureId/],
  ];
  for (const [call, message] of wrong) assert.throws(call, message);
  assert.not(pushFrame(camera.id + 1000, picture, 2), 'an unknown capture takes nothing');
  assert.ok(camera.push(picture, 2), 'and the capture goes on');
  await camera.untilUnits(2);
  await camera.stop();
  assert.not(camera.push(picture, 3), 'nor does one that has stopped');
});

test('a worker thread pushes to a capture of the main thread', async () => {
  const camera = new Recording({ kind: 'pushed' });
  const worker = new Worker(
    `const { parentPort, workerData: { addonPath, id, bytes } } = require('node:worker_threads');
     const { pushFrame } = require(addonPath);
     const picture = new Uint8Array(bytes);
     const times = [];
     const timer = setInterval(() => {
       const atUs = Number(process.hrtime.bigint() / 1000n);
       if (pushFrame(id, picture, atUs)) times.push(atUs);
       if (times.length < 40) return;
       clearInterval(timer);
       parentPort.postMessage(times);
     }, 5);`,
    { eval: true, workerData: { addonPath, id: camera.id, bytes: FRAME_BYTES } },
  );
  const times = await new Promise<number[]>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  await camera.untilUnits(times.length);
  await camera.stop();
  await worker.terminate();
  assert.equal(
    camera.units.map((unit) => unit.capturedUs),
    times,
  );
});

test('a camera that goes away mid-stream is camera_lost', async () => {
  const camera = await pushed();
  assert.ok(loadAddon().endFrames(camera.id));
  await camera.ended();
  assert.is(camera.errors.length, 1);
  assert.is(camera.errors[0]?.code, 'camera_lost');
});

test('so is one that falls silent', async () => {
  const camera = await pushed({ stallMs: 300 });
  await camera.ended();
  assert.is(camera.errors[0]?.code, 'camera_lost');
  assert.match(camera.errors[0]?.message ?? '', /no picture for 300 ms/);
});

test.run();
