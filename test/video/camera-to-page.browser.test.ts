/** The whole way of a picture: GStreamer's test pattern, the encoder, the sessions, the engine, a real browser. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { packageRoot } from '../../config/paths.ts';
import { createDatachannelEngine } from '../../firmware/video/datachannel-engine.ts';
import type { VideoEngine } from '../../firmware/video/engine.ts';
import { createNativeCamera, type NativeCamera } from '../../firmware/video/native-camera.ts';
import { createVideoSessions, type VideoSessions } from '../../firmware/video/sessions.ts';
import { browserMissing, launchBrowser, type TestBrowser } from '../browser.ts';
import { ageMs, pause } from './contract/bench.ts';
import { until } from './contract/engine-rig.ts';
import { SESSIONS, watch } from './contract/session-viewer.ts';
import { createUdpRelay, rtpSequenceNumber } from './contract/udp-relay.ts';

const missing =
  browserMissing() ?? (existsSync(join(packageRoot(), 'build/Release')) ? null : 'the addon is not built');
if (missing) console.log(`SKIP camera to page: ${missing}; enable: npm test, which installs and builds both`);

interface Parts {
  readonly browser: TestBrowser;
  readonly engine: VideoEngine;
  readonly camera: NativeCamera;
  readonly sessions: VideoSessions;
}

const tests = suite<Partial<Parts>>('camera to page', {});
const check = (what: string, run: (parts: Parts) => Promise<void>) =>
  (missing ? tests.skip : tests)(what, async (parts) => {
    await run(parts as Parts);
    for (const context of parts.browser?.browser.contexts() ?? []) await context.close();
  });

tests.before(async (parts) => {
  if (missing) return;
  const engine = createDatachannelEngine();
  const camera = createNativeCamera({
    source: { kind: 'test' },
    width: 640,
    height: 480,
    framesPerS: 30,
    bitrateKbps: SESSIONS.bitrate.startKbps,
  });
  const sessions = createVideoSessions({ ...SESSIONS, camera, engine });
  Object.assign(parts, { browser: await launchBrowser(), engine, camera, sessions } satisfies Parts);
});
tests.after(async ({ browser, engine, camera, sessions }) => {
  await sessions?.close();
  await engine?.close();
  await camera?.close();
  await browser?.close();
});

check('a camera that stood still shows its first picture within a second', async ({ browser, sessions }) => {
  const tookMs: number[] = [];
  for (const id of ['a', 'b', 'c']) {
    const viewer = await watch(sessions, id, await browser.browser.newPage(), { show: true });
    await until('a picture is shown', async () => (await viewer.page.firstFrameMs('v')) !== null);
    tookMs.push((await viewer.page.firstFrameMs('v')) ?? Number.NaN);
    await viewer.session.close();
  }
  console.log(`MEASURED cold camera to first picture: ${tookMs.map((ms) => ms.toFixed(0)).join(', ')} ms`);
  assert.ok(Math.max(...tookMs) < 1000, `${tookMs} ms`);
});

check('pictures come steadily, and tens of milliseconds old', async ({ browser, sessions }) => {
  const viewer = await watch(sessions, 'a', await browser.browser.newPage(), { show: true });
  await until('pictures are shown', async () => (await viewer.page.frames('v')).length > 30);
  await until('the data channel is open', async () => (await viewer.page.channelState('v')) === 'open');
  const offsetMs = await viewer.page.clockOffsetMs('v');
  const before = (await viewer.page.frames('v')).length;
  await pause(5000);
  const ages = (await viewer.page.frames('v'))
    .slice(before)
    .map(({ shownMs, rtpTimestamp }) => ageMs(shownMs + offsetMs, rtpTimestamp))
    .sort((a, b) => a - b);
  const [p50 = Number.NaN, p95 = Number.NaN] = [0.5, 0.95].map(
    (share) => ages[Math.floor(ages.length * share)]!,
  );
  console.log(
    `MEASURED capture to page: p50 ${p50.toFixed(1)} ms, p95 ${p95.toFixed(1)} ms over ${ages.length} pictures in 5 s`,
  );
  assert.ok(ages.length >= 125, `${ages.length} pictures in 5 s`);
  assert.ok(p50 > 0 && p50 < 60, `median age ${p50} ms`);
  assert.ok(p95 < 100, `age p95 ${p95} ms`);
  await viewer.session.close();
});

check('the encoder makes a key frame when packets are lost for good', async ({ browser, sessions }) => {
  const relay = createUdpRelay();
  try {
    const viewer = await watch(sessions, 'a', await browser.browser.newPage(), { relay });
    await until('pictures are decoded', async () => (await viewer.decoded()) > 60);
    const { keyFramesDecoded } = await viewer.page.stats('v');
    const gone = new Set<number>();
    relay.passes = (packet) => {
      const sequenceNumber = rtpSequenceNumber(packet);
      if (sequenceNumber !== null && gone.size < 3) gone.add(sequenceNumber);
      return sequenceNumber === null || !gone.has(sequenceNumber);
    };
    await until('a key frame is decoded', async () => {
      return (await viewer.page.stats('v')).keyFramesDecoded > keyFramesDecoded;
    });
    await viewer.session.close();
  } finally {
    await relay.close();
  }
});

check('the encoder saves bits on a bad path', async ({ browser, sessions }) => {
  const relay = createUdpRelay();
  try {
    const viewer = await watch(sessions, 'a', await browser.browser.newPage(), { relay });
    await until('pictures are decoded', async () => (await viewer.decoded()) > 60);
    const sentKbps = async (seconds: number) => {
      const sent = () => sessions.status().perViewer[0]?.bytesSent ?? 0;
      const before = sent();
      await pause(seconds * 1000);
      return ((sent() - before) * 8) / 1000 / seconds;
    };
    const good = await sentKbps(2);
    let packets = 0;
    relay.passes = (packet) => {
      if (rtpSequenceNumber(packet) === null) return true;
      packets += 1;
      return packets % 3 !== 0;
    };
    await until('a third lost lowers the rate', () => sessions.status().bitrateKbps < 600, 20_000);
    const bad = await sentKbps(2);
    console.log(
      `MEASURED sent on a good path ${good.toFixed(0)} kbit/s, with a third lost ${bad.toFixed(0)} kbit/s`,
    );
    assert.ok(bad < good / 2, `${bad} of ${good} kbit/s`);
    await viewer.session.close();
  } finally {
    await relay.close();
  }
});

tests.run();
