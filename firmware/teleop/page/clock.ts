/** Pings the estimate is taken from: with one each second, what was measured longer ago is forgotten. */
const SAMPLES_KEPT = 16;
/** Slack for the resolution of both clocks, in ms. */
const SLACK_MS = 5;

interface Sample {
  readonly roundTripMs: number;
  /** Robot's monotonic clock minus the page's, in ms; wrong by at most half the round trip. */
  readonly offsetMs: number;
}

export interface Pong {
  /** Page's clock (performance.now) when the ping left, ms. */
  readonly t: number;
  /** CLOCK_MONOTONIC of the robot in µs, the clock of the RTP time stamps. */
  readonly robotUs: number;
  readonly wallMs: number;
}

/**
 * The robot's two clocks as seen from the page. Of the last pings the one with the shortest round trip counts,
 * for its answer was delayed the least (as in NTP's clock filter, RFC 5905 section 10).
 */
export class RobotClock {
  #samples: Sample[] = [];
  #best: Sample | null = null;
  #wallMinusMonotonicMs = 0;

  /** Takes an answer that came at `receivedMs` (page's clock) and gives its round trip in ms. */
  addPong(pong: Pong, receivedMs: number): number {
    const roundTripMs = Math.max(0, receivedMs - pong.t);
    const sample = { roundTripMs, offsetMs: pong.robotUs / 1000 - (pong.t + receivedMs) / 2 };
    // Two right samples can't be further apart than half of both round trips: a clock was set, or slept.
    const best = this.#best;
    const apartMs = best === null ? 0 : Math.abs(best.offsetMs - sample.offsetMs);
    if (best && apartMs > (best.roundTripMs + roundTripMs) / 2 + SLACK_MS) this.#samples = [];
    this.#samples = [...this.#samples, sample].slice(-SAMPLES_KEPT);
    this.#best = this.#samples.reduce((a, b) => (b.roundTripMs <= a.roundTripMs ? b : a));
    // The wall clock may be set at any time: the newest answer tells, whatever its round trip.
    this.#wallMinusMonotonicMs = pong.wallMs - pong.robotUs / 1000;
    return roundTripMs;
  }

  /** Forgets everything: the robot may have started anew. */
  reset(): void {
    this.#samples = [];
    this.#best = null;
  }

  /** The robot's monotonic clock at a time of the page, in µs; null before the first answer. */
  robotUs(pageMs: number): number | null {
    return this.#best && (pageMs + this.#best.offsetMs) * 1000;
  }

  /** The robot's wall clock at a time of the page, ms since 1970; null before the first answer. */
  wallMs(pageMs: number): number | null {
    return this.#best && pageMs + this.#best.offsetMs + this.#wallMinusMonotonicMs;
  }
}
