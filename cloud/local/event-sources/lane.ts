import type { DeskClock } from '../desk/clock.ts';
import type { StreamRecord } from '../dynamodb/stream.ts';

export interface LaneOptions {
  readonly batchSize: number;
  readonly windowMs: number;
  readonly clock: DeskClock;
  /** Brings a batch to its end. */
  finish(batch: readonly StreamRecord[]): Promise<void>;
  /** After each batch. */
  onRoom(): void;
}

/** Batches one after the other: in this, the order of the stream is kept. */
export class Lane {
  readonly #options: LaneOptions;
  #waiting: StreamRecord[] = [];
  #inWork = 0;
  #runs = false;
  #isFull: (() => void) | null = null;

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  /** Records that are not done with. */
  get held(): number {
    return this.#waiting.length + this.#inWork;
  }

  push(record: StreamRecord): void {
    this.#waiting.push(record);
    if (this.#waiting.length >= this.#options.batchSize) this.#isFull?.();
    if (!this.#runs) void this.#run();
  }

  async #run(): Promise<void> {
    const { batchSize, finish, onRoom } = this.#options;
    this.#runs = true;
    // What comes in one go makes one batch.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      await this.#gather();
      const batch = this.#waiting.splice(0, batchSize);
      this.#inWork = batch.length;
      await finish(batch);
      this.#inWork = 0;
      onRoom();
    }
    this.#runs = false;
  }

  /** Until there is a whole batch, or the window is over. */
  #gather(): Promise<void> | void {
    const { batchSize, windowMs, clock } = this.#options;
    if (windowMs === 0 || this.#waiting.length >= batchSize) return;
    return new Promise((resolve) => {
      const done = () => {
        callOff();
        this.#isFull = null;
        resolve();
      };
      const callOff = clock.after(windowMs, done);
      this.#isFull = done;
    });
  }
}
