import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { packageRoot } from '../../config/paths.ts';
import type { RobotState } from '../../firmware/teleop/wire.ts';
import { launchBrowser, type TestBrowser } from '../browser.ts';
import { PATIENT, type ProcessOptions, type RobotProcess, startProcess } from '../robot-process.ts';

/** Asking without a pause would take the robot's core, and its patience: teleop.requestsPerS. */
const POLL_MS = 10;

export interface Cockpit {
  robot: RobotProcess;
  chromium: TestBrowser;
}

/** A suite over one robot process and one browser. Each test gets a robot at rest, without operator. */
export function cockpitSuite(name: string, settings: ProcessOptions['settings'] = {}) {
  const cockpit = suite<Cockpit>(name);
  cockpit.before(async (context) => {
    context.robot = await startProcess({ settings: { ...PATIENT, ...settings } });
    context.chromium = await launchBrowser();
  });
  cockpit.after(async ({ robot, chromium }) => {
    await chromium.close();
    assert.is(await robot.end(), 0, 'the robot ends in good order');
  });
  cockpit.before.each(async ({ robot, chromium }) => {
    // A test that failed leaves its page behind, and with it the lease.
    for (const left of chromium.browser.contexts()) await left.close();
    await robot.publish({ reset: true });
    await untilState(
      robot,
      'at rest without operator',
      ({ operator, wheels }) => !operator && wheels.left === 0,
    );
  });
  return cockpit;
}

interface OpenOptions extends BrowserContextOptions {
  readonly address?: string;
  /** Before the page is loaded. */
  readonly prepare?: (page: Page) => Promise<void>;
}

/** Opens a page and waits for its first picture and the data channel. */
export async function openPage(
  { robot, chromium }: Cockpit,
  { address = robot.address, prepare, ...options }: OpenOptions = {},
): Promise<Page> {
  const context = await chromium.browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  await prepare?.(page);
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('close', () => assert.equal(faults, []));
  await page.goto(address);
  await page.waitForFunction(
    () => window.roverd.stats.frames > 0 && window.roverd.connection.transport === 'channel',
    null,
    {
      timeout: 15_000,
    },
  );
  return page;
}

/** Polls the robot itself, not the page. */
export async function untilState(
  robot: RobotProcess,
  what: string,
  holds: (state: RobotState) => boolean,
  withinMs = 5000,
): Promise<RobotState> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const state = await robot.state();
    if (holds(state)) return state;
    if (performance.now() > deadline) {
      const { wheels, operator, reasons, estop } = state;
      throw new Error(
        `not within ${withinMs} ms: ${what}; ${JSON.stringify({ wheels, operator, reasons, estop })}`,
      );
    }
    await delay(POLL_MS);
  }
}

/** Stopped because its operator said so, not because commands failed to come. */
export function stoppedByWord(state: RobotState): boolean {
  return stands(state) && !state.reasons.some(({ code }) => code === 'watchdog');
}

export const drives = ({ wheels }: RobotState) => wheels.left !== 0 || wheels.right !== 0;
export const stands = (state: RobotState) => !drives(state);

/** A small grey copy of what the video element shows, without the strip at the top. */
export function picture(page: Page): Promise<number[]> {
  return page.evaluate(() => {
    const video = document.querySelector('video')!;
    const canvas = Object.assign(document.createElement('canvas'), { width: 32, height: 24 });
    const context = canvas.getContext('2d')!;
    const top = video.videoHeight / 10;
    context.drawImage(video, 0, top, video.videoWidth, video.videoHeight - top, 0, 0, 32, 24);
    const { data } = context.getImageData(0, 0, 32, 24);
    return Array.from(
      { length: 32 * 24 },
      (_, i) => (data[4 * i]! + data[4 * i + 1]! + data[4 * i + 2]!) / 3,
    );
  });
}

/** Mean difference of two such copies, 0..255. */
export function difference(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, index) => sum + Math.abs(value - b[index]!), 0) / a.length;
}

/** Gamepads as the page sees them, moved by the test: headless Chromium has no hardware to plug in. */
export async function emulateGamepad(page: Page): Promise<void> {
  await page.evaluate(() => {
    const pad = {
      index: 0,
      id: 'test',
      connected: true,
      mapping: 'standard',
      axes: [0, 0, 0, 0],
      timestamp: 0,
    };
    const buttons = Array.from({ length: 17 }, () => ({ pressed: false, touched: false, value: 0 }));
    const holder = { pad: { ...pad, buttons } as object | null };
    Object.assign(window, { testPad: holder });
    Object.defineProperty(navigator, 'getGamepads', { value: () => [holder.pad] });
    window.dispatchEvent(new Event('gamepadconnected'));
  });
}

export function setGamepad(
  page: Page,
  change: { axes?: number[]; button?: number; gone?: true },
): Promise<void> {
  return page.evaluate(({ axes, button, gone }) => {
    const holder = (
      window as unknown as { testPad: { pad: { axes: number[]; buttons: { pressed: boolean }[] } | null } }
    ).testPad;
    if (gone) {
      holder.pad = null;
      window.dispatchEvent(new Event('gamepaddisconnected'));
    } else if (holder.pad) {
      if (axes) holder.pad.axes = axes;
      if (button !== undefined) holder.pad.buttons[button]!.pressed = true;
    }
  }, change);
}

/** Keeps a picture of the page under dist/screenshots/; with ROVERD_WRITE_DOCS=1 also the one the README shows. */
export async function screenshot(page: Page, name: string): Promise<void> {
  const file = await page.screenshot({ path: join(packageRoot(), 'dist/screenshots', `${name}.png`) });
  if (process.env.ROVERD_WRITE_DOCS === '1')
    writeFileSync(join(packageRoot(), 'test/page', `${name}.png`), file);
}
