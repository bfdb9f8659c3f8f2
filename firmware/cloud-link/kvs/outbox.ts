import { asyncScheduler, type SchedulerLike, type Subscription } from 'rxjs';
import { Bucket } from '../../teleop/bucket.ts';

/** Quotas of a socket: 20 candidates and 5 answers a second. Kept to a little below. */
const PACE = { candidate: { perS: 18, burst: 18 }, answer: { perS: 4, burst: 4 } } as const;
/** Ten viewers with a dozen candidates each. */
const MAX_WAITING = 256;
/** A viewer has given up by then. */
const MAX_AGE_MS = 15_000;
const AGAIN_MS = 60;

interface Waiting {
  readonly kind: keyof typeof PACE;
  readonly text: string;
  readonly sinceMs: number;
}

/** Messages to viewers, held to the service's pace, and kept for a moment while the socket is being replaced. */
export class Outbox {
  readonly #send: (text: string) => boolean;
  readonly #nowMs: () => number;
  readonly #scheduler: SchedulerLike;
  readonly #buckets: Readonly<Record<keyof typeof PACE, Bucket>>;
  #waiting: Waiting[] = [];
  #again: Subscription | null = null;

  /** @param send false when there is no open socket */
  constructor(
    send: (text: string) => boolean,
    nowMs: () => number,
    scheduler: SchedulerLike = asyncScheduler,
  ) {
    this.#send = send;
    this.#nowMs = nowMs;
    this.#scheduler = scheduler;
    const bucket = (kind: keyof typeof PACE) => new Bucket(PACE[kind].perS, PACE[kind].burst, nowMs());
    this.#buckets = { candidate: bucket('candidate'), answer: bucket('answer') };
  }

  /** False when too many wait already. */
  push(kind: keyof typeof PACE, text: string): boolean {
    if (this.#waiting.length >= MAX_WAITING) return false;
    this.#waiting.push({ kind, text, sinceMs: this.#nowMs() });
    this.flush();
    return true;
  }

  /** To be called when a socket has opened, too. */
  flush(): void {
    const nowMs = this.#nowMs();
    const waiting = this.#waiting.filter(({ sinceMs }) => nowMs - sinceMs < MAX_AGE_MS);
    const held: Waiting[] = [];
    let open = true;
    for (const one of waiting) {
      // Order within a kind stays; between them it does not matter to a viewer.
      const turn = open && !held.some(({ kind }) => kind === one.kind) && this.#buckets[one.kind].take(nowMs);
      if (turn) open = this.#send(one.text);
      if (!turn || !open) held.push(one);
    }
    this.#waiting = held;
    this.#again?.unsubscribe();
    if (held.length > 0) this.#again = this.#scheduler.schedule(() => this.flush(), AGAIN_MS);
  }

  close(): void {
    this.#waiting = [];
    this.#again?.unsubscribe();
  }
}
