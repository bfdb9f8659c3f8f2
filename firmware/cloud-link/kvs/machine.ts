/**
 * The life of a master on a KVS signaling channel, as a function and a table: no clock, no socket, no dice of its
 * own. master.ts carries out the effects.
 */
import { backoffMs } from '../backoff.ts';
import type { KvsFailure } from './calls.ts';

export type State =
  | { readonly name: 'stopped' }
  /** Asks for channel, endpoints and TURN servers. */
  | { readonly name: 'preparing'; readonly history: History }
  | { readonly name: 'connecting'; readonly history: History }
  /** `settled` once it has lasted for SETTLED_MS. */
  | { readonly name: 'open'; readonly history: History; readonly settled: boolean }
  | { readonly name: 'waiting'; readonly history: History };

export interface History {
  /** Tries in a row that led to no socket. */
  readonly failures: number;
  /** Sockets in a row that the service ended before they had settled. */
  readonly shortLives: number;
}

export type Event =
  | { readonly type: 'start' | 'prepared' | 'opened' | 'goAway' | 'due' | 'stop' }
  | { readonly type: 'failed'; readonly failure: KvsFailure; readonly detail: string }
  /** The newest socket has ended. */
  | { readonly type: 'closed'; readonly detail: string };

export interface Problem {
  readonly code: KvsFailure | 'another_master';
  /** For the robot's operator. */
  readonly text: string;
}

export type Effect =
  /** `afresh`: what is known of channel and endpoints may be out of date. */
  | { readonly do: 'prepare'; readonly afresh: boolean }
  /** Opens a socket; the one before it, where there is one, goes on until the new one is open. */
  | { readonly do: 'connect' }
  /** Sends `due` after this long, unless another wait comes first. */
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'disconnect' }
  | { readonly do: 'report'; readonly problem: Problem | null };

export interface Step {
  readonly state: State;
  readonly effects: readonly Effect[];
}

/** A socket that lasts this long was no mistake. */
export const SETTLED_MS = 60_000;
/** The service ends a socket after an hour: replaced before, so that no offer falls between two. */
export const RENEW_AFTER_MS = 50 * 60_000;
/** Renewals of a fleet that came up together are spread over this. */
export const RENEW_SPREAD_MS = 5 * 60_000;
/** Sockets in a row that end at once: then it is likely that another robot bears this name. */
export const RIVAL_AFTER = 2;

const RETRY = { firstMs: 1000, longestMs: 60_000 } as const;
/** What only a person can mend is asked for less often. */
const RETRY_REFUSED = { firstMs: 30_000, longestMs: 300_000 } as const;
/** Two masters take the channel from each other with every try: each gets minutes, not seconds. */
const RETRY_RIVAL = { firstMs: 20_000, longestMs: 600_000 } as const;

const NONE: History = { failures: 0, shortLives: 0 };
const STOPPED: State = { name: 'stopped' };

/** @param random 0..1, for the jitter of waits */
export function next(state: State, event: Event, random: number): Step {
  if (event.type === 'stop') return { state: STOPPED, effects: [{ do: 'disconnect' }] };
  switch (state.name) {
    case 'stopped':
      return event.type === 'start' ? prepare(NONE, false) : { state, effects: [] };
    case 'preparing':
      if (event.type === 'prepared')
        return { state: { name: 'connecting', history: state.history }, effects: [{ do: 'connect' }] };
      return event.type === 'failed' ? failed(state.history, event, random) : { state, effects: [] };
    case 'connecting':
      if (event.type === 'opened') return opened(state.history);
      if (event.type === 'closed') {
        const { detail } = event;
        return failed(state.history, { type: 'failed', failure: 'unavailable', detail }, random);
      }
      return event.type === 'failed' ? failed(state.history, event, random) : { state, effects: [] };
    case 'open':
      return whileOpen(state, event, random);
    case 'waiting':
      return event.type === 'due'
        ? prepare(state.history, state.history.failures > 1)
        : { state, effects: [] };
  }
}

function prepare(history: History, afresh: boolean): Step {
  return { state: { name: 'preparing', history }, effects: [{ do: 'prepare', afresh }] };
}

function opened(history: History): Step {
  const effects: Effect[] = [{ do: 'wait', ms: SETTLED_MS }];
  // With a rival about, being open for a moment means nothing.
  if (history.shortLives < RIVAL_AFTER) effects.unshift({ do: 'report', problem: null });
  return { state: { name: 'open', history: { ...history, failures: 0 }, settled: false }, effects };
}

function whileOpen(state: State & { readonly name: 'open' }, event: Event, random: number): Step {
  const { history, settled } = state;
  switch (event.type) {
    case 'due':
      if (settled) return prepare(history, false);
      return {
        state: { name: 'open', history: NONE, settled: true },
        effects: [
          { do: 'report', problem: null },
          { do: 'wait', ms: RENEW_AFTER_MS - Math.round(random * RENEW_SPREAD_MS) },
        ],
      };
    case 'goAway':
      return prepare(history, true);
    case 'closed':
      return settled
        ? wait(NONE, backoffMs(1, random, RETRY))
        : endedEarly({ failures: 0, shortLives: history.shortLives + 1 }, event.detail, random);
    default:
      return { state, effects: [] };
  }
}

function endedEarly(history: History, detail: string, random: number): Step {
  const { shortLives } = history;
  if (shortLives < RIVAL_AFTER) return wait(history, backoffMs(shortLives, random, RETRY));
  const text = `Another program is master of this robot's signaling channel, or the service ends the connection at once (${detail}). Is this name given to two robots?`;
  const ms = backoffMs(shortLives - RIVAL_AFTER + 1, 0.5 + random / 2, RETRY_RIVAL);
  return wait(history, ms, { code: 'another_master', text });
}

function failed(
  history: History,
  { failure, detail }: Event & { readonly type: 'failed' },
  random: number,
): Step {
  const failures = history.failures + 1;
  // The clock has been set right since: signed anew it passes, or it was not the clock.
  if (failure === 'skewed' && failures === 1) return prepare({ ...history, failures }, false);
  const forPeople = failure === 'denied' || failure === 'not_found';
  const ms = backoffMs(failures, forPeople ? 0.5 + random / 2 : random, forPeople ? RETRY_REFUSED : RETRY);
  return wait({ ...history, failures }, ms, { code: failure, text: detail });
}

function wait(history: History, ms: number, problem?: Problem): Step {
  const report: Effect[] = problem ? [{ do: 'report', problem }] : [];
  return { state: { name: 'waiting', history }, effects: [...report, { do: 'wait', ms }] };
}
