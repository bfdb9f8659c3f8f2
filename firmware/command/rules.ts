import type { LinkFault } from '../telemetry/link.ts';
import { type FaultCode, faultRule } from './faults.ts';
import { type Admission, admit, forgetSender } from './freshness.ts';
import {
  type Action,
  type ActionMessage,
  type CommandMessage,
  type DriveMessage,
  isStop,
} from './message.ts';
import { bump, type Event, isHeld, type Motion, type Sender, type State, type Verdict } from './model.ts';
import type { Standing } from './reasons.ts';

const ACCEPTED: Verdict = { ok: true };
/** As many as are remembered by their numbers. */
const MAX_LINKS = 64;

/** What asks for motion; a stop is taken before. */
type MotionMessage = DriveMessage | (ActionMessage & { readonly action: Exclude<Action, 'stop'> });

export interface Decision {
  readonly state: State;
  readonly verdict: Verdict;
}

/** What one event changes, wheels and time apart, and whether it was accepted. */
export function decide(state: State, event: Event): Decision {
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
    case 'linkFaults':
      return accept(onLinkFaults(state, event.senderId, event.faults));
    case 'settings':
      return accept({ ...state, settings: event.settings });
  }
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
  return 'reset' in message ? onReset(noted, sender) : onMotion(noted, sender, message as MotionMessage);
}

function onStop(state: State, sender: Sender, emergency: boolean): Decision {
  if (emergency) {
    const latched =
      state.estopBy === null ? bump({ ...state, estopBy: sender.name }, 'emergencyStops') : state;
    return accept({ ...latched, lease: leaseAtRest(state), motion: null });
  }
  if (holds(state, sender)) {
    const lease = sender.lasting ? { sender, heardMs: state.clockMs, heldMs: null } : null;
    return accept({ ...state, lease, motion: null, interlock: null, standing: { code: 'idle' } });
  }
  return accept(cutOff(state, `${sender.name} stopped the robot. Let go of the control, then drive.`));
}

function onReset(state: State, sender: Sender): Decision {
  const faults = new Map([...state.faults].filter(([, fault]) => fault.active));
  const reset = { ...state, faults, estopBy: null };
  if (state.estopBy === null || holds(state, sender)) return accept(reset);
  return accept(cutOff(reset, `${sender.name} reset the robot. Let go of the control, then drive.`));
}

function onMotion(state: State, sender: Sender, message: MotionMessage): Decision {
  const holder = state.lease?.sender;
  if (holder && holder.id !== sender.id && !(holder.link === 'cloud' && sender.link === 'local')) {
    return refuse(state, 'lease_held', `${holder.name} drives. Take over first`);
  }
  const velocity = velocityOf(message, state.settings.actionRatio);
  const released = velocity.linear === 0 && velocity.angular === 0;
  if (released) return accept(holder?.id === sender.id ? onStop(state, sender, false).state : state);
  if (state.estopBy !== null) {
    // Heard also from one who did not drive before: a control held until someone else resets must not act then.
    const heard = !holder || holder.id === sender.id ? hear(state, sender, 'drive' in message) : state;
    return refuse(
      { ...heard, lease: leaseAtRest(heard) },
      'estop',
      `Emergency stop by ${state.estopBy}. Reset it first`,
    );
  }
  const pulse = 'action' in message;
  if (state.clockMs < state.stalledUntilMs) return refuseStalled(state, sender, pulse);
  const leased = hear(holder?.id === sender.id ? state : { ...state, interlock: null }, sender, !pulse);
  if (leased.interlock && !pulse) return refuse(leased, 'release_first', leased.interlock.text);
  const untilMs = state.clockMs + (pulse ? state.settings.actionMs : state.settings.watchdogMs);
  const motion: Motion = { ...velocity, untilMs, pulse, seq: message.seq ?? null };
  return accept({ ...leased, motion, interlock: null, standing: { code: 'idle' } });
}

/** Whoever holds a control through a stall has to let go of it; of an action nothing remains. */
function refuseStalled(state: State, sender: Sender, pulse: boolean): Decision {
  const text = 'The robot’s program stood still; what was asked for meanwhile is void. Let go, then drive.';
  const kept = pulse ? state : { ...hear(state, sender, true), interlock: { text } };
  return refuse(kept, 'stalled', text);
}

/** The original's actions drive straight or turn on the spot. */
function velocityOf(message: MotionMessage, actionRatio: number): { linear: number; angular: number } {
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
  const forgotten = {
    ...onLinkFaults(state, senderId, []),
    senders: forgetSender(state.senders, senderId),
  };
  if (state.lease?.sender.id !== senderId) return forgotten;
  const ended = endLease(forgotten, { code: 'link_ended', name: state.lease.sender.name });
  return state.motion ? bump(ended, 'linkStops') : ended;
}

function onFault(state: State, code: FaultCode, active: boolean, detail: string): State {
  const known = state.faults.get(code);
  if (!active && !known?.active) return state;
  const faults = new Map(state.faults);
  if (active || faultRule(code).clear === 'reset')
    faults.set(code, { active, detail: detail || (known?.detail ?? '') });
  else faults.delete(code);
  const counted = code === 'guardian_silenced' && active && !known?.active;
  const changed = counted ? bump({ ...state, faults }, 'guardianStops') : { ...state, faults };
  const { severity, clear, bars, text } = faultRule(code);
  const stops = bars
    ? state.motion !== null && drivesTowards(bars, state.motion.linear)
    : severity === 'stop';
  if (active && !known && stops) return cutOff(changed, `${text} Let go of the control before driving on.`);
  // Nobody has said that it may move on: what was asked for during the fault is void.
  if (!active && severity === 'stop' && clear === 'recovers')
    return cutOff(changed, 'The robot can move again. Let go of the control, then drive.');
  return changed;
}

export function drivesTowards(way: 'forward' | 'backwards', linear: number): boolean {
  return way === 'forward' ? linear > 0 : linear < 0;
}

function onLinkFaults(state: State, senderId: string, faults: readonly LinkFault[]): State {
  const linkFaults = new Map(state.linkFaults);
  linkFaults.delete(senderId);
  if (faults.length > 0) linkFaults.set(senderId, faults);
  const oldest = linkFaults.keys().next().value;
  if (linkFaults.size > MAX_LINKS && oldest !== undefined) linkFaults.delete(oldest);
  return { ...state, linkFaults };
}

/** Stops what moves; a control that is held at this moment has to be released before it counts again. */
function cutOff(state: State, text: string): State {
  const interlock = isHeld(state) ? { text } : state.interlock;
  return { ...state, lease: leaseAtRest(state), motion: null, interlock };
}

/**
 * A lease without a lasting link ends with its motion, as nothing else tells when its holder has gone; or, where a
 * control is held, once that falls silent.
 */
export function leaseAtRest(state: State): State['lease'] {
  return state.lease?.sender.lasting === false && !isHeld(state) ? null : state.lease;
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
