import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { browserMissing, launchBrowser, type TestBrowser } from '../browser.ts';
import type { RobotProcess } from '../robot-process.ts';
import { LINK_BOUND_MS, STOP_BOUND_MS } from './bounds.ts';
import { type ChipMotors, nowNs } from './motors.ts';
import { startRobot } from './robot.ts';
import { type AnyRow, type Bench, row, type Stage } from './row.ts';

const PRESSES = 5;
const PRESS_MS = 2000;

/** Who drives uses the page in Chromium. */
export const browserRows: readonly AnyRow[] = [
  row({
    fault: 'the key is released',
    measured: 'from telling Chromium so, on the page',
    boundMs: STOP_BOUND_MS,
    trials: 1000,
    shortTrials: 5,
    missing: browserMissing,
    open: (stage) => PageBench.start(stage),
    async inject(bench) {
      const atNs = nowNs();
      await bench.page.keyboard.up('w');
      return atNs;
    },
  }),
  row({
    fault: 'the browser is killed',
    measured: 'from SIGKILL to all its processes',
    boundMs: LINK_BOUND_MS,
    trials: 1000,
    shortTrials: 2,
    lanes: 2,
    missing: browserMissing,
    open: (stage) => PageBench.start(stage),
    async inject(bench) {
      const atNs = nowNs();
      process.kill(-bench.chromium.pid, 'SIGKILL');
      return atNs;
    },
    mend: (bench) => bench.reopen(),
  }),
];

/** A robot and its page, which drives over the WebSocket. */
class PageBench implements Bench {
  chromium: TestBrowser;
  page: Page;
  readonly #robot: RobotProcess;
  readonly #motors: ChipMotors;

  private constructor(
    robot: RobotProcess,
    motors: ChipMotors,
    opened: { chromium: TestBrowser; page: Page },
  ) {
    this.#robot = robot;
    this.#motors = motors;
    this.chromium = opened.chromium;
    this.page = opened.page;
  }

  static async start(stage: Stage): Promise<PageBench> {
    const robot = await startRobot(stage);
    return new PageBench(robot, stage.motors, await openPage(robot));
  }

  async reopen(): Promise<void> {
    await this.chromium.kill();
    Object.assign(this, await openPage(this.#robot));
  }

  /** Pressed anew as a person would: a key held through a stall of a busy robot has to be let go. */
  async drive(): Promise<void> {
    for (let press = 1; press <= PRESSES && !this.#motors.atFullSpeed(); press++) {
      // A key that is down already is no new one.
      await this.page.keyboard.up('w');
      await this.page.keyboard.down('w');
      const endMs = performance.now() + PRESS_MS;
      while (!this.#motors.atFullSpeed() && performance.now() < endMs) await sleep(5);
    }
    if (!this.#motors.atFullSpeed()) throw new Error(`Expected full speed within ${PRESSES} presses`);
  }

  rest(): void {}

  async close(): Promise<void> {
    await this.chromium.close();
    await this.#robot.end();
  }
}

async function openPage(robot: RobotProcess): Promise<{ chromium: TestBrowser; page: Page }> {
  const chromium = await launchBrowser();
  const page = await chromium.browser.newPage();
  await page.goto(robot.address);
  await page.waitForFunction(() => window.roverd.connection.transport === 'socket');
  return { chromium, page };
}
