import type { PutEventsRequestEntry, PutEventsResultEntry } from '@aws-sdk/client-eventbridge';
import { FIRST_WAIT_MS, MAX_ENTRIES, MAX_REQUEST_BYTES, MAX_TRIES } from './constants.ts';

/** One request; what it throws is the failure of all its entries. */
export type Put = (entries: PutEventsRequestEntry[]) => Promise<readonly PutEventsResultEntry[]>;

export interface Unput {
  readonly entry: PutEventsRequestEntry;
  readonly code: string;
  readonly message: string;
  readonly tries: number;
}

export interface PutAllOptions {
  readonly put: Put;
  /** Whether there is time to wait this long, in ms, and try once more. */
  readonly mayWait: (waitMs: number) => boolean;
  readonly sleep: (ms: number) => Promise<void>;
  /** 0 to 1. */
  readonly random: () => number;
}

/** Trying again helps only here: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsResultEntry.html */
const RETRYABLE = new Set(['InternalFailure', 'ThrottlingException', 'RequestFailed']);

/**
 * Puts every entry, and those again that failed: an answer with FailedEntryCount above 0 is no error to the SDK.
 * @returns what could not be put, and how many tries beyond the first were made of entries
 */
export async function putAll(
  entries: readonly PutEventsRequestEntry[],
  options: PutAllOptions,
): Promise<{ readonly unput: readonly Unput[]; readonly retried: number }> {
  const { mayWait, sleep, random } = options;
  const unput: Unput[] = [];
  let retried = 0;
  let left = entries;
  for (let tries = 1; left.length > 0; tries++) {
    const failed = await putOnce(left, tries, options);
    const again = failed.filter(({ code }) => RETRYABLE.has(code));
    unput.push(...failed.filter(({ code }) => !RETRYABLE.has(code)));
    const waitMs = random() * FIRST_WAIT_MS * 2 ** (tries - 1);
    if (again.length > 0 && (tries >= MAX_TRIES || !mayWait(waitMs))) {
      unput.push(...again);
      break;
    }
    left = again.map(({ entry }) => entry);
    retried += left.length;
    if (left.length > 0) await sleep(waitMs);
  }
  return { unput, retried };
}

async function putOnce(
  entries: readonly PutEventsRequestEntry[],
  tries: number,
  { put }: PutAllOptions,
): Promise<Unput[]> {
  const failed: Unput[] = [];
  for (const request of requestsOf(entries)) {
    try {
      const results = await put(request);
      for (const [index, entry] of request.entries()) {
        const {
          EventId,
          ErrorCode = 'InternalFailure',
          ErrorMessage = 'no answer for it',
        } = results[index] ?? {};
        if (EventId === undefined) failed.push({ entry, code: ErrorCode, message: ErrorMessage, tries });
      }
    } catch (error) {
      const { name, message } = error as Error;
      const code =
        name === 'AccessDeniedException' || name === 'ValidationException' ? name : 'RequestFailed';
      failed.push(...request.map((entry) => ({ entry, code, message: `${name}: ${message}`, tries })));
    }
  }
  return failed;
}

/** Parts in their order, each as large as a request may be. */
export function requestsOf(entries: readonly PutEventsRequestEntry[]): PutEventsRequestEntry[][] {
  const requests: PutEventsRequestEntry[][] = [];
  let bytes = MAX_REQUEST_BYTES;
  for (const entry of entries) {
    const size = sizeOf(entry);
    const last = requests.at(-1);
    if (last && last.length < MAX_ENTRIES && bytes + size < MAX_REQUEST_BYTES) {
      last.push(entry);
      bytes += size;
    } else {
      requests.push([entry]);
      bytes = size;
    }
  }
  return requests;
}

/** In bytes, as EventBridge counts: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html#eb-putevent-size */
export function sizeOf({ Source = '', DetailType = '', Detail = '', Time }: PutEventsRequestEntry): number {
  const texts = Source + DetailType + Detail;
  return Buffer.byteLength(texts) + (Time === undefined ? 0 : 14);
}
