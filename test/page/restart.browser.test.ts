import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import '../../firmware/teleop/page/report.ts';
import { launchBrowser } from '../browser.ts';
import { PATIENT, startProcess } from '../robot-process.ts';
import { drives, openPage, stands, untilState } from './cockpit.ts';

const test = suite('the robot restarts under the page');

for (const how of ['SIGTERM', 'SIGKILL'] as const) {
  test(`${how}: the page says so, and drives again by itself within 2 s of the return`, async () => {
    const stateDir = mkdtempSync(join(tmpdir(), 'roverd-restart-'));
    const chromium = await launchBrowser();
    let robot = await startProcess({ stateDir, settings: PATIENT });
    const port = Number(new URL(robot.url).port);
    const page = await openPage({ robot, chromium });
    await page.keyboard.down('ArrowUp');
    await untilState(robot, 'drives', drives);
    robot.child.kill(how);
    await page.waitForFunction(() => window.roverd.connection.phase !== 'open');
    assert.match(
      await page.locator('body').innerText(),
      /robot (does not answer|is restarting)|link to the robot is lost/i,
    );

    await page.waitForTimeout(1500);
    robot = await startProcess({ stateDir, port, settings: PATIENT });
    const backMs = performance.now();
    await page.waitForFunction(() => window.roverd.connection.phase === 'open', null, {
      timeout: 5000,
      polling: 20,
    });
    const tookMs = performance.now() - backMs;
    assert.ok(tookMs < 2000, `connected ${tookMs} ms after the return`);
    await page.waitForTimeout(300);
    assert.ok(stands(await robot.state()), 'a key held all the while does not set it in motion');
    await page.keyboard.up('ArrowUp');
    await page.keyboard.down('ArrowDown');
    await untilState(robot, 'drives again', drives);
    await page.keyboard.up('ArrowDown');
    const frames = await page.evaluate(() => window.roverd.stats.frames);
    await page.waitForFunction((before) => window.roverd.stats.frames > before + 10, frames, {
      timeout: 15_000,
    });
    await chromium.close();
    await robot.end();
    rmSync(stateDir, { recursive: true });
  });
}

test.run();
