import type { CloudStatus } from '../telemetry/cloud-status.ts';
import { DroppingBuffer } from './telemetry-buffer.ts';

/** One message on `<name>/telemetry` but for `dropped` and `late`, which are known when it is sent. */
export interface TelemetrySample {
  /** When it was taken, by the robot's wall clock; ms since 1970. */
  readonly atMs: number;
  readonly [field: string]: unknown;
}

export interface TelemetryFeedOptions {
  readonly bufferSamples: number;
  /** Of kept samples, a second. */
  readonly replayPerS: number;
  /** @throws Error when the sample has not reached the broker */
  readonly publish: (payload: string) => Promise<void>;
}

/**
 * Publishes samples as they are taken; while that fails keeps the newest and publishes them later, oldest first,
 * at a bounded rate and with their own times. Time is passed in, in monotonic ms.
 */
export class TelemetryFeed {
  readonly #options: TelemetryFeedOptions;
  readonly #kept: DroppingBuffer<TelemetrySample>;
  #connected = false;
  #published = 0;
  #replayedMs = Number.NEGATIVE_INFINITY;
  #replaying = false;

  constructor(options: TelemetryFeedOptions) {
    this.#options = options;
    this.#kept = new DroppingBuffer(options.bufferSamples);
  }

  get counts(): CloudStatus['telemetry'] {
    return { published: this.#published, buffered: this.#kept.size, dropped: this.#kept.dropped };
  }

  connection(connected: boolean): void {
    this.#connected = connected;
  }

  async add(sample: TelemetrySample): Promise<void> {
    if (!this.#connected || !(await this.#send(sample, false))) this.#kept.push(sample);
  }

  /** To be called regularly: sends one kept sample when it is time. */
  async replay(nowMs: number): Promise<void> {
    if (!this.#connected || this.#replaying || this.#kept.size === 0) return;
    if (nowMs - this.#replayedMs < 1000 / this.#options.replayPerS) return;
    this.#replayedMs = nowMs;
    this.#replaying = true;
    const sample = this.#kept.shift();
    if (sample && !(await this.#send(sample, true))) this.#kept.unshift(sample);
    this.#replaying = false;
  }

  async #send(sample: TelemetrySample, late: boolean): Promise<boolean> {
    try {
      const more = { dropped: this.#kept.dropped, ...(late ? { late } : {}) };
      await this.#options.publish(JSON.stringify({ ...sample, ...more }));
      this.#published += 1;
      return true;
    } catch {
      // The connection ended under it, or the broker refuses: it stays kept.
      return false;
    }
  }
}
