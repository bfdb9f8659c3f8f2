import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { packageRoot } from '../../config/paths.ts';
import {
  type CaptureEvent,
  type CaptureOptions,
  type CaptureSource,
  type CaptureStats,
  loadAddon,
} from '../../native/addon.ts';

export const addonPath = join(packageRoot(), 'build', 'Release', 'roverd_native.node');

export type Unit = Extract<CaptureEvent, { type: 'unit' }>;
export type Broken = Extract<CaptureEvent, { type: 'error' }>;

const WAIT_MS = 20_000;

export const nowUs = () => Number(process.hrtime.bigint() / 1000n);

export function captureOptions(source: CaptureSource, rest: Partial<CaptureOptions> = {}): CaptureOptions {
  return {
    source,
    width: 320,
    height: 240,
    framesPerS: 30,
    bitrateKbps: 500,
    keyFrameIntervalS: 60,
    encoder: 'auto',
    stallMs: 5000,
    ...rest,
  };
}

/** A capture whose events are kept. */
export class Recording {
  readonly id: number;
  readonly units: Unit[] = [];
  readonly arrivalsUs: number[] = [];
  readonly errors: Broken[] = [];
  stats: CaptureStats | undefined;
  onUnit: (unit: Unit) => void = () => {};

  constructor(source: CaptureSource, rest: Partial<CaptureOptions> = {}) {
    this.id = loadAddon().startCapture(captureOptions(source, rest), (event) => {
      if (event.type === 'unit') {
        this.units.push(event);
        this.arrivalsUs.push(nowUs());
        this.onUnit(event);
      } else if (event.type === 'error') this.errors.push(event);
      else if (event.type === 'stopped') this.stats = event.stats;
    });
  }

  async until(condition: () => boolean, what: string): Promise<void> {
    const endMs = performance.now() + WAIT_MS;
    while (!condition()) {
      if (performance.now() > endMs) {
        const seen = `${this.units.length} units, errors ${JSON.stringify(this.errors)}`;
        throw new Error(`Waited ${WAIT_MS} ms for ${what}; got ${seen}`);
      }
      await sleep(2);
    }
  }

  untilUnits(count: number): Promise<void> {
    return this.until(() => this.units.length >= count, `${count} access units`);
  }

  /** Waits for the capture to end by itself. */
  async ended(): Promise<CaptureStats> {
    await this.until(() => this.stats !== undefined, 'the end of the capture');
    return this.stats as CaptureStats;
  }

  stop(): Promise<CaptureStats> {
    loadAddon().stopCapture(this.id);
    return this.ended();
  }

  push(rgba: Uint8Array | Uint8ClampedArray, capturedUs: number): boolean {
    return loadAddon().pushFrame(this.id, rgba, capturedUs);
  }

  /** Pushes until the encoder has room for it: what a test needs that counts pictures. */
  async pushTaken(rgba: Uint8Array, capturedUs: number): Promise<void> {
    await this.until(() => this.push(rgba, capturedUs), 'a pushed picture to be taken');
    // Lets units in: a loop that never does is a reader that does not keep up.
    await setImmediate();
  }
}

/** Noise with a pattern of its own for each `seed`: the hardest thing to code, so that a bit rate is used up. */
export function noise(width: number, height: number, seed: number): Uint8Array {
  const rgba = new Uint8Array(width * height * 4);
  let state = seed * 2654435761 + 1;
  for (let i = 0; i < rgba.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    rgba[i] = state >>> 24;
  }
  return rgba;
}

/** Encodes a short clip to a file of the container its muxer makes. */
export async function makeVideo(path: string, muxer: string, pictures = 30): Promise<void> {
  const pipeline = [
    ...`videotestsrc num-buffers=${pictures} pattern=ball`.split(' '),
    ...'! video/x-raw,format=I420,width=320,height=240,framerate=30/1 ! x264enc key-int-max=15'.split(' '),
    ...`${muxer} ! filesink`.split(' '),
    `location=${path}`,
  ];
  await promisify(execFile)('gst-launch-1.0', ['-q', ...pipeline]);
}

export const openFiles = () => readdirSync('/proc/self/fd').length;
export const threads = () =>
  Number(/^Threads:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
export const residentMb = () => process.memoryUsage.rss() / 2 ** 20;
