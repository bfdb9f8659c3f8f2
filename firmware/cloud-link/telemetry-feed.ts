import type { CloudStatus } from '../telemetry/cloud-status.ts';
import { DroppingBuffer } from './telemetry-buffer.ts';

/** One message on `<name>/telemetry` but for `dropped` and `late`, which are known when it is sent. */
export interface TelemetrySample {
  /** When it was taken, by the robot's wall clock; ms since 1970. */
  readonly atMs: number;
  readonly [field: string]: unknown;
}

interface Taken {
  /** In the order of taking. */
  readonly number: number;
  readonly sample: TelemetrySample;
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
  readonly #kept: DroppingBuffer<Taken>;
  #connected = false;
  #taken = 0;
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
    const taken = { number: this.#taken++, sample };
    if (!this.#connected || !(await this.#send(taken, false))) this.#kept.put(taken);
  }

  /** To be called regularly: sends one kept sample when it is time. */
  async replay(nowMs: number): Promise<void> {
    if (!this.#connected || this.#replaying || this.#kept.size === 0) return;
    if (nowMs - this.#replayedMs < 1000 / this.#options.replayPerS) return;
    this.#replayedMs = nowMs;
    this.#replaying = true;
    const oldest = this.#kept.shift();
    if (oldest && !(await this.#send(oldest, true))) this.#kept.put(oldest);
    this.#replaying = false;
  }

  async #send({ sample }: Taken, late: boolean): Promise<boolean> {
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
