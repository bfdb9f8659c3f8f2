/**
 * What every video engine has to do, shown against a real Chromium with real H.264. Nothing in here knows which
 * engine it is.
 */
import { suite } from 'uvu';
import type { VideoEngine } from '../../firmware/video/engine.ts';
import { browserMissing, launchBrowser } from '../browser.ts';
import { type Bench, type Check, FRAMES_PER_S } from './contract/bench.ts';
import { createClipCamera, encodeClip } from './contract/clip-camera.ts';
import { checkConnections } from './contract/connections.ts';
import { checkEndings } from './contract/endings.ts';
import { createRig } from './contract/engine-rig.ts';
import { checkPictures } from './contract/pictures.ts';

const VGA = { width: 640, height: 480, framesPerS: FRAMES_PER_S, seconds: 8, kbps: 1500 };
const SMALL = { width: 320, height: 240, framesPerS: FRAMES_PER_S, seconds: 8, kbps: 400 };

/** `more` adds checks of this engine alone. */
export function engineContract(
  name: string,
  makeEngine: () => VideoEngine,
  more: (check: Check) => void = () => {},
): void {
  const tests = suite<Partial<Bench>>(`engine ${name}`, {});
  const missing = browserMissing();
  if (missing) console.log(`SKIP engine ${name}: ${missing}; enable: apt install chromium`);

  const check: Check = (what, run, clip = 'vga') =>
    (missing ? tests.skip : tests)(what, async (context) => {
      const bench = context as Bench;
      const page = await bench.browser.browser.newPage();
      const camera = createClipCamera(bench.clips[clip], FRAMES_PER_S);
      const rig = await createRig(page, bench.engine, camera);
      try {
        await run(rig, { page, camera, bench });
      } finally {
        await rig.close();
        await camera.close();
        await page.close();
      }
    });

  tests.before(async (context) => {
    if (missing) return;
    const [browser, vga, small] = await Promise.all([launchBrowser(), encodeClip(VGA), encodeClip(SMALL)]);
    Object.assign(context, { engine: makeEngine(), browser, clips: { vga, small } } satisfies Bench);
  });
  tests.after(async ({ engine, browser }) => {
    await engine?.close();
    await browser?.close();
  });

  for (const checks of [checkPictures, checkConnections, checkEndings, more]) checks(check);
  tests.run();
}
