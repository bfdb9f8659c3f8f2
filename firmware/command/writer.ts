import type { Drivetrain } from '../drive/drivetrain.ts';
import type { WheelRatios } from './report.ts';

export interface WriterEvents {
  /** A write or a stop was refused by the hardware, or it took too long. */
  failed(code: 'drivetrain_failed' | 'drivetrain_silent', detail: string): void;
  /** The hardware answers again and stands still. */
  recovered(): void;
  /** The hardware has taken the wheels that the command `seq` asked for. */
  applied(seq: number | null): void;
  wrote(): void;
  skipped(): void;
}

/**
 * Brings the newest wheels to the drivetrain. One `set` at a time; what came in between is skipped, never queued.
 * A stop waits for nothing: it is issued also while a `set` hangs, and once more when that `set` has come back,
 * because nobody knows which of the two the hardware took last. A failed stop is tried again with every tick.
 */
export class Writer {
  readonly #drivetrain: Drivetrain;
  readonly #timeoutMs: number;
  readonly #events: WriterEvents;
  #wanted: WheelRatios = { left: 0, right: 0 };
  #wantedSeq: number | null = null;
  /** What the hardware surely has; null when that is unknown, as at the start. */
  #settled: WheelRatios | null = null;
  #setting: { sinceMs: number; stopIssued: boolean } | null = null;
  #stopping: { sinceMs: number } | null = null;
  #stopFailed = false;
  #forgotten = 0;
  /** Motion that is wanted and not yet on its way. */
  #pending = false;
  /** As told last: when a write is made that waited for another one. */
  #nowMs = 0;

  constructor(drivetrain: Drivetrain, timeoutMs: number, events: WriterEvents) {
    this.#drivetrain = drivetrain;
    this.#timeoutMs = timeoutMs;
    this.#events = events;
  }

  /** @param seq the command these wheels come from, null for a stop or a command without number */
  want(wheels: WheelRatios, seq: number | null, nowMs: number): void {
    if (this.#pending && !isStill(this.#wanted) && !same(this.#wanted, wheels)) this.#events.skipped();
    this.#wanted = wheels;
    this.#wantedSeq = seq;
    this.#pending = true;
    this.#nowMs = nowMs;
    this.#pump();
  }

  /**
   * The hardware was written to from outside, now or while a write of ours is under way: a stop is written again
   * with the next tick, a motion when it is next asked for.
   */
  forget(): void {
    this.#settled = null;
    this.#forgotten += 1;
  }

  tick(nowMs: number): void {
    for (const write of [this.#setting, this.#stopping]) {
      if (write && nowMs - write.sinceMs > this.#timeoutMs) {
        this.#events.failed('drivetrain_silent', `no answer for ${this.#timeoutMs} ms`);
      }
    }
    this.#stopFailed = false;
    this.#nowMs = nowMs;
    this.#pump();
  }

  #pump(): void {
    if (isStill(this.#wanted)) this.#pumpStop();
    else this.#pumpSet();
  }

  #pumpStop(): void {
    if (this.#stopping || this.#stopFailed) return;
    if (this.#setting ? this.#setting.stopIssued : this.#settled && isStill(this.#settled)) return;
    this.#stopping = { sinceMs: this.#nowMs };
    const overtaken = this.#setting;
    if (overtaken) overtaken.stopIssued = true;
    this.#settled = null;
    const forgotten = this.#forgotten;
    this.#attempt(() => this.#drivetrain.stop()).then((error) => {
      this.#stopping = null;
      if (error) {
        this.#stopFailed = true;
        this.#events.failed('drivetrain_failed', error.message);
        return;
      }
      this.#events.wrote();
      if (!overtaken) {
        if (forgotten === this.#forgotten) this.#settled = { left: 0, right: 0 };
        this.#events.recovered();
      }
      this.#pump();
    });
  }

  #pumpSet(): void {
    if (this.#setting || this.#stopping || !this.#pending) return;
    this.#pending = false;
    const wheels = this.#wanted;
    const seq = this.#wantedSeq;
    if (this.#settled && same(this.#settled, wheels)) {
      this.#events.applied(seq);
      return;
    }
    this.#setting = { sinceMs: this.#nowMs, stopIssued: false };
    this.#settled = null;
    const forgotten = this.#forgotten;
    this.#attempt(() => this.#drivetrain.set(wheels.left, wheels.right)).then((error) => {
      this.#setting = null;
      if (error) {
        this.#events.failed('drivetrain_failed', error.message);
      } else {
        if (forgotten === this.#forgotten) this.#settled = wheels;
        this.#events.wrote();
        this.#events.applied(seq);
      }
      this.#pump();
    });
  }

  async #attempt(write: () => Promise<void>): Promise<Error | null> {
    try {
      await write();
      return null;
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }
}

export function isStill(wheels: WheelRatios): boolean {
  return wheels.left === 0 && wheels.right === 0;
}

export function same(a: WheelRatios, b: WheelRatios): boolean {
  return a.left === b.left && a.right === b.right;
}
