import * as assert from 'uvu/assert';
import '../../firmware/teleop/page/report.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openTokenStore } from '../../firmware/teleop/tokens.ts';
import { PATIENT, startProcess } from '../robot-process.ts';
import { cockpitSuite, drives, openPage, stands, untilState } from './cockpit.ts';

const test = cockpitSuite('several people');

test('a second operator watches, drives nothing, takes over, and the first is told', async (cockpit) => {
  const first = await openPage(cockpit);
  await first.keyboard.down('ArrowUp');
  const held = await untilState(cockpit.robot, 'the first drives', drives);
  const second = await openPage(cockpit);
  await second.keyboard.down('ArrowDown');
  await second.waitForTimeout(300);
  assert.is((await cockpit.robot.state()).operator?.id, held.operator?.id);
  await second.keyboard.up('ArrowDown');
  assert.ok(drives(await cockpit.robot.state()), 'the watching one stops nothing by letting go');
  await second.locator('#take-over').click();
  await untilState(cockpit.robot, 'stands after the take-over', (state) => {
    return stands(state) && state.operator !== null && state.operator.id !== held.operator?.id;
  });
  await second.locator('#take-over').waitFor({ state: 'hidden' });
  await second.keyboard.down('ArrowDown');
  await untilState(cockpit.robot, 'the second drives', ({ wheels }) => wheels.left < 0);
  await second.keyboard.up('ArrowDown');
  await first.keyboard.up('ArrowUp');
  await first.locator('#take-over').waitFor({ state: 'visible' });
  await first.context().close();
  await second.context().close();
});

test('a wrong or missing token gets the pairing form and nothing else', async (cockpit) => {
  for (const address of [cockpit.robot.url, `${cockpit.robot.url}/#token=rd_wrong-wrong-wrong`]) {
    const context = await cockpit.chromium.browser.newContext();
    const page = await context.newPage();
    await page.goto(address);
    await page.locator('#pairing-form').waitFor({ state: 'visible' });
    await page.keyboard.down('ArrowUp');
    await page.waitForTimeout(300);
    const { operator, viewers } = await cockpit.robot.state();
    assert.is(operator, null);
    assert.is(viewers, 0);
    await context.close();
  }
});

test('a code pairs a viewer, who sees and may stop but not drive', async (cockpit) => {
  const stateDir = mkdtempSync(join(tmpdir(), 'roverd-pair-'));
  const robot = await startProcess({ stateDir, settings: PATIENT });
  const code = openTokenStore(stateDir).createPairingCode({ role: 'viewer', ttlMs: 60_000 });
  const context = await cockpit.chromium.browser.newContext();
  const page = await context.newPage();
  await page.goto(robot.url);
  await page.fill('#pairing-code', 'AAAA-AAAA');
  await page.fill('#pairing-name', 'Grandma');
  await page.click('#pairing-submit');
  await page.locator('#pairing-error').waitFor({ state: 'visible' });
  await page.fill('#pairing-code', code);
  await page.click('#pairing-submit');
  await page.waitForFunction(() => window.roverd.stats.frames > 0, null, { timeout: 15_000 });
  assert.is(await page.evaluate(() => window.roverd.connection.role), 'viewer');
  await page.keyboard.down('ArrowUp');
  await page.waitForTimeout(500);
  await page.keyboard.up('ArrowUp');
  assert.is((await robot.state()).operator, null);
  await page.locator('#stop').click();
  const { estopBy } = await untilState(robot, 'a viewer may stop', ({ estop }) => estop);
  assert.is(estopBy, 'Grandma');
  await context.close();
  assert.is(await robot.end(), 0);
  rmSync(stateDir, { recursive: true });
});

test('a foreign page can open neither socket nor API', async (cockpit) => {
  const context = await cockpit.chromium.browser.newContext();
  const page = await context.newPage();
  const foreign = cockpit.robot.url.replace('localhost', '127.0.0.1');
  await page.goto(`${foreign}/healthz`);
  const outcome = await page.evaluate(
    async ({ url, token }) => {
      const socket = new WebSocket(`${url.replace('http', 'ws')}/teleop?token=${token}`);
      const opened = await new Promise((resolve) => {
        socket.onopen = () => resolve('opened');
        socket.onerror = () => resolve('refused');
      });
      const published = await fetch(`${url}/publish?token=${token}`, {
        method: 'POST',
        body: '{"action":"forward"}',
      })
        .then(({ type }) => type)
        .catch(() => 'refused');
      return { opened, published };
    },
    { url: cockpit.robot.url, token: cockpit.robot.token },
  );
  assert.equal(outcome, { opened: 'refused', published: 'refused' });
  const { operator, counters } = await cockpit.robot.state();
  assert.is(operator, null);
  assert.is(counters.accepted, (await cockpit.robot.state()).counters.accepted);
  await context.close();
});

test.run();
