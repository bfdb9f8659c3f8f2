import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type CaptureOptions, type CaptureSource, loadAddon } from '../../native/addon.ts';
import { profileOf } from './h264.ts';
import { captureOptions, makeVideo, nowUs, Recording } from './rig.ts';

const folder = mkdtempSync(join(tmpdir(), 'roverd-sources-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));

const PERIOD_US = 1e6 / 30;

const failureOf = async (source: CaptureSource, rest: Partial<CaptureOptions> = {}) => {
  const recording = new Recording(source, rest);
  await recording.ended();
  assert.is(recording.units.length, 0);
  assert.is(recording.errors.length, 1);
  return recording.errors[0]!;
};

function gapsUs(recording: Recording): number[] {
  return recording.units.slice(1).map((unit, n) => unit.capturedUs - recording.units[n]!.capturedUs);
}

test('the test pattern keeps its rate and tells when each picture was made', async () => {
  const startUs = nowUs();
  const recording = new Recording({ kind: 'test' });
  await recording.untilUnits(45);
  const stats = await recording.stop();
  assert.equal(recording.errors, []);
  assert.is(stats.unitsDelivered, recording.units.length);
  for (const [n, unit] of recording.units.entries()) {
    const ageUs = recording.arrivalsUs[n]! - unit.capturedUs;
    assert.ok(
      unit.capturedUs > startUs && ageUs >= 0 && ageUs < 2_000_000,
      `picture ${n} is ${ageUs} us old`,
    );
  }
  const gaps = gapsUs(recording);
  assert.ok(Math.max(...gaps) - Math.min(...gaps) <= 2, 'one period between any two');
});

test('sizes and rates are as asked', async () => {
  for (const [width, height, framesPerS] of [
    [64, 64, 5],
    [642, 482, 15],
    [1920, 1080, 30],
  ] as const) {
    const recording = new Recording({ kind: 'test' }, { width, height, framesPerS, bitrateKbps: 2000 });
    await recording.untilUnits(4);
    await recording.stop();
    assert.is(profileOf(recording.units[0]!.data)?.profileIdc, 66);
    const gapUs = gapsUs(recording)[0]!;
    assert.ok(Math.abs(gapUs - 1e6 / framesPerS) <= 2, `${gapUs} us between two pictures at ${framesPerS}/s`);
  }
});

for (const [name, muxer] of [
  ['a.mp4', '! mp4mux'],
  ['a.mkv', '! matroskamux'],
  ['a.ts', '! h264parse ! mpegtsmux'],
  ['a.h264', '! video/x-h264,stream-format=byte-stream'],
] as const) {
  test(`a video file plays in real time and begins anew unnoticed: ${name}`, async () => {
    const path = join(folder, `with "quotes" ! and spaces ${name}`);
    await makeVideo(join(folder, name), muxer, 15);
    symlinkSync(join(folder, name), path);
    const recording = new Recording({ kind: 'file', path });
    // Three rounds of half a second.
    await recording.untilUnits(50);
    await recording.stop();
    assert.equal(recording.errors, []);
    // A machine too busy to decode shows less of the film, never a picture twice or from before.
    const periods = gapsUs(recording).map((us) => us / PERIOD_US);
    assert.ok(
      periods.every((n) => n > 0.9 && Math.abs(n - Math.round(n)) < 0.01),
      periods.join(' '),
    );
    assert.ok(periods.filter((n) => n > 1.5).length <= 3, periods.join(' '));
    assert.is(
      recording.units.filter((unit) => unit.keyFrame).length,
      1,
      'one stream, whatever the file does',
    );
    const elapsedUs = recording.arrivalsUs[49]! - recording.arrivalsUs[0]!;
    assert.ok(elapsedUs > 45 * PERIOD_US && elapsedUs < 150 * PERIOD_US, `49 periods took ${elapsedUs} us`);
  });
}

test('a file deleted while it plays goes on to its end, and is then lost', async () => {
  const path = join(folder, 'deleted.mkv');
  await makeVideo(path, '! matroskamux', 60);
  const recording = new Recording({ kind: 'file', path });
  await recording.untilUnits(5);
  rmSync(path);
  await recording.untilUnits(30);
  assert.equal(recording.errors, []);
  await recording.ended();
  assert.is(recording.errors[0]?.code, 'camera_lost');
  assert.match(recording.errors[0]?.message ?? '', /No such file/);
});

test('files that are no video say so', async () => {
  const path = (name: string, content: Uint8Array) => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  await makeVideo(join(folder, 'whole.mp4'), '! mp4mux');
  const whole = readFileSync(join(folder, 'whole.mp4'));
  const cases: [string, string][] = [
    [
      path(
        'noise.mp4',
        new Uint8Array(50_000).map((_, i) => (i * 7919) >> 3),
      ),
      'pipeline_failed',
    ],
    [path('empty.mp4', new Uint8Array()), 'pipeline_failed'],
    [path('cut.mp4', whole.subarray(0, 3000)), 'pipeline_failed'],
    [join(folder, 'missing.mp4'), 'camera_missing'],
    [folder, 'camera_missing'],
  ];
  for (const [file, code] of cases) {
    const failure = await failureOf({ kind: 'file', path: file }, { stallMs: 2000 });
    assert.is(failure.code, code, `${file}: ${failure.message}`);
    assert.ok(failure.message.length > 10);
  }
});

test('a damaged video shows what can be shown, or fails; it never hangs', async () => {
  await makeVideo(join(folder, 'good.mp4'), '! mp4mux');
  const damaged = readFileSync(join(folder, 'good.mp4'));
  for (let at = 2000; at < damaged.length - 2000; at += 97) damaged[at]! ^= 0x5a;
  writeFileSync(join(folder, 'damaged.mp4'), damaged);
  const recording = new Recording({ kind: 'file', path: join(folder, 'damaged.mp4') }, { stallMs: 1500 });
  await recording.until(
    () => recording.units.length > 40 || recording.stats !== undefined,
    'pictures or an error',
  );
  await recording.stop();
});

test('a V4L2 camera that is not there is camera_missing', async () => {
  const failure = await failureOf({ kind: 'v4l2', device: '/dev/video-none' });
  assert.is(failure.code, 'camera_missing');
  assert.match(failure.message, /\/dev\/video-none/);
});

test('neither is a device that is no camera', async () => {
  const failure = await failureOf({ kind: 'v4l2', device: '/dev/null' });
  assert.is(failure.code, 'camera_missing');
});

test('a libcamera camera that is not there is camera_missing, and a missing element names its package', async () => {
  const failure = await failureOf({ kind: 'libcamera', device: 'no such camera' });
  assert.is(failure.code, 'camera_missing');
  assert.match(failure.message, /gstreamer1\.0-libcamera|camera/i);
});

test('a hardware encoder is used where asked for and there, and missed in words where not', async () => {
  const recording = new Recording({ kind: 'test' }, { encoder: 'v4l2h264enc' });
  await recording.until(
    () => recording.units.length > 0 || recording.stats !== undefined,
    'a unit or an error',
  );
  const stats = await recording.stop();
  if (recording.units.length > 0) {
    assert.is(stats.encoder, 'v4l2h264enc');
    assert.is(profileOf(recording.units[0]!.data)?.profileIdc, 66);
  } else {
    assert.is(recording.errors[0]?.code, 'encoder_missing');
    assert.match(recording.errors[0]?.message ?? '', /gstreamer1\.0-plugins-good/);
  }
});

test('options that are wrong are refused in words, and start nothing', () => {
  const { startCapture, runningCaptures } = loadAddon();
  const good = captureOptions({ kind: 'test' });
  const wrong: [object, RegExp][] = [
    [{ width: 63 }, /Expected width to be a whole number from 64 to 1920 but received 63/],
    [{ width: 65 }, /Expected width to be even but received 65/],
    [{ height: 1082 }, /Expected height .* received 1082/],
    [{ framesPerS: 0 }, /Expected framesPerS .* received 0/],
    [{ bitrateKbps: '500' }, /Expected bitrateKbps .* received 500/],
    [{ keyFrameIntervalS: Number.POSITIVE_INFINITY }, /Expected keyFrameIntervalS .* received Infinity/],
    [{ encoder: 'nvenc' }, /Expected encoder to be one of auto, v4l2h264enc, x264enc but received nvenc/],
    [{ stallMs: undefined }, /Expected stallMs .* received undefined/],
    [{ source: { kind: 'webcam' } }, /Expected source\.kind to be one of .* received webcam/],
    [
      { source: { kind: 'file' } },
      /Expected source\.path to be a text that is not empty but received undefined/,
    ],
    [{ source: { kind: 'v4l2', device: '' } }, /Expected source\.device/],
    [{ source: null }, /Expected source to be an object/],
  ];
  for (const [rest, message] of wrong) {
    assert.throws(() => startCapture({ ...good, ...rest } as CaptureOptions, () => {}), message);
  }
  assert.throws(() => startCapture(undefined as never, () => {}), /Expected options to be an object/);
  assert.throws(() => startCapture(good, undefined as never), /Expected onEvent to be a function/);
  assert.equal(runningCaptures(), []);
});

test('calls for a capture that does not run say false', () => {
  const addon = loadAddon();
  assert.not(addon.stopCapture(4_000_000));
  assert.not(addon.requestKeyFrame(4_000_000));
  assert.not(addon.setBitrateKbps(4_000_000, 500));
  assert.not(addon.endFrames(4_000_000));
  assert.is(addon.captureStats(4_000_000), null);
  assert.throws(() => addon.setBitrateKbps(4_000_000, 99), /Expected bitrateKbps .* received 99/);
});

test.run();
