import type { Page } from 'playwright-core';
import '../../firmware/teleop/page/report.ts';
import { launchBrowser } from '../browser.ts';
import { startProcess } from '../robot-process.ts';
import { type Figure, figure, quantile, sleep } from './figure.ts';
import { residentMiB } from './process.ts';

const FIRST_FRAMES = 10;
const COMMANDS = 100;

/** The picture as a person gets it: the real process, a real page, decoded frames. */
export async function bench(): Promise<Figure[]> {
  const { browser, close } = await launchBrowser();
  try {
    const figures: Figure[] = [];
    const firstFrames: number[] = [];
    for (let i = 0; i < FIRST_FRAMES; i++) {
      const robot = await startProcess();
      await sleep(500);
      const page = await browser.newPage();
      await watch(page, robot.address);
      firstFrames.push(await page.evaluate(() => window.roverd.stats.firstFrameMs!));
      await page.close();
      await robot.end();
    }
    figures.push(
      figure('first frame after opening the page, robot freshly started', 'ms', firstFrames, {
        median: 1000,
      }),
    );

    const robot = await startProcess();
    const page = await browser.newPage();
    await watch(page, robot.address);
    await sleep(2_000);
    const delays = await commandDelays(page);
    figures.push(figure('command to picture', 'ms', delays, { median: 60, p95: 100 }));
    const ages = await page.evaluate(() => [...window.roverd.delays.pictureAgeMs]);
    figures.push(figure('age of a picture when shown', 'ms', ages.slice(-500)));
    figures.push(figure('command to picture, p95', 'ms', [quantile(delays, 0.95)], { median: 100 }));
    figures.push(figure('resident memory, one viewer', 'MiB', [residentMiB(robot.pid)], { median: 160 }));
    await page.close();
    await robot.end();
    return figures;
  } finally {
    await close();
  }
}

async function watch(page: Page, address: string): Promise<void> {
  await page.goto(address);
  await page.waitForFunction(() => window.roverd?.stats.frames > 0, null, { timeout: 20_000, polling: 50 });
}

/** Short turns at irregular times, so that no frame clock favours them. */
async function commandDelays(page: Page): Promise<number[]> {
  const before = await page.evaluate(() => window.roverd.delays.commandToPictureMs.length);
  for (let i = 0; i < COMMANDS; i++) {
    const key = i % 2 ? 'ArrowLeft' : 'ArrowRight';
    await page.keyboard.down(key);
    await sleep(90 + Math.random() * 60);
    await page.keyboard.up(key);
    await sleep(30 + Math.random() * 60);
  }
  return page.evaluate((start) => window.roverd.delays.commandToPictureMs.slice(start), before);
}
