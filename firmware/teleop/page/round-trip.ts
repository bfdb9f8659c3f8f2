/**
 * How long a ping takes there and back. A link that answers late, or not at all, is as slow as the answer has been
 * missing. Times are the page's own, in ms.
 */
export class RoundTrip {
  #lastMs: number | null = null;
  #unansweredSinceMs: number | null = null;

  reset(): void {
    this.#lastMs = null;
    this.#unansweredSinceMs = null;
  }

  onPing(atMs: number): void {
    this.#unansweredSinceMs ??= atMs;
  }

  /** @param sentMs when the ping left that is answered now; answers come in the order of the pings */
  onPong(sentMs: number, tookMs: number): void {
    this.#lastMs = tookMs;
    if (this.#unansweredSinceMs !== null && sentMs >= this.#unansweredSinceMs) this.#unansweredSinceMs = null;
  }

  /** Null before the first answer. */
  at(nowMs: number): number | null {
    if (this.#lastMs === null || this.#unansweredSinceMs === null) return this.#lastMs;
    return Math.max(this.#lastMs, nowMs - this.#unansweredSinceMs);
  }
}
