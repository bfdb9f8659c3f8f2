import type { Page } from 'playwright-core';
import * as assert from 'uvu/assert';
import '../../firmware/teleop/page/report.ts';
import { launchBrowser } from '../browser.ts';
import {
  type Cockpit,
  cockpitSuite,
  drives,
  openPage,
  stands,
  stoppedByWord,
  untilState,
} from './cockpit.ts';

const test = cockpitSuite('every way to lose the operator stops');

/** Holds the key that drives ahead, has something happen, and measures until the robot stands. */
async function stopsBy(cockpit: Cockpit, page: Page, happen: () => Promise<unknown>): Promise<number> {
  await page.keyboard.down('ArrowUp');
  await untilState(cockpit.robot, 'drives', drives);
  const startMs = performance.now();
  await happen();
  await untilState(cockpit.robot, 'stands', stands);
  return performance.now() - startMs;
}

test('blur', async (cockpit) => {
  const page = await openPage(cockpit);
  await stopsBy(cockpit, page, () => page.evaluate(() => window.dispatchEvent(new Event('blur'))));
  await page.waitForTimeout(500);
  assert.ok(stoppedByWord(await cockpit.robot.state()), 'by its stop, and it does not go on by itself');
  await page.keyboard.up('ArrowUp');
  await page.context().close();
});

test('hidden page', async (cockpit) => {
  const page = await openPage(cockpit);
  await stopsBy(cockpit, page, () =>
    page.evaluate(() => {
      Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true });
      Object.defineProperty(document, 'hidden', { value: true, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    }),
  );
  await untilState(cockpit.robot, 'by its stop', stoppedByWord);
  await page.context().close();
});

test('tab closed', async (cockpit) => {
  const page = await openPage(cockpit);
  await stopsBy(cockpit, page, () => page.close());
  await page.context().close();
});

test('browser killed', async (cockpit) => {
  const chromium = await launchBrowser();
  const page = await openPage({ ...cockpit, chromium });
  await stopsBy(cockpit, page, () => chromium.kill());
  const { operator, reasons } = await cockpit.robot.state();
  assert.is(operator, null, 'the lease ended with the link');
  assert.is(reasons[0]?.code, 'link_ended');
  await chromium.close();
});

test('socket cut while the data channel lives', async (cockpit) => {
  const page = await openPage(cockpit);
  await stopsBy(cockpit, page, () => page.context().setOffline(true));
  await page.keyboard.up('ArrowUp');
  await page.context().close();
});

test('page frozen by the machine it runs on: the watchdog stops', async (cockpit) => {
  const page = await openPage(cockpit);
  const { counters } = await cockpit.robot.state();
  const blocking = stopsBy(cockpit, page, async () => {
    page
      .evaluate(() => {
        const until = performance.now() + 1500;
        while (performance.now() < until);
      })
      .catch(() => undefined);
  });
  const tookMs = await blocking;
  assert.ok(tookMs < 1400, `stopped after ${tookMs} ms, before the page came back`);
  assert.is((await cockpit.robot.state()).counters.watchdogStops, counters.watchdogStops + 1);
  await page.waitForTimeout(1600);
  await page.keyboard.up('ArrowUp');
  await page.context().close();
});

test.run();
