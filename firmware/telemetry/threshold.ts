/** A bound on a value, passed to be told of: `sets` with hysteresis and hold times, so that nothing flickers. */
export interface Threshold {
  /** Whether the value is too much above, or too little below. */
  readonly bad: 'above' | 'below';
  /** Bad beyond this ... */
  readonly setAt: number;
  /** ... and good again only from here on. */
  readonly clearAt: number;
  /** How long it has to be bad, and good, without a break, before that counts. ms, 0 or more. */
  readonly setAfterMs: number;
  readonly clearAfterMs: number;
}

export interface ThresholdState {
  readonly held: boolean;
  /** Since when the value has been saying the opposite, or null. */
  readonly contraryMs: number | null;
}

export const UNHELD: ThresholdState = { held: false, contraryMs: null };

/**
 * One reading more. Pure.
 * @param value null where there is none: that keeps what was
 * @param nowMs a monotonic clock
 */
export function judge(
  threshold: Threshold,
  { held, contraryMs }: ThresholdState,
  value: number | null,
  nowMs: number,
): ThresholdState {
  if (value === null) return { held, contraryMs };
  const bound = held ? threshold.clearAt : threshold.setAt;
  const beyond = threshold.bad === 'above' ? value - bound : bound - value;
  // At the bound itself a value is not bad yet, and good again.
  const contrary = held ? beyond <= 0 : beyond > 0;
  if (!contrary) return { held, contraryMs: null };
  const sinceMs = contraryMs ?? nowMs;
  const neededMs = held ? threshold.clearAfterMs : threshold.setAfterMs;
  return nowMs - sinceMs >= neededMs ? { held: !held, contraryMs: null } : { held, contraryMs: sinceMs };
}
