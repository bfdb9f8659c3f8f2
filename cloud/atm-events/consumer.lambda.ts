import type { EventBridgeEvent } from 'aws-lambda';
import { writeMetrics } from '../common/emf.lambda-shared.ts';
import type { Environment } from '../common/environment.lambda-shared.ts';
import { METRICS_NAMESPACE } from './constants.ts';
import { createKeeper, type Kept } from './keep.lambda-shared.ts';
import { TRANSACTION_SCHEMA, type Transaction } from './transaction.lambda-shared.ts';

type Handler = (event: EventBridgeEvent<'transaction', Transaction>) => Promise<Kept>;

/**
 * Takes one transaction. EventBridge and Lambda deliver at least once, and an archive can be replayed: what is known is
 * not taken again. What it throws is tried again by Lambda, and then told to the queue.
 */
export function createConsumer(env: Environment, keeper = createKeeper(env)): Handler {
  return async ({ id, detail }) => {
    const transactionId: unknown = detail?.transactionId;
    if (typeof transactionId !== 'string' || transactionId === '') {
      throw new Error(
        `Expected a transactionId in the event ${id} but received ${JSON.stringify(transactionId)}`,
      );
    }
    const kept = await keeper.keep(transactionId, detail, knownFields(detail));
    const counted = { Kept: Number(kept === 'kept'), Known: Number(kept === 'known') };
    const fields = { level: 'INFO', message: kept, consumer: keeper.consumer, transactionId, eventId: id };
    writeMetrics(METRICS_NAMESPACE, counted, fields);
    return kept;
  };
}

/** What is known of a transaction, without what else came with it. */
function knownFields(detail: Transaction): object {
  return Object.fromEntries(
    Object.entries(detail).filter(([name]) => Object.hasOwn(TRANSACTION_SCHEMA.properties, name)),
  );
}

let consume: Handler | undefined;
export const handler: Handler = (event) => {
  consume ??= createConsumer(process.env);
  return consume(event);
};
