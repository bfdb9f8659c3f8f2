import type { DeskClock } from '../desk/clock.ts';
import { deliverAgain } from '../desk/deliver-again.ts';
import type { DeskLog } from '../desk/log.ts';
import type { Targets } from '../desk/targets.ts';
import type { StreamRecord } from '../dynamodb/stream.ts';
import type { FunctionConfig } from '../lambda/functions.ts';
import type { Tried } from './again.ts';

export interface Discarded {
  /** In their order, one at least. */
  readonly records: readonly StreamRecord[];
  readonly condition: 'RetryAttemptsExhausted' | 'RecordAgeExceeded';
  readonly invocations: number;
  /** Null: no invocation came that far. */
  readonly last: Tried | null;
}

export interface DiscardOptions {
  readonly config: FunctionConfig;
  readonly streamArn: string;
  /** ARN of a queue or a topic; null: nobody is told. */
  readonly destination: string | null;
  readonly targets: Targets;
  readonly clock: DeskClock;
  readonly log: DeskLog;
}

/** A stream has one shard on the desk. */
const SHARD_ID = 'shardId-00000000000000000001-desk0001';
const RETRY_POLICY = { maxAgeS: 3600, maxRetries: 5 };

/** Tells the destination where records lie that are given up: not what is in them. */
export async function discard(what: Discarded, options: DiscardOptions): Promise<void> {
  const { config, streamArn, destination, targets, clock, log } = options;
  const { records, condition } = what;
  const said = `${records.length} record(s) of ${streamArn} given up (${condition})`;
  if (destination === null) return log.line(config.label, `${said}, nobody is told`);
  const delivery = {
    principal: 'lambda.amazonaws.com',
    sourceArn: config.arn,
    roleArn: config.roleArn,
    payload: JSON.stringify(invocationRecord(what, streamArn, config.arn, clock.nowMs())),
  };
  const givenUp = await deliverAgain(destination, delivery, RETRY_POLICY, { targets, clock });
  log.line(config.label, givenUp ? `${said}, ${destination} took it not: ${givenUp.message}` : said);
}

/** https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html */
export function invocationRecord(
  { records, condition, invocations, last }: Discarded,
  streamArn: string,
  functionArn: string,
  nowMs: number,
): object {
  const first = records[0]!.dynamodb;
  const end = records.at(-1)!.dynamodb;
  return {
    requestContext: {
      requestId: last?.requestId ?? null,
      functionArn,
      condition,
      approximateInvokeCount: invocations,
    },
    responseContext: last && {
      statusCode: 200,
      executedVersion: '$LATEST',
      functionError: last.outcome.ok ? null : 'Unhandled',
    },
    version: '1.0',
    timestamp: new Date(nowMs).toISOString(),
    DDBStreamBatchInfo: {
      shardId: SHARD_ID,
      startSequenceNumber: first.SequenceNumber,
      endSequenceNumber: end.SequenceNumber,
      approximateArrivalOfFirstRecord: isoSeconds(first.ApproximateCreationDateTime),
      approximateArrivalOfLastRecord: isoSeconds(end.ApproximateCreationDateTime),
      batchSize: records.length,
      streamArn,
    },
  };
}

function isoSeconds(s: number): string {
  return `${new Date(s * 1000).toISOString().slice(0, 19)}Z`;
}
