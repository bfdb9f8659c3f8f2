import type { WheelRatios } from '../drive/drivetrain.ts';

/** How bad a reason is; the worst decides. `info` changes nothing, `limit` slows, `stop` and `estop` stand still. */
export const SEVERITIES = ['info', 'limit', 'stop', 'estop'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** Why the robot stands still or is slower than asked: a stable code and the text an operator reads. */
export interface Reason {
  readonly code: string;
  readonly severity: Severity;
  readonly text: string;
}

export type LinkKind = 'local' | 'cloud';

export interface Operator {
  readonly id: string;
  readonly name: string;
  readonly link: LinkKind;
}

export type { WheelRatios };

/** What the command core tells of itself. */
export interface CommandReport {
  /** As last given to the drivetrain, -1..1. */
  readonly wheels: WheelRatios;
  readonly target: { readonly linear: number; readonly angular: number };
  readonly estop: boolean;
  /** Who pressed the emergency stop. */
  readonly estopBy: string | null;
  readonly operator: Operator | null;
  /** Worst first. */
  readonly reasons: readonly Reason[];
  /** As in effect; whoever drives sends at least four commands in this time. */
  readonly watchdogMs: number;
  /** `seq` of the newest command that reached the wheels, or null. */
  readonly appliedSeq: number | null;
  readonly counters: Readonly<Record<CounterName, number>>;
}

export const COUNTER_NAMES = [
  'accepted',
  'refused',
  'outOfOrder',
  'stale',
  'watchdogStops',
  'linkStops',
  'emergencyStops',
  'stallStops',
  'guardianStops',
  'takeOvers',
  'writes',
  'writesSkipped',
  'writeFailures',
] as const;
export type CounterName = (typeof COUNTER_NAMES)[number];
