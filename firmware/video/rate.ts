import type { ReceiverReport } from './engine.ts';

export interface RateOptions {
  readonly minKbps: number;
  readonly maxKbps: number;
  readonly startKbps: number;
}

/** What one viewer's path is believed to carry. */
export interface RateState {
  readonly kbps: number;
  /** The receiver's own estimate as it last came; holds until a newer one. */
  readonly estimateKbps: number | null;
  /** Up to when the rate has risen, and when it last backed off; monotonic. */
  readonly risenMs: number;
  readonly backedOffMs: number;
}

/** The two bounds of loss-based control in draft-ietf-rmcat-gcc-02 section 6. */
const BACK_OFF_ABOVE_LOSS = 0.1;
const RISE_BELOW_LOSS = 0.02;
/** Reports that follow a back-off within this (and a round trip) still tell of the rate before it. */
const BACK_OFF_EVERY_MS = 300;
/** From the least to the most in this many seconds on a clean path. */
const RISE_S = 20;
/** A report after a silence doesn't raise the rate for all of the silence. */
const MAX_RISE_MS = 1000;

export function initialRate(options: RateOptions, nowMs: number): RateState {
  return {
    kbps: clampKbps(options.startKbps, options),
    estimateKbps: null,
    risenMs: nowMs,
    backedOffMs: nowMs,
  };
}

/**
 * Follows one receiver: loss above 10 % takes half of the lost share off the rate, loss below 2 % lets it rise
 * slowly, in between it stays; the receiver's estimate (REMB) caps it. Always within minKbps..maxKbps.
 */
export function followReport(
  state: RateState,
  report: ReceiverReport,
  nowMs: number,
  options: RateOptions,
): RateState {
  const estimateKbps = report.estimateKbps ?? state.estimateKbps;
  const next = { ...state, estimateKbps };
  if (report.lossRatio !== null && report.lossRatio > BACK_OFF_ABOVE_LOSS) {
    if (nowMs - state.backedOffMs >= BACK_OFF_EVERY_MS + (report.roundTripMs ?? 0)) {
      next.kbps = state.kbps * (1 - report.lossRatio / 2);
      next.backedOffMs = nowMs;
    }
  } else if (report.lossRatio !== null && report.lossRatio < RISE_BELOW_LOSS) {
    const perMs = (options.maxKbps - options.minKbps) / (RISE_S * 1000);
    next.kbps = state.kbps + perMs * Math.min(Math.max(0, nowMs - state.risenMs), MAX_RISE_MS);
  }
  // Nor does it make up for the time in which there was loss.
  if (report.lossRatio !== null) next.risenMs = nowMs;
  next.kbps = clampKbps(Math.min(next.kbps, estimateKbps ?? Number.POSITIVE_INFINITY), options);
  return next;
}

/** There is one encoder: the viewer with the worst path decides, down to minKbps. */
export function lowestKbps(states: Iterable<RateState>, options: RateOptions): number {
  let lowest = Number.POSITIVE_INFINITY;
  for (const { kbps } of states) lowest = Math.min(lowest, kbps);
  return Math.round(Number.isFinite(lowest) ? lowest : clampKbps(options.startKbps, options));
}

export function clampKbps(kbps: number, { minKbps, maxKbps }: RateOptions): number {
  return Math.min(Math.max(kbps, minKbps), maxKbps);
}
