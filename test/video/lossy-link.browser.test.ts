/**
 * A bad link: of a hundred packets five are lost, each way, and each takes 50 ms, so that a round trip takes 100. The
 * video comes through and is whole again when the link is, and the commands of the one who drives arrive in time.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createDatachannelEngine } from '../../firmware/video/datachannel-engine.ts';
import type { VideoEngine } from '../../firmware/video/engine.ts';
import { createKvsEngine } from '../../firmware/video/kvs-engine.ts';
import { createVideoSessions } from '../../firmware/video/sessions.ts';
import { browserMissing, launchBrowser, type TestBrowser } from '../browser.ts';
import { skipWithoutKvs } from '../native/kvs-present.ts';
import { pause } from './contract/bench.ts';
import { createClipCamera, encodeClip } from './contract/clip-camera.ts';
import { until } from './contract/engine-rig.ts';
import { SESSIONS, watch } from './contract/session-viewer.ts';
import { createUdpRelay } from './contract/udp-relay.ts';

const FRAMES_PER_S = 30;
const CLIP = { width: 320, height: 240, framesPerS: FRAMES_PER_S, seconds: 8, kbps: 400 };
const LOST_RATIO = 0.05;
const ONE_WAY_MS = 50;
const BAD_S = 6;
/** As the page drives: at least four commands in every watchdog window of 400 ms. */
const COMMAND_EVERY_MS = 80;
const WATCHDOG_MS = 400;

const missing = browserMissing();
if (missing) console.log(`SKIP a lossy link: ${missing}; enable: apt install chromium`);
const withoutKvs = skipWithoutKvs('a lossy link with kvs');

let browser: TestBrowser | undefined;
let clip: Buffer[] = [];
test.before(async () => {
  if (!missing) [browser, clip] = await Promise.all([launchBrowser(), encodeClip(CLIP)]);
});
test.after(async () => {
  await browser?.close();
});

/** Not by chance, so that every run loses as many: the same pseudo-random row for all. */
function lossy(): () => boolean {
  let state = 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647 >= LOST_RATIO;
  };
}

for (const [name, makeEngine] of [
  ['datachannel', () => createDatachannelEngine()],
  ['kvs', () => createKvsEngine()],
] as readonly (readonly [string, () => VideoEngine])[]) {
  const skipped = missing !== null || (name === 'kvs' && withoutKvs);
  (skipped ? test.skip : test)(`${name}: 5 % lost and 100 ms round trip`, async () => {
    const engine = makeEngine();
    const camera = createClipCamera(clip, FRAMES_PER_S);
    const sessions = createVideoSessions({ ...SESSIONS, camera, engine });
    const relay = createUdpRelay();
    relay.delayMs = ONE_WAY_MS;
    const page = await browser!.browser.newPage();
    const arrivedMs: number[] = [];
    try {
      const viewer = await watch(sessions, 'driver', page, {
        relay,
        onData: (text) => {
          if (text.startsWith('drive')) arrivedMs.push(performance.now());
        },
      });
      await until('frames are decoded', async () => (await viewer.decoded()) > 30);
      await until('the data channel is open', async () => (await viewer.page.channelState('v')) === 'open');
      const passes = lossy();
      relay.passes = passes;
      await page.evaluate((everyMs) => {
        const { channel } = window.viewers.get('v')!;
        setInterval(() => channel.send(`drive ${performance.now()}`), everyMs);
      }, COMMAND_EVERY_MS);
      const before = await viewer.decoded();
      await pause(BAD_S * 1000);
      const decoded = (await viewer.decoded()) - before;
      const gapsMs = arrivedMs.slice(1).map((ms, n) => ms - (arrivedMs[n] ?? ms));
      const longestMs = Math.max(...gapsMs);
      relay.passes = () => true;
      const bad = await viewer.decoded();
      const wholeMs = await until(
        'video is whole again',
        async () => (await viewer.decoded()) > bad + FRAMES_PER_S,
      );
      console.log(
        `MEASURED ${name}: with 5 % lost ${decoded} of ${BAD_S * FRAMES_PER_S} frames, ` +
          `${arrivedMs.length} commands with at most ${longestMs.toFixed(0)} ms between two, ` +
          `a second of video ${wholeMs.toFixed(0)} ms after the loss ended`,
      );
      assert.ok(decoded > (BAD_S * FRAMES_PER_S) / 2, `${decoded} frames decoded`);
      assert.ok(wholeMs < 3000, `${wholeMs} ms`);
      assert.ok(arrivedMs.length > (0.8 * BAD_S * 1000) / COMMAND_EVERY_MS, `${arrivedMs.length} commands`);
      assert.ok(longestMs < WATCHDOG_MS, `${longestMs} ms without a command`);
      assert.equal(viewer.closed, []);
    } finally {
      await sessions.close();
      await engine.close();
      await camera.close();
      await relay.close();
      await page.close();
    }
  });
}

test.run();
