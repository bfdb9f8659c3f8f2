import type { Clock } from '../command/pipeline.ts';

/**
 * The time by AWS's clock: a robot without a clock battery starts somewhere in the past, and AWS refuses what is
 * signed more than five minutes off. Once learned from an answer's `Date` it runs on the monotonic clock, so that
 * a step of this machine's own wall clock changes nothing.
 */
export class AwsClock {
  readonly #clock: Clock;
  /** AWS's wall clock minus this machine's monotonic clock. */
  #aheadMs: number | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Milliseconds since 1970. This machine's wall clock until AWS's is known. */
  wallMs(): number {
    return this.#aheadMs === null ? this.#clock.wallMs() : this.#clock.nowMs() + this.#aheadMs;
  }

  /** How far AWS is ahead of this machine's wall clock, in ms. */
  skewMs(): number {
    return this.wallMs() - this.#clock.wallMs();
  }

  /**
   * Takes the `Date` header of an answer that has just come over TLS.
   * @returns by how many ms this corrected the clock; 0 for a header that is missing or no date
   */
  observe(dateHeader: string | undefined): number {
    // RFC 9110 5.6.7 cuts the time off at whole seconds: half a second later is the best guess.
    const dateMs = Date.parse(dateHeader ?? '') + 500;
    if (Number.isNaN(dateMs)) return 0;
    const correctionMs = dateMs - this.wallMs();
    this.#aheadMs = dateMs - this.#clock.nowMs();
    return correctionMs;
  }
}
