import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { CaptureOptions } from '../../native/addon.ts';
import { addonPath, captureOptions, makeVideo } from './rig.ts';

const folder = mkdtempSync(join(tmpdir(), 'roverd-packages-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));

const SYSTEM_PLUGINS = spawnSync('pkg-config', ['--variable=pluginsdir', 'gstreamer-1.0'], {
  encoding: 'utf8',
});
const OWN = [
  'coreelements',
  'app',
  'videotestsrc',
  'videoconvertscale',
  'videorate',
  'playback',
  'typefindfunctions',
];

/** GStreamer with chosen plug-ins only, as on a machine where a package is missing. */
function failureWithout(plugin: string, all: readonly string[], options: CaptureOptions): string {
  const plugins = join(folder, `without-${plugin}`);
  mkdirSync(plugins);
  const present = readdirSync(SYSTEM_PLUGINS.stdout.trim());
  for (const name of all.filter((one) => one !== plugin)) {
    const file = `libgst${name}.so`;
    if (present.includes(file)) symlinkSync(join(SYSTEM_PLUGINS.stdout.trim(), file), join(plugins, file));
  }
  const script = `require(${JSON.stringify(addonPath)}).startCapture(${JSON.stringify(options)}, (event) => {
    if (event.type === 'error') console.log(event.code + ': ' + event.message);
    if (event.type === 'unit') console.log('streams');
  })`;
  const env = {
    ...process.env,
    GST_PLUGIN_SYSTEM_PATH: plugins,
    GST_PLUGIN_PATH: '',
    GST_REGISTRY: join(plugins, 'registry.bin'),
  };
  return spawnSync(process.execPath, ['-e', script], {
    env,
    encoding: 'utf8',
    timeout: 30_000,
  }).stdout.trim();
}

test('without x264enc', () => {
  const failure = failureWithout('x264', [...OWN, 'x264'], captureOptions({ kind: 'test' }));
  assert.is(
    failure,
    'encoder_missing: GStreamer has no element x264enc: install the Debian package gstreamer1.0-plugins-ugly',
  );
});

test('without videotestsrc', () => {
  const failure = failureWithout('videotestsrc', [...OWN, 'x264'], captureOptions({ kind: 'test' }));
  assert.is(
    failure,
    'pipeline_failed: GStreamer has no element videotestsrc: install the Debian package gstreamer1.0-plugins-base',
  );
});

test('without v4l2src', () => {
  const options = captureOptions({ kind: 'v4l2', device: '/dev/video0' }, { encoder: 'x264enc' });
  assert.is(
    failureWithout('video4linux2', [...OWN, 'x264'], options),
    'camera_missing: GStreamer has no element v4l2src: install the Debian package gstreamer1.0-plugins-good',
  );
});

test('without a decoder', async () => {
  const path = join(folder, 'undecoded.mkv');
  await makeVideo(path, '! matroskamux');
  const options = captureOptions({ kind: 'file', path }, { encoder: 'x264enc' });
  const failure = failureWithout('libav', [...OWN, 'x264', 'matroska', 'videoparsersbad'], options);
  assert.match(failure, /^pipeline_failed: .*gstreamer1\.0-libav/);
});

test.run();
