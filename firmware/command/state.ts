import { limitWheels, mix } from '../drive/mixer.ts';
import { type FaultCode, faultRule } from './faults.ts';
import { type Admission, admit, forgetSender, type SenderMemory } from './freshness.ts';
import {
  type ActionMessage,
  type CommandMessage,
  type DriveMessage,
  isStop,
  type Refusal,
} from './message.ts';
import { ramp } from './ramp.ts';
import { explain, type Standing } from './reasons.ts';
import type { CounterName, LinkKind, Reason, WheelRatios } from './report.ts';
import { COUNTER_NAMES } from './report.ts';

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
  | { readonly type: 'fault'; readonly code: FaultCode; readonly active: boolean; readonly detail?: string }
  | { readonly type: 'settings'; readonly settings: Settings };

export type Verdict = { readonly ok: true } | ({ readonly ok: false } & Refusal);

interface Lease {
  readonly sender: Sender;
  readonly heardMs: number;
  /** When the holder last asked for motion with a held control; null once it was let go. */
  readonly heldMs: number | null;
}

interface Motion {
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
  /** A held control was cut off from outside: it must be let go before it moves anything again. */
  readonly interlock: { readonly text: string } | null;
  readonly estopBy: string | null;
  readonly faults: ReadonlyMap<FaultCode, { readonly active: boolean; readonly detail: string }>;
  readonly standing: Standing;
  readonly wheels: WheelRatios;
  readonly rampedMs: number;
  readonly senders: SenderMemory;
  readonly counters: Readonly<Record<CounterName, number>>;
}

export interface StepResult {
  readonly state: State;
  readonly wheels: WheelRatios;
  /** Why the robot stands still or is slower than asked, worst first. */
  readonly reasons: readonly Reason[];
  readonly verdict: Verdict;
}

const STILL: WheelRatios = { left: 0, right: 0 };
const ACCEPTED: Verdict = { ok: true };

export function initialState(settings: Settings): State {
  return {
    settings,
    clockMs: 0,
    lastNowMs: null,
    lease: null,
    motion: null,
    interlock: null,
    estopBy: null,
    faults: new Map(),
    standing: { code: 'idle' },
    wheels: STILL,
    rampedMs: Number.NEGATIVE_INFINITY,
    senders: new Map(),
    counters: Object.fromEntries(COUNTER_NAMES.map((name) => [name, 0])) as Record<CounterName, number>,
  };
}

/**
 * The whole rule of who moves the robot, and when it stops. Pure: the same state, event and time give the same result.
 * @param nowMs a monotonic clock; a step back counts as no time, never as a stalled watchdog
 */
export function step(before: State, event: Event, nowMs: number): StepResult {
  const elapsedMs = before.lastNowMs === null ? 0 : Math.max(0, nowMs - before.lastNowMs);
  const awake = expire({ ...before, lastNowMs: nowMs, clockMs: before.clockMs + elapsedMs });
  const { state: decided, verdict } = decide(awake, event);
  const state = turnWheels(decided);
  return { state, wheels: state.wheels, reasons: explain(state), verdict };
}

interface Decision {
  readonly state: State;
  readonly verdict: Verdict;
}

function decide(state: State, event: Event): Decision {
  switch (event.type) {
    case 'tick':
      return accept(state);
    case 'command':
      return count(onCommand(state, event.sender, event.message, event.wallMs));
    case 'takeOver':
      return count(onTakeOver(state, event.sender));
    case 'release':
      return accept(holds(state, event.sender) ? endLease(state, { code: 'idle' }) : state);
    case 'linkClosed':
      return accept(onLinkClosed(state, event.senderId));
    case 'fault':
      return accept(onFault(state, event.code, event.active, event.detail ?? ''));
    case 'settings':
      return accept({ ...state, settings: event.settings });
  }
}

/** Time alone: the watchdog, the end of a pulse, an interlock whose control fell silent. */
function expire(state: State): State {
  const { motion, interlock, clockMs } = state;
  let next = state;
  if (interlock && !isHeld(state)) next = { ...next, interlock: null };
  if (motion === null || clockMs < motion.untilMs) return next;
  next = { ...next, motion: null };
  if (!motion.pulse) {
    const standing: Standing = { code: 'watchdog', name: state.lease?.sender.name ?? '' };
    next = bump({ ...next, standing }, 'watchdogStops');
  }
  return next.lease?.sender.lasting === false ? { ...next, lease: null } : next;
}

function onCommand(state: State, sender: Sender, message: CommandMessage, wallMs: number): Decision {
  const admission = admit(state.senders, sender, message, {
    wallMs,
    clockMs: state.clockMs,
    maxAgeMs: state.settings.maxAgeMs,
  });
  const noted = { ...state, senders: admission.senders };
  if (isStop(message)) return onStop(noted, sender, 'estop' in message);
  if (sender.role !== 'operator') {
    return refuse(noted, 'not_allowed', 'A viewer may stop the robot but not drive or reset it');
  }
  if (!admission.ok) return drop(noted, admission);
  return 'reset' in message
    ? onReset(noted, sender)
    : onMotion(noted, sender, message as DriveMessage | ActionMessage);
}

function onStop(state: State, sender: Sender, emergency: boolean): Decision {
  if (emergency) {
    const latched =
      state.estopBy === null ? bump({ ...state, estopBy: sender.name }, 'emergencyStops') : state;
    return accept({ ...latched, motion: null });
  }
  if (holds(state, sender)) {
    const lease = sender.lasting ? { sender, heardMs: state.clockMs, heldMs: null } : null;
    return accept({ ...state, lease, motion: null, interlock: null });
  }
  return accept(cutOff(state, `${sender.name} stopped the robot. Let go of the control, then drive.`));
}

function onReset(state: State, sender: Sender): Decision {
  const faults = new Map([...state.faults].filter(([, fault]) => fault.active));
  const reset = { ...state, faults, estopBy: null };
  if (state.estopBy === null || holds(state, sender)) return accept(reset);
  return accept(cutOff(reset, `${sender.name} reset the robot. Let go of the control, then drive.`));
}

function onMotion(state: State, sender: Sender, message: DriveMessage | ActionMessage): Decision {
  const holder = state.lease?.sender;
  if (holder && holder.id !== sender.id && !(holder.link === 'cloud' && sender.link === 'local')) {
    return refuse(state, 'lease_held', `${holder.name} drives. Take over first`);
  }
  const velocity = velocityOf(message, state.settings.actionRatio);
  const released = velocity.linear === 0 && velocity.angular === 0;
  if (released) return accept(holder?.id === sender.id ? onStop(state, sender, false).state : state);
  if (state.estopBy !== null) {
    const heard = holder?.id === sender.id ? hear(state, sender, 'drive' in message) : state;
    return refuse(heard, 'estop', `Emergency stop by ${state.estopBy}. Reset it first`);
  }
  const pulse = 'action' in message;
  const leased = hear(holder?.id === sender.id ? state : { ...state, interlock: null }, sender, !pulse);
  if (leased.interlock && !pulse) return refuse(leased, 'release_first', leased.interlock.text);
  const untilMs = state.clockMs + (pulse ? state.settings.actionMs : state.settings.watchdogMs);
  const motion: Motion = { ...velocity, untilMs, pulse, seq: message.seq ?? null };
  return accept({ ...leased, motion, interlock: null, standing: { code: 'idle' } });
}

/** The original's actions drive straight or turn on the spot. */
function velocityOf(
  message: DriveMessage | ActionMessage,
  actionRatio: number,
): { linear: number; angular: number } {
  if ('drive' in message) return message.drive;
  switch (message.action) {
    case 'forward':
      return { linear: actionRatio, angular: 0 };
    case 'backwards':
      return { linear: -actionRatio, angular: 0 };
    case 'left':
      return { linear: 0, angular: actionRatio };
    case 'right':
      return { linear: 0, angular: -actionRatio };
    case 'stop':
      return { linear: 0, angular: 0 };
  }
}

function onTakeOver(state: State, sender: Sender): Decision {
  if (sender.role !== 'operator') return refuse(state, 'not_allowed', 'A viewer may not drive');
  if (!sender.lasting) return refuse(state, 'no_lasting_link', 'Taking over needs a link that stays open');
  const { lease, clockMs, settings } = state;
  if (lease?.sender.id === sender.id) return accept(state);
  if (
    lease &&
    lease.sender.link === 'local' &&
    sender.link === 'cloud' &&
    clockMs - lease.heardMs < settings.leaseIdleMs
  ) {
    return refuse(state, 'local_first', `${lease.sender.name} drives on the spot and comes first`);
  }
  const taken = lease ? bump(state, 'takeOvers') : state;
  const lent = { sender, heardMs: clockMs, heldMs: null };
  return accept({ ...taken, lease: lent, motion: null, interlock: null, standing: { code: 'idle' } });
}

function onLinkClosed(state: State, senderId: string): State {
  const forgotten = { ...state, senders: forgetSender(state.senders, senderId) };
  if (state.lease?.sender.id !== senderId) return forgotten;
  const ended = endLease(forgotten, { code: 'link_ended', name: state.lease.sender.name });
  return state.motion ? bump(ended, 'linkStops') : ended;
}

function onFault(state: State, code: FaultCode, active: boolean, detail: string): State {
  const known = state.faults.get(code);
  if (active ? known?.active && known.detail === detail : !known?.active) return state;
  const faults = new Map(state.faults);
  if (active || faultRule(code).clear === 'reset')
    faults.set(code, { active, detail: detail || (known?.detail ?? '') });
  else faults.delete(code);
  const changed = { ...state, faults };
  const stops = active && !known && faultRule(code).severity === 'stop';
  return stops
    ? cutOff(changed, `${faultRule(code).text} Let go of the control before driving on.`)
    : changed;
}

/** Stops what moves; a control that is held at this moment has to be released before it counts again. */
function cutOff(state: State, text: string): State {
  const interlock = isHeld(state) ? { text } : state.interlock;
  const lease = state.lease?.sender.lasting === false ? null : state.lease;
  return { ...state, lease, motion: null, interlock };
}

function isHeld({ lease, clockMs, settings }: State): boolean {
  return lease !== null && lease.heldMs !== null && clockMs - lease.heldMs < settings.watchdogMs;
}

function turnWheels(state: State): State {
  const { motion, settings, faults, wheels, clockMs } = state;
  let maxRatio = settings.maxRatio;
  let halted = motion === null || state.estopBy !== null;
  for (const code of faults.keys()) {
    const rule = faultRule(code);
    if (rule.severity === 'stop') halted = true;
    if (rule.severity === 'limit') maxRatio = Math.min(maxRatio, rule.maxRatio ?? 1);
  }
  if (halted || motion === null)
    return wheels.left === 0 && wheels.right === 0 ? state : { ...state, wheels: STILL };
  const wanted = limitWheels(mix(motion.linear, motion.angular), maxRatio);
  if (wanted.left === wheels.left && wanted.right === wheels.right) return state;
  const dtMs = Math.min(clockMs - state.rampedMs, 2 * settings.tickMs);
  return { ...state, wheels: ramp(wheels, wanted, (settings.rampPerS * dtMs) / 1000), rampedMs: clockMs };
}

function holds(state: State, sender: Sender): boolean {
  return state.lease?.sender.id === sender.id;
}

function hear(state: State, sender: Sender, held: boolean): State {
  return { ...state, lease: { sender, heardMs: state.clockMs, heldMs: held ? state.clockMs : null } };
}

function endLease(state: State, standing: Standing): State {
  return { ...state, lease: null, motion: null, interlock: null, standing };
}

function bump(state: State, name: CounterName): State {
  return { ...state, counters: { ...state.counters, [name]: state.counters[name] + 1 } };
}

function count({ state, verdict }: Decision): Decision {
  if (verdict.ok) return { state: bump(state, 'accepted'), verdict };
  const dropped = verdict.code === 'out_of_order' || verdict.code === 'stale';
  return { state: dropped ? state : bump(state, 'refused'), verdict };
}

function drop(state: State, admission: Extract<Admission, { ok: false }>): Decision {
  const counted = bump(state, admission.code === 'stale' ? 'stale' : 'outOfOrder');
  return refuse(counted, admission.code, admission.message);
}

function accept(state: State): Decision {
  return { state, verdict: ACCEPTED };
}

function refuse(state: State, code: string, message: string): Decision {
  return { state, verdict: { ok: false, code, message } };
}
