import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { firstValueFrom, type Subscription, VirtualAction, VirtualTimeScheduler } from 'rxjs';
import { filter, take, toArray } from 'rxjs/operators';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type AccessUnit,
  CameraError,
  type CameraStatus,
  type FrameProducer,
} from '../../firmware/video/camera.ts';
import {
  createNativeCamera,
  type NativeCamera,
  type NativeCameraOptions,
} from '../../firmware/video/native-camera.ts';
import { AddonMissingError, loadAddon, type NativeAddon } from '../../native/addon.ts';
import { makeVideo, nowUs } from '../native/rig.ts';

const folder = mkdtempSync(join(tmpdir(), 'roverd-camera-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));

const virtualTime = () => new VirtualTimeScheduler(VirtualAction, Number.POSITIVE_INFINITY);

/** A camera whose states are kept, closed with the test. */
function open(rest: Partial<NativeCameraOptions> = {}): { camera: NativeCamera; states: CameraStatus[] } {
  const camera = createNativeCamera({
    source: { kind: 'test' },
    width: 320,
    height: 240,
    framesPerS: 30,
    bitrateKbps: 500,
    ...rest,
  });
  const states: CameraStatus[] = [];
  camera.status$.subscribe((status) => states.push(status));
  return { camera, states };
}

const names = (states: readonly CameraStatus[]) => states.map(({ state }) => state);

async function until(condition: () => boolean, what: string): Promise<void> {
  const endMs = performance.now() + 15_000;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error(`Waited in vain for ${what}`);
    await sleep(2);
  }
}

const units = (camera: NativeCamera, count: number): Promise<AccessUnit[]> =>
  firstValueFrom(camera.accessUnits$.pipe(take(count), toArray()));

const failure = async (camera: NativeCamera) =>
  (await firstValueFrom(camera.status$.pipe(filter((status) => status.state === 'failed')))) as Extract<
    CameraStatus,
    { state: 'failed' }
  >;

/** Counts how often a capture was started. */
function counting(): { addon: () => NativeAddon; starts: () => number } {
  let starts = 0;
  const addon = {
    ...loadAddon(),
    startCapture: (...args: Parameters<NativeAddon['startCapture']>) => {
      starts++;
      return loadAddon().startCapture(...args);
    },
  };
  return { addon: () => addon, starts: () => starts };
}

/** Pushes a picture every 10 ms while started. */
class Painter implements FrameProducer {
  readonly captures: number[] = [];
  timer: NodeJS.Timeout | undefined;
  start(captureId: number, format: { width: number; height: number }): void {
    this.captures.push(captureId);
    const picture = new Uint8Array(format.width * format.height * 4);
    this.timer = setInterval(() => loadAddon().pushFrame(captureId, picture, nowUs()), 10);
  }
  async stop(): Promise<void> {
    clearInterval(this.timer);
    this.timer = undefined;
  }
}

test('the first viewer starts the camera and the last one stops it', async () => {
  const { camera, states } = open();
  assert.equal(loadAddon().runningCaptures(), [], 'nobody watches');
  const got: AccessUnit[] = [];
  const first = camera.accessUnits$.subscribe((unit) => got.push(unit));
  await until(() => got.length >= 3, 'pictures');
  assert.ok(got[0]?.keyFrame);
  const second = camera.accessUnits$.subscribe();
  assert.is(loadAddon().runningCaptures().length, 1, 'one capture for both');
  first.unsubscribe();
  assert.is(loadAddon().runningCaptures().length, 1);
  second.unsubscribe();
  assert.equal(names(states), ['idle', 'starting', 'streaming', 'idle']);
  await until(() => loadAddon().runningCaptures().length === 0, 'the capture to end');
  await camera.close();
  assert.ok(camera.stats().unitsDelivered >= 3);
  assert.is(camera.stats().encoder.length > 0, true);
});

test('a viewer who comes back while it stops gets pictures again, from a key frame', async () => {
  const { camera, states } = open();
  for (let round = 0; round < 5; round++) {
    const [unit] = await units(camera, 1);
    assert.ok(unit?.keyFrame);
  }
  const viewers: Subscription[] = [];
  for (let round = 0; round < 50; round++) {
    viewers.push(camera.accessUnits$.subscribe());
    viewers.shift()?.unsubscribe();
  }
  await camera.close();
  assert.not(names(states).includes('failed'));
  assert.equal(loadAddon().runningCaptures(), []);
});

test('with a linger it goes on for a viewer who reloads the page', async () => {
  const scheduler = virtualTime();
  const { addon, starts } = counting();
  const { camera, states } = open({ lingerMs: 1000, scheduler, addon });
  await units(camera, 1);
  await units(camera, 1);
  assert.is(starts(), 1);
  assert.is(states.at(-1)?.state, 'streaming');
  scheduler.flush();
  assert.is(states.at(-1)?.state, 'idle');
  await units(camera, 1);
  assert.is(starts(), 2);
  await camera.close();
});

test('a source that is missing gives way to the other in turn, and the one that is there stays', async () => {
  const video = join(folder, 'fallback.mkv');
  await makeVideo(video, '! matroskamux');
  const scheduler = virtualTime();
  const missing = { kind: 'v4l2', device: '/dev/video-none' } as const;
  const { camera, states } = open({ source: missing, fallback: { kind: 'file', path: video }, scheduler });
  const viewer = camera.accessUnits$.subscribe();
  await until(() => names(states).includes('failed'), 'the first source to be missing');
  await until(() => loadAddon().runningCaptures().length === 0, 'the attempt to end');
  scheduler.flush();
  await until(() => names(states).includes('streaming'), 'the other to stream');
  assert.equal(names(states), ['idle', 'starting', 'failed', 'starting', 'streaming']);
  viewer.unsubscribe();
  await camera.close();
});

test('a camera that is not there is tried again after 500 ms, then after twice as long each time up to 10 s', async () => {
  const scheduler = virtualTime();
  const { camera } = open({ source: { kind: 'v4l2', device: '/dev/video-none' }, scheduler });
  const failures: { readonly error: CameraError; readonly retryInMs: number; readonly atMs: number }[] = [];
  camera.status$.subscribe((status) => {
    if (status.state === 'failed') failures.push({ ...status, atMs: scheduler.now() });
  });
  const viewer = camera.accessUnits$.subscribe();
  for (let n = 1; n <= 8; n++) {
    await until(() => failures.length === n, `failure ${n}`);
    // Comes to the next try, which begins now or, where the last attempt still stops, right after it.
    scheduler.flush();
  }
  for (const { error } of failures) {
    assert.instance(error, CameraError);
    assert.is(error.code, 'camera_missing');
    assert.match(error.message, /video-none/);
  }
  const waits = failures.map(({ retryInMs }) => retryInMs);
  assert.equal(waits, [500, 1000, 2000, 4000, 8000, 10_000, 10_000, 10_000]);
  assert.equal(
    failures.slice(1).map(({ atMs }, n) => atMs - failures[n]!.atMs),
    waits.slice(0, -1),
  );
  viewer.unsubscribe();
  await camera.close();
});

test('nobody watching, nothing is tried', async () => {
  const scheduler = virtualTime();
  const { addon, starts } = counting();
  const { camera, states } = open({ source: { kind: 'v4l2', device: '/dev/video-none' }, scheduler, addon });
  const viewer = camera.accessUnits$.subscribe();
  await failure(camera);
  viewer.unsubscribe();
  assert.is(states.at(-1)?.state, 'idle');
  scheduler.flush();
  assert.is(starts(), 1);
  await camera.close();
});

test('a camera that appears later streams to those who waited', async () => {
  const path = join(folder, 'later.mkv');
  const { camera, states } = open({ source: { kind: 'file', path } });
  const got: AccessUnit[] = [];
  const viewer = camera.accessUnits$.subscribe((unit) => got.push(unit));
  const { error } = await failure(camera);
  assert.is(error.code, 'camera_missing');
  await makeVideo(join(folder, 'made.mkv'), '! matroskamux');
  renameSync(join(folder, 'made.mkv'), path);
  await until(() => got.length > 2, 'pictures');
  assert.ok(got[0]?.keyFrame);
  assert.equal(names(states).slice(-2), ['starting', 'streaming']);
  viewer.unsubscribe();
  await camera.close();
});

test('unplugged while streaming: failed, tried again, and pictures resume from a key frame', async () => {
  const painter = new Painter();
  const { camera, states } = open({ source: { kind: 'pushed', producer: painter } });
  const got: AccessUnit[] = [];
  const viewer = camera.accessUnits$.subscribe((unit) => got.push(unit));
  await until(() => got.length > 5, 'pictures');
  loadAddon().endFrames(painter.captures[0]!);
  const { error, retryInMs } = await failure(camera);
  assert.is(error.code, 'camera_lost');
  assert.is(retryInMs, 500);
  const before = got.length;
  await until(() => got.length > before + 5, 'pictures to resume');
  assert.ok(got[before]?.keyFrame);
  assert.is(painter.captures.length, 2, 'the producer was started for the new capture');
  assert.equal(names(states), ['idle', 'starting', 'streaming', 'failed', 'starting', 'streaming']);
  viewer.unsubscribe();
  await until(() => painter.timer === undefined, 'the producer to be stopped');
  await camera.close();
});

test('after 10 s of pictures a failure counts as the first', async () => {
  const scheduler = virtualTime();
  const painter = new Painter();
  const { camera } = open({ source: { kind: 'pushed', producer: painter }, scheduler });
  const viewer = camera.accessUnits$.subscribe();
  const streams = () => firstValueFrom(camera.status$.pipe(filter(({ state }) => state === 'streaming')));
  const unplug = async () => {
    await streams();
    loadAddon().endFrames(painter.captures.at(-1)!);
    const { retryInMs } = await failure(camera);
    await until(() => painter.timer === undefined, 'the capture to end');
    return retryInMs;
  };
  assert.is(await unplug(), 500);
  scheduler.flush();
  assert.is(await unplug(), 1000, 'it had streamed for no time at all');
  scheduler.flush();
  await streams();
  scheduler.flush();
  assert.is(await unplug(), 500);
  viewer.unsubscribe();
  await camera.close();
});

test('a producer that fails to start, or falls silent, fails the camera and nothing else', async () => {
  const broken: FrameProducer = {
    start: () => {
      throw new Error('no room to draw');
    },
    stop: async () => {
      throw new Error('nor to stop');
    },
  };
  const first = open({ source: { kind: 'pushed', producer: broken } });
  const viewer = first.camera.accessUnits$.subscribe();
  assert.match((await failure(first.camera)).error.message, /no room to draw/);
  viewer.unsubscribe();
  await first.camera.close();

  const silent: FrameProducer = { start: () => {}, stop: async () => {} };
  const second = open({ source: { kind: 'pushed', producer: silent }, stallMs: 200 });
  const other = second.camera.accessUnits$.subscribe();
  assert.is((await failure(second.camera)).error.code, 'camera_lost');
  other.unsubscribe();
  await second.camera.close();
});

test('without the addon it says how to build it, and goes on trying', async () => {
  const scheduler = virtualTime();
  let there = false;
  const addon = () => {
    if (!there) throw new AddonMissingError('run `npm start`');
    return loadAddon();
  };
  const { camera } = open({ addon, scheduler });
  const got: AccessUnit[] = [];
  const viewer = camera.accessUnits$.subscribe((unit) => got.push(unit));
  const { error } = await failure(camera);
  assert.is(error.code, 'addon_missing');
  assert.match(error.message, /npm start/);
  there = true;
  scheduler.flush();
  await until(() => got.length > 0, 'pictures');
  viewer.unsubscribe();
  await camera.close();
});

test('the bit rate is kept for later starts, and one out of range is refused', async () => {
  const started: number[] = [];
  const addon = {
    ...loadAddon(),
    startCapture: (...args: Parameters<NativeAddon['startCapture']>) => {
      started.push(args[0].bitrateKbps);
      return loadAddon().startCapture(...args);
    },
  };
  const { camera } = open({ addon: () => addon });
  camera.setBitrateKbps(777);
  await units(camera, 1);
  for (const wrong of [99, 8001, 500.5, Number.NaN]) {
    assert.throws(() => camera.setBitrateKbps(wrong), /Expected kbps to be a whole number from 100 to 8000/);
  }
  await units(camera, 1);
  assert.equal(started, [777, 777]);
  await camera.close();
});

test('a key frame comes on demand', async () => {
  const { camera } = open();
  camera.requestKeyFrame();
  const got: AccessUnit[] = [];
  const viewer = camera.accessUnits$.subscribe((unit) => got.push(unit));
  await until(() => got.length > 3, 'pictures');
  camera.requestKeyFrame();
  const asked = got.length;
  await until(() => got.slice(asked).some((unit) => unit.keyFrame), 'a key frame');
  assert.ok(got.slice(asked).findIndex((unit) => unit.keyFrame) <= 3);
  viewer.unsubscribe();
  await camera.close();
});

test('closing ends the streams and frees the camera, in any state and more than once', async () => {
  const painter = new Painter();
  const { camera, states } = open({ source: { kind: 'pushed', producer: painter } });
  let completed = 0;
  camera.accessUnits$.subscribe({ complete: () => completed++ });
  await until(() => states.at(-1)?.state === 'streaming', 'pictures');
  await Promise.all([camera.close(), camera.close()]);
  assert.equal(loadAddon().runningCaptures(), []);
  assert.is(painter.timer, undefined);
  assert.is(states.at(-1)?.state, 'idle');
  camera.accessUnits$.subscribe({ complete: () => completed++ });
  assert.is(completed, 2);
  camera.requestKeyFrame();
  camera.setBitrateKbps(500);

  const unused = open();
  await unused.camera.close();
  const failing = open({ source: { kind: 'v4l2', device: '/dev/video-none' } });
  failing.camera.accessUnits$.subscribe();
  await failure(failing.camera);
  await failing.camera.close();
  const starting = open();
  starting.camera.accessUnits$.subscribe();
  await starting.camera.close();
  assert.equal(loadAddon().runningCaptures(), []);
});

test('numbers out of range are refused when the camera is made', () => {
  for (const [rest, message] of [
    [{ width: 63 }, /Expected width to be an even number from 64 to 1920 but received 63/],
    [{ height: 241 }, /Expected height to be an even number from 64 to 1080 but received 241/],
    [{ framesPerS: 0 }, /Expected framesPerS to be a whole number from 1 to 120 but received 0/],
    [{ bitrateKbps: 9000 }, /Expected bitrateKbps .* received 9000/],
    [{ lingerMs: 60_000 }, /Expected lingerMs .* received 60000/],
  ] as const) {
    assert.throws(() => open(rest), message);
  }
});

test.run();
