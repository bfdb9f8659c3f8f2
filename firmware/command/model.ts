import type { LinkFault } from '../telemetry/link.ts';
import type { FaultCode } from './faults.ts';
import type { SenderMemory } from './freshness.ts';
import type { CommandMessage, Refusal } from './message.ts';
import type { Standing } from './reasons.ts';
import { COUNTER_NAMES, type CounterName, type LinkKind, type WheelRatios } from './report.ts';

/** The part of the configuration that the core obeys; units as in config/schema.ts. */
export interface Settings {
  readonly watchdogMs: number;
  readonly maxAgeMs: number;
  readonly leaseIdleMs: number;
  readonly actionRatio: number;
  readonly actionMs: number;
  readonly rampPerS: number;
  readonly maxRatio: number;
  readonly tickMs: number;
  readonly limits: SpeedLimits;
}

/** Top speeds while something is not as it should be, 0..1. */
export interface SpeedLimits {
  readonly batteryLowSpeedRatio: number;
  readonly wifiWeakSpeedRatio: number;
  readonly roundTripSpeedRatio: number;
  readonly lossSpeedRatio: number;
  readonly videoAgeSpeedRatio: number;
  readonly bumperSilentSpeedRatio: number;
  /** Up to which wheels may still speed up while the voltage is too low. */
  readonly underVoltageSpeedRatio: number;
}

/** Who sends. `lasting` links tell when they end (sockets); the others (one HTTP request) do not. */
export interface Sender {
  readonly id: string;
  readonly name: string;
  readonly link: LinkKind;
  readonly role: 'operator' | 'viewer';
  readonly lasting: boolean;
}

export type Event =
  | { readonly type: 'tick' }
  /** `wallMs`: the robot's wall clock on arrival, against which `issuedAtMs` is held. */
  | {
      readonly type: 'command';
      readonly sender: Sender;
      readonly message: CommandMessage;
      readonly wallMs: number;
    }
  | { readonly type: 'takeOver' | 'release'; readonly sender: Sender }
  | { readonly type: 'linkClosed'; readonly senderId: string }
  | {
      readonly type: 'fault';
      readonly code: FaultCode;
      readonly active: boolean;
      readonly detail?: string | undefined;
    }
  /** What is wrong with the link of one sender; it counts while that one holds the lease. */
  | { readonly type: 'linkFaults'; readonly senderId: string; readonly faults: readonly LinkFault[] }
  | { readonly type: 'settings'; readonly settings: Settings };

export type Verdict = { readonly ok: true } | ({ readonly ok: false } & Refusal);

export interface Lease {
  readonly sender: Sender;
  readonly heardMs: number;
  /** When the holder last asked for motion with a held control; null once it was let go. */
  readonly heldMs: number | null;
}

export interface Motion {
  readonly linear: number;
  readonly angular: number;
  readonly untilMs: number;
  readonly pulse: boolean;
  readonly seq: number | null;
}

export interface State {
  readonly settings: Settings;
  /** The core's own time: forward steps of `nowMs` summed up, so that a clock set back loses nothing. */
  readonly clockMs: number;
  readonly lastNowMs: number | null;
  readonly lease: Lease | null;
  readonly motion: Motion | null;
  /** Someone has asked for something. Before that, gaps between steps are the start of the other parts. */
  readonly addressed: boolean;
  /** Until then commands may have waited unread while the program stood still: none of them moves anything. */
  readonly stalledUntilMs: number;
  /** A held control was cut off from outside: it must be let go before it moves anything again. */
  readonly interlock: { readonly text: string } | null;
  readonly estopBy: string | null;
  readonly faults: ReadonlyMap<FaultCode, { readonly active: boolean; readonly detail: string }>;
  /** Of each sender whose link has any. */
  readonly linkFaults: ReadonlyMap<string, readonly LinkFault[]>;
  readonly standing: Standing;
  readonly wheels: WheelRatios;
  readonly rampedMs: number;
  readonly senders: SenderMemory;
  readonly counters: Readonly<Record<CounterName, number>>;
}

export const STILL: WheelRatios = { left: 0, right: 0 };

export function initialState(settings: Settings): State {
  return {
    settings,
    clockMs: 0,
    lastNowMs: null,
    lease: null,
    motion: null,
    addressed: false,
    stalledUntilMs: 0,
    interlock: null,
    estopBy: null,
    faults: new Map(),
    linkFaults: new Map(),
    standing: { code: 'idle' },
    wheels: STILL,
    rampedMs: Number.NEGATIVE_INFINITY,
    senders: new Map(),
    counters: Object.fromEntries(COUNTER_NAMES.map((name) => [name, 0])) as Record<CounterName, number>,
  };
}

/** True while the holder of the lease keeps a control pressed. */
export function isHeld({ lease, clockMs, settings }: State): boolean {
  return lease !== null && lease.heldMs !== null && clockMs - lease.heldMs < settings.watchdogMs;
}

/** Everything that is wrong at present: with the robot, and with the link of who drives it. */
export function presentFaults({
  faults,
  linkFaults,
  lease,
}: State): readonly { readonly code: FaultCode; readonly detail: string }[] {
  const own = [...faults].map(([code, { detail }]) => ({ code, detail }));
  return [...own, ...((lease && linkFaults.get(lease.sender.id)) ?? [])];
}

export function bump(state: State, name: CounterName): State {
  return { ...state, counters: { ...state.counters, [name]: state.counters[name] + 1 } };
}
