import { randomUUID } from 'node:crypto';
import type { DeskClock } from '../desk/clock.ts';
import type { Functions } from '../lambda/functions.ts';
import type { Outcome } from '../lambda/instance.ts';

/** Lambda waits longer from try to try and does not tell how long. */
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 60_000;

/** Waits, by the desk's clock, before the next of so many tries. @param tries 1 and more */
export function waitBefore(tries: number, clock: DeskClock): Promise<void> {
  const waitMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (tries - 1));
  return new Promise((resolve) => void clock.after(waitMs, resolve));
}

export interface Tried {
  readonly outcome: Outcome;
  readonly requestId: string;
}

/** Never rejects. */
export async function invokeWith(
  functions: Functions,
  functionArn: string,
  Records: readonly object[],
): Promise<Tried> {
  const requestId = randomUUID();
  try {
    return { requestId, outcome: await functions.invoke(functionArn, { Records }, requestId) };
  } catch (error) {
    const { name: errorType, message: errorMessage } = error as Error;
    return { requestId, outcome: { ok: false, error: { errorType, errorMessage } } };
  }
}

/** The function was not reached: there was no instance for it. */
export function isThrottled(outcome: Outcome): boolean {
  return !outcome.ok && outcome.error.errorType === 'TooManyRequestsException';
}
