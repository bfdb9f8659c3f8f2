import type { DeskClock } from '../desk/clock.ts';
import type { StreamRecord } from '../dynamodb/stream.ts';
import { isThrottled, type Tried, waitBefore } from './again.ts';
import { failedPlaces } from './answer.ts';
import type { Discarded } from './discarded.ts';
import { fitting } from './records.ts';

export interface StreamRetries {
  /** Infinity: as long as the record is kept. */
  readonly maxRetries: number;
  readonly maxAgeS: number;
  readonly bisects: boolean;
  readonly reportsFailures: boolean;
}

export interface BatchOptions {
  readonly retries: StreamRetries;
  readonly clock: DeskClock;
  invoke(records: readonly StreamRecord[]): Promise<Tried>;
  discard(what: Discarded): Promise<void>;
  /** Around each wait for the next try. */
  onWait(waiting: boolean): void;
}

/**
 * Brings a batch of a stream to its end: every record is taken by the function, or given up, in their order.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
 * - A failed batch is tried again whole, unless it is split in two or the function says from which record on; then what
 *   stands before that record is done. Splitting uses up no retry, and neither does an invocation that was throttled.
 * - Where the first record is the one reported, AWS leaves open where the batch is split; here it is halved.
 * - Records that are too old are given up before the next try, the others of the batch go on.
 */
export async function finishBatch(batch: readonly StreamRecord[], options: BatchOptions): Promise<void> {
  const { retries, clock, invoke, onWait } = options;
  let records = batch;
  let invocations = 0;
  let tries = 0;
  let last: Tried | null = null;
  for (;;) {
    const oldest = clock.nowMs() / 1000 - retries.maxAgeS;
    const young = records.findIndex(({ dynamodb }) => dynamodb.ApproximateCreationDateTime >= oldest);
    const expired = young < 0 ? records : records.slice(0, young);
    if (expired.length > 0) {
      await options.discard({ records: expired, condition: 'RecordAgeExceeded', invocations, last });
      records = records.slice(expired.length);
    }
    if (records.length === 0) return;

    const room = fitting(records);
    if (room < records.length) return inTwo(records, room, options);
    const tried = await invoke(records);
    tries += 1;
    if (!isThrottled(tried.outcome)) {
      last = tried;
      invocations += 1;
      const failed = firstFailed(tried, records, retries.reportsFailures);
      if (failed === null) return;
      records = records.slice(failed);
      if (retries.bisects && failed > 0) return finishBatch(records, options);
      if (retries.bisects && records.length > 1)
        return inTwo(records, Math.ceil(records.length / 2), options);
      if (invocations > retries.maxRetries) {
        return options.discard({ records, condition: 'RetryAttemptsExhausted', invocations, last });
      }
    }
    onWait(true);
    await waitBefore(tries, clock);
    onWait(false);
  }
}

async function inTwo(records: readonly StreamRecord[], at: number, options: BatchOptions): Promise<void> {
  await finishBatch(records.slice(0, at), options);
  await finishBatch(records.slice(at), options);
}

/** Null: none. */
function firstFailed({ outcome }: Tried, records: readonly StreamRecord[], reports: boolean): number | null {
  if (!outcome.ok) return 0;
  if (!reports) return null;
  const numbers = records.map(({ dynamodb }) => dynamodb.SequenceNumber);
  return failedPlaces(outcome.payload, numbers)[0] ?? null;
}
