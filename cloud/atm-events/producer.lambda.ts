import { EventBridgeClient, PutEventsCommand, type PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import Draft04 from 'ajv-draft-04';
import type { Context } from 'aws-lambda';
import { writeLog, writeMetrics } from '../common/emf.lambda-shared.ts';
import { type Environment, required } from '../common/environment.lambda-shared.ts';
import {
  CALL_MS,
  DETAIL_TYPE,
  MAX_REQUEST_BYTES,
  METRICS_NAMESPACE,
  RESERVE_MS,
  SOURCE,
} from './constants.ts';
import { type Put, putAll, sizeOf, type Unput } from './put-all.lambda-shared.ts';
import { TRANSACTION_SCHEMA } from './transaction.lambda-shared.ts';

/** What the machines report. */
export interface ProducerEvent {
  readonly transactions: readonly unknown[];
}

export interface ProducerResult {
  readonly put: number;
  /** Not put; each is in the queue of what was not delivered. */
  readonly refused: readonly { readonly transactionId: unknown; readonly reason: string }[];
}

type Handler = (
  event: ProducerEvent,
  context: Pick<Context, 'getRemainingTimeInMillis'>,
) => Promise<ProducerResult>;

/** SQS takes ten messages at once, of 1 MiB together. */
const MAX_MESSAGES = 10;

/**
 * Puts transactions onto the bus. What is no transaction, and what could not be put however often it was tried, goes to a
 * queue. The same invocation again puts them again: consumers know a transaction by its id.
 */
export function createProducer(
  env: Environment,
  events = new EventBridgeClient({ requestHandler: { requestTimeout: CALL_MS } }),
  queue = new SQSClient({ requestHandler: { requestTimeout: CALL_MS } }),
): Handler {
  const EventBusName = required(env, 'BUS');
  const QueueUrl = required(env, 'UNDELIVERED_URL');
  const valid = new Draft04.default({ allErrors: true }).compile(TRANSACTION_SCHEMA);
  const put: Put = async (Entries) => (await events.send(new PutEventsCommand({ Entries }))).Entries ?? [];

  const fault = (entry: PutEventsRequestEntry, transaction: unknown): Omit<Unput, 'entry'> | null => {
    if (!valid(transaction)) {
      const reasons = (valid.errors ?? []).map(
        ({ instancePath, message }) => `${instancePath || '/'} ${message}`,
      );
      return { code: 'Invalid', message: reasons.join('; '), tries: 0 };
    }
    const bytes = sizeOf(entry);
    if (bytes < MAX_REQUEST_BYTES) return null;
    return {
      code: 'TooLarge',
      message: `${bytes} bytes, of which EventBridge takes less than ${MAX_REQUEST_BYTES}`,
      tries: 0,
    };
  };

  return async (event, context) => {
    if (!Array.isArray(event?.transactions)) {
      throw new Error(
        `Expected {"transactions": [...]} but received ${JSON.stringify(event)?.slice(0, 200)}`,
      );
    }
    const Time = new Date();
    const unput: Unput[] = [];
    const entries = event.transactions.flatMap((transaction) => {
      const Detail = JSON.stringify(transaction);
      const entry = { EventBusName, Source: SOURCE, DetailType: DETAIL_TYPE, Time, Detail };
      const found = fault(entry, transaction);
      if (found) unput.push({ entry, ...found });
      return found ? [] : [entry];
    });
    const sent = await putAll(entries, {
      put,
      mayWait: (waitMs) => context.getRemainingTimeInMillis() - waitMs > RESERVE_MS,
      sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      random: Math.random,
    });
    unput.push(...sent.unput);
    await bury(queue, QueueUrl, unput);
    const counted = {
      Put: event.transactions.length - unput.length,
      Retried: sent.retried,
      Undelivered: unput.length,
    };
    writeMetrics(METRICS_NAMESPACE, counted, { level: unput.length > 0 ? 'WARN' : 'INFO', message: 'put' });
    return {
      put: counted.Put,
      refused: unput.map(({ entry, code, message }) => ({
        transactionId:
          (JSON.parse(entry.Detail ?? 'null') as { transactionId?: unknown } | null)?.transactionId ?? null,
        reason: `${code}: ${message}`,
      })),
    };
  };
}

/** @throws Error when the queue does not take them: the invocation fails as a whole and is done again */
async function bury(queue: SQSClient, QueueUrl: string, unput: readonly Unput[]): Promise<void> {
  for (const messages of batchesOf(unput)) {
    const { Failed = [] } = await queue.send(
      new SendMessageBatchCommand({
        QueueUrl,
        Entries: messages.map(({ entry, code, message, tries }, index) => {
          writeLog('WARN', 'not put', { code, reason: message, tries });
          const attribute = (StringValue: string) => ({
            DataType: 'String',
            StringValue: StringValue.slice(0, 1024),
          });
          return {
            Id: `${index}`,
            MessageBody: bodyOf(entry),
            MessageAttributes: {
              ERROR_CODE: attribute(code),
              ERROR_MESSAGE: attribute(message || code),
              TRIES: attribute(`${tries}`),
            },
          };
        }),
      }),
    );
    if (Failed.length > 0)
      throw new Error(`${Failed.length} could neither be put nor kept: ${Failed[0]?.Message}`);
  }
}

/** Room for attributes beside the body. */
const MAX_BODY_BYTES = MAX_REQUEST_BYTES - 8 * 1024;

/** The transaction; of one that no queue takes either, what tells it apart: who invoked and waits for the answer has it. */
function bodyOf({ Detail = 'null' }: PutEventsRequestEntry): string {
  const bytes = Buffer.byteLength(Detail);
  if (bytes <= MAX_BODY_BYTES) return Detail;
  const { transactionId = null } = JSON.parse(Detail) as { transactionId?: unknown };
  return JSON.stringify({ transactionId, bytes, beginning: Detail.slice(0, 1000) });
}

function batchesOf(unput: readonly Unput[]): Unput[][] {
  const batches: Unput[][] = [];
  let bytes = 0;
  for (const one of unput) {
    const size = Buffer.byteLength(bodyOf(one.entry)) + 4096;
    const last = batches.at(-1);
    if (last && last.length < MAX_MESSAGES && bytes + size <= MAX_REQUEST_BYTES) {
      last.push(one);
      bytes += size;
    } else {
      batches.push([one]);
      bytes = size;
    }
  }
  return batches;
}

let produce: Handler | undefined;
export const handler: Handler = (event, context) => {
  produce ??= createProducer(process.env);
  return produce(event, context);
};
