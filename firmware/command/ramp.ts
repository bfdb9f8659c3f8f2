import type { WheelRatios } from './report.ts';

/**
 * One step from `from` towards `to`. Slowing down is immediate; speeding up is bounded by `allowance` (ratio), and both
 * wheels speed up in proportion, so that a turn keeps its radius from standing still. A reversal goes through zero.
 */
export function ramp(from: WheelRatios, to: WheelRatios, allowance: number): WheelRatios {
  const base = { left: slowed(from.left, to.left), right: slowed(from.right, to.right) };
  const gap = Math.max(Math.abs(to.left - base.left), Math.abs(to.right - base.right));
  if (gap <= allowance) return to;
  const share = Math.max(0, allowance) / gap;
  return {
    left: base.left + (to.left - base.left) * share,
    right: base.right + (to.right - base.right) * share,
  };
}

/**
 * `to` with each wheel no faster than it turns already, or than `beyond` (ratio) where that is more. A wheel that is to
 * turn the other way round starts from standing still.
 */
export function withoutSpeedingUp(from: WheelRatios, to: WheelRatios, beyond: number): WheelRatios {
  const bounded = (now: number, wanted: number) => {
    const fastest = now * wanted > 0 ? Math.max(Math.abs(now), beyond) : beyond;
    return Math.min(fastest, Math.max(-fastest, wanted));
  };
  return { left: bounded(from.left, to.left), right: bounded(from.right, to.right) };
}

function slowed(from: number, to: number): number {
  if (from * to <= 0) return 0;
  return Math.abs(to) < Math.abs(from) ? to : from;
}
