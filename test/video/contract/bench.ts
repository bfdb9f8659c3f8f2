/** What every check of an engine has at hand. */
import { readdirSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Page } from 'playwright-core';
import * as assert from 'uvu/assert';
import { type VideoEngine, VideoError } from '../../../firmware/video/engine.ts';
import type { TestBrowser } from '../../browser.ts';
import type { ClipCamera } from './clip-camera.ts';
import type { Rig } from './engine-rig.ts';

export const FRAMES_PER_S = 30;

export interface Bench {
  readonly engine: VideoEngine;
  readonly browser: TestBrowser;
  readonly clips: { readonly vga: Buffer[]; readonly small: Buffer[] };
}

export interface CheckParts {
  readonly page: Page;
  readonly camera: ClipCamera;
  readonly bench: Bench;
}

/** One page, one camera and the engine, closed whatever happens. */
export type Check = (
  what: string,
  run: (rig: Rig, parts: CheckParts) => Promise<void>,
  clip?: keyof Bench['clips'],
) => void;

/** RTP time stamps are the robot's CLOCK_MONOTONIC at 90 kHz, modulo 2^32. */
export function ageMs(monotonicMs: number, rtpTimestamp: number): number {
  const ticks = Math.round(monotonicMs * 90) % 2 ** 32;
  return ((ticks - rtpTimestamp) | 0) / 90;
}

export async function assertRejects(promise: Promise<unknown>, code: string): Promise<void> {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof VideoError && error.code === code, `expected ${code} but got ${error}`);
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export const threads = () => readdirSync('/proc/self/task').length;
export const residentMiB = () => process.memoryUsage.rss() / 2 ** 20;

export function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

/** Lets finalizers and threads that are on their way out finish. */
export async function settle(): Promise<void> {
  for (let round = 0; round < 5; round += 1) {
    collectGarbage();
    await pause(200);
  }
}
