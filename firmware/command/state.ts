import { limitWheels, mix } from '../drive/mixer.ts';
import { faultRule } from './faults.ts';
import {
  bump,
  type Event,
  isHeld,
  presentFaults,
  type Settings,
  STILL,
  type State,
  type Verdict,
} from './model.ts';
import { ramp, withoutSpeedingUp } from './ramp.ts';
import { explain, type Standing, stalledText } from './reasons.ts';
import type { Reason, WheelRatios } from './report.ts';
import { decide, drivesTowards, leaseAtRest } from './rules.ts';

export interface StepResult {
  readonly state: State;
  readonly wheels: WheelRatios;
  /** Why the robot stands still or is slower than asked, worst first. */
  readonly reasons: readonly Reason[];
  readonly verdict: Verdict;
}

/** After a stall, commands that came meanwhile are read from their sockets within this time. */
const DRAIN_MS = 100;

/** Steps come with every tick. A gap above this means that the program stood still: blocked, frozen, suspended. */
export function stallMs({ tickMs }: Settings): number {
  return Math.max(200, 10 * tickMs);
}

/**
 * The whole rule of who moves the robot, and when it stops. Pure: the same state, event and time give the same result.
 * @param nowMs a monotonic clock; a step back counts as no time, never as a stalled watchdog
 */
export function step(before: State, event: Event, nowMs: number): StepResult {
  const elapsedMs = before.lastNowMs === null ? 0 : Math.max(0, nowMs - before.lastNowMs);
  const later = { ...before, lastNowMs: nowMs, clockMs: before.clockMs + elapsedMs };
  const stalled = before.addressed && elapsedMs > stallMs(before.settings);
  const awake = expire(stalled ? standStill(later, elapsedMs) : later);
  const addressed = awake.addressed || event.type === 'command' || event.type === 'takeOver';
  const { state: decided, verdict } = decide({ ...awake, addressed }, event);
  const state = turnWheels(decided);
  return { state, wheels: state.wheels, reasons: explain(state), verdict };
}

/**
 * Nobody watched the motion of the last `ms`, and nobody knows which of the commands that wait are still meant.
 * A control that was held when the stall began counts as held until it is let go.
 */
function standStill(state: State, ms: number): State {
  const { lease, motion, clockMs } = state;
  const held = isHeld({ ...state, clockMs: clockMs - ms });
  const stalled = { ...state, motion: null, stalledUntilMs: clockMs + DRAIN_MS };
  const stopped = motion ? bump({ ...stalled, standing: { code: 'stalled', ms } }, 'stallStops') : stalled;
  if (!lease || !held) return { ...stopped, lease: leaseAtRest(stopped) };
  const interlock = { text: `${stalledText(ms)}. Let go of the control before driving on.` };
  return { ...stopped, lease: { ...lease, heldMs: clockMs }, interlock };
}

/** Time alone: the watchdog, the end of a pulse, an interlock whose control fell silent. */
function expire(state: State): State {
  const { motion, interlock, clockMs } = state;
  let next = state;
  if (interlock && !isHeld(state)) next = { ...next, interlock: null };
  if (motion === null) return next.lease === leaseAtRest(next) ? next : { ...next, lease: null };
  if (clockMs < motion.untilMs) return next;
  next = { ...next, motion: null };
  if (!motion.pulse) {
    const standing: Standing = { code: 'watchdog', name: state.lease?.sender.name ?? '' };
    next = bump({ ...next, standing }, 'watchdogStops');
  }
  return { ...next, lease: leaseAtRest(next) };
}

function turnWheels(state: State): State {
  const { motion, settings, wheels, clockMs } = state;
  let { maxRatio } = settings;
  let speedsUpTo = 1;
  let halted = state.estopBy !== null;
  let linear = motion?.linear ?? 0;
  for (const { code } of presentFaults(state)) {
    const { severity, slowsTo, speedsUpTo: bound, bars } = faultRule(code);
    if (severity === 'stop') halted = true;
    if (slowsTo) maxRatio = Math.min(maxRatio, settings.limits[slowsTo]);
    if (bound) speedsUpTo = Math.min(speedsUpTo, settings.limits[bound]);
    if (bars && drivesTowards(bars, linear)) linear = 0;
  }
  if (halted || motion === null) return { ...state, wheels: STILL };
  const limited = limitWheels(mix(linear, motion.angular), maxRatio);
  const wanted = withoutSpeedingUp(wheels, limited, speedsUpTo);
  if (wanted.left === wheels.left && wanted.right === wheels.right) return state;
  const dtMs = Math.min(clockMs - state.rampedMs, 2 * settings.tickMs);
  return { ...state, wheels: ramp(wheels, wanted, (settings.rampPerS * dtMs) / 1000), rampedMs: clockMs };
}
