/** Bounds of the wait between two tries, ms. */
export interface BackoffBounds {
  /** The longest before the first try again; doubled by every further failure. */
  readonly firstMs: number;
  readonly longestMs: number;
}

/** Whatever the dice say, a service is not asked again sooner. */
const SHORTEST_MS = 200;

/**
 * Exponential with full jitter, so that robots cut off together don't come back together.
 * @param failures in a row, from 1
 * @param random 0..1
 */
export function backoffMs(failures: number, random: number, { firstMs, longestMs }: BackoffBounds): number {
  const ceilingMs = Math.min(longestMs, firstMs * 2 ** Math.min(failures - 1, 30));
  return Math.max(SHORTEST_MS, Math.round(random * ceilingMs));
}
