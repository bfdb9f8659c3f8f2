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

function slowed(from: number, to: number): number {
  if (from * to <= 0) return 0;
  return Math.abs(to) < Math.abs(from) ? to : from;
}
