import type { CommandMessage, Refusal } from './message.ts';

/** The newest `seq` of each sender. Bounded: the one unheard for longest goes first. */
export type SenderMemory = ReadonlyMap<string, { readonly seq: number; readonly heardMs: number }>;

const MAX_SENDERS = 64;
/** A sender without a lasting link may start over with its numbers after this silence. */
const FORGET_AFTER_MS = 5_000;

export type Admission = { readonly ok: true; readonly senders: SenderMemory } | Rejection;
interface Rejection extends Refusal {
  readonly ok: false;
  readonly code: 'out_of_order' | 'stale';
  readonly senders: SenderMemory;
}

interface Arrival {
  readonly wallMs: number;
  readonly clockMs: number;
  readonly maxAgeMs: number;
}

/** Whether a message is newer than the last of its sender and still within its life. */
export function admit(
  senders: SenderMemory,
  sender: { readonly id: string; readonly lasting: boolean },
  message: Pick<CommandMessage, 'seq' | 'issuedAtMs' | 'ttlMs'>,
  arrival: Arrival,
): Admission {
  if (message.issuedAtMs !== undefined) {
    const lifeMs = message.ttlMs ?? arrival.maxAgeMs;
    const ageMs = arrival.wallMs - message.issuedAtMs;
    if (ageMs > lifeMs) {
      return {
        ok: false,
        code: 'stale',
        message: `Expected a command at most ${lifeMs} ms old but received one of ${Math.round(ageMs)} ms`,
        senders,
      };
    }
  }
  if (message.seq === undefined) return { ok: true, senders };
  const last = senders.get(sender.id);
  const remembered = last && (sender.lasting || arrival.clockMs - last.heardMs < FORGET_AFTER_MS);
  if (remembered && message.seq <= last.seq) {
    return {
      ok: false,
      code: 'out_of_order',
      message: `Expected seq to be above ${last.seq} but received ${message.seq}`,
      senders,
    };
  }
  return { ok: true, senders: remember(senders, sender.id, message.seq, arrival.clockMs) };
}

export function forgetSender(senders: SenderMemory, id: string): SenderMemory {
  if (!senders.has(id)) return senders;
  const next = new Map(senders);
  next.delete(id);
  return next;
}

function remember(senders: SenderMemory, id: string, seq: number, heardMs: number): SenderMemory {
  const next = new Map(senders);
  next.delete(id);
  next.set(id, { seq, heardMs });
  const oldest = next.keys().next().value;
  if (next.size > MAX_SENDERS && oldest !== undefined) next.delete(oldest);
  return next;
}
