import type { Page } from 'playwright-core';
import * as assert from 'uvu/assert';
import '../../firmware/teleop/page/report.ts';
import { cockpitSuite, openPage, stands, untilState } from './cockpit.ts';

const ROUND_TRIP_MS = 1500;
/** Far enough from both bounds, 1500 and 1125 ms, for a machine that is busy. */
const DELAY_MS = 2500;

const test = cockpitSuite('a weak link', {
  'limits.roundTripMs': ROUND_TRIP_MS,
  'limits.roundTripSpeedRatio': 0.3,
  'limits.setAfterMs': 200,
  'limits.clearAfterMs': 200,
  // A page that hears its robot late sends its commands late as well.
  'command.watchdogMs': 1000,
});

/** Lets what the robot says reach the page late, by as much as `path.delayMs` says. */
async function delayed(page: Page, path: { delayMs: number }): Promise<void> {
  await page.routeWebSocket(/\/teleop/, (socket) => {
    const robot = socket.connectToServer();
    robot.onMessage((message) => void setTimeout(() => socket.send(message), path.delayMs));
  });
}

test('a slow link lowers the top speed, the page says why, and both end with it', async (cockpit) => {
  const path = { delayMs: 0 };
  const page = await openPage(cockpit, { prepare: (fresh) => delayed(fresh, path) });
  const why = page.locator('#situation li', {
    hasText: /The link is slow \(round trip [\d.]+ m?s\): 30 % speed\./,
  });
  await page.keyboard.down('ArrowUp');
  await untilState(cockpit.robot, 'drives at full speed', ({ wheels }) => wheels.left === 1);
  assert.is(await why.count(), 0);

  path.delayMs = DELAY_MS;
  const slow = await untilState(
    cockpit.robot,
    'drives at 30 %',
    ({ wheels }) => Math.abs(wheels.left - 0.3) < 1e-9,
    15_000,
  );
  assert.ok(slow.reasons.some(({ code, severity }) => code === 'link_slow' && severity === 'limit'));
  await why.waitFor({ state: 'visible', timeout: 15_000 });

  path.delayMs = 0;
  await untilState(cockpit.robot, 'drives at full speed again', ({ wheels }) => wheels.left === 1, 15_000);
  await why.waitFor({ state: 'detached', timeout: 15_000 });
  await page.keyboard.up('ArrowUp');
  await untilState(cockpit.robot, 'stops', stands);
  await page.context().close();
});

test.run();
