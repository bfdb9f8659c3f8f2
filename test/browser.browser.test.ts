import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { browserMissing, launchBrowser, withBrowser } from './browser.ts';

const missing = browserMissing();
if (missing)
  console.log(`SKIP browser helper: ${missing}; enable: apt install chromium, or set ROVERD_CHROMIUM`);
const browserTest = missing ? test.skip : test;

browserTest('decodes H.264 over WebRTC', async () => {
  await withBrowser(async ({ browser }) => {
    const page = await browser.newPage();
    const codecs = await page.evaluate(() =>
      RTCRtpReceiver.getCapabilities('video')?.codecs.map((codec) => codec.mimeType),
    );
    assert.ok(codecs?.includes('video/H264'), `Chromium offers only ${codecs}`);
  });
});

browserTest('a killed browser is gone, and closing it afterwards does nothing', async () => {
  const testBrowser = await launchBrowser();
  const page = await testBrowser.browser.newPage();
  const gone = new Promise<void>((resolve) => testBrowser.browser.once('disconnected', () => resolve()));
  await testBrowser.kill();
  await gone;
  assert.throws(() => process.kill(testBrowser.pid, 0), /ESRCH/);
  assert.ok(page.isClosed());
  await testBrowser.close();
});

test.run();
