import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Context, DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import { type Environment, required } from '../common/environment.lambda-shared.ts';
import { carryOut } from './carry-out.lambda-shared.ts';
import { carryOutOptions, deadline } from './environment.lambda-shared.ts';
import { dueOf, TableAgenda } from './table-agenda.lambda-shared.ts';

type Handler = (event: DynamoDBStreamEvent, context: Context) => Promise<DynamoDBBatchResponse>;

/** Rewrites the objects whose items have expired. An item that somebody deleted is called off. */
export function createRewrite(env: Environment): Handler {
  const agenda = new TableAgenda(new DynamoDBClient({}), required(env, 'TABLE'));
  const options = carryOutOptions(env, agenda);
  return (event, context) => {
    const signal = deadline(context);
    const rewrite = async (record: DynamoDBRecord): Promise<void> => {
      if (expired(record)) await carryOut(dueOf(record.dynamodb?.OldImage ?? {}), signal, options);
    };
    const processor = new BatchProcessor(EventType.DynamoDBStreams);
    return processPartialResponse(event, rewrite, processor, { context, throwOnFullBatchFailure: false });
  };
}

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-streams.html */
function expired({ eventName, userIdentity }: DynamoDBRecord): boolean {
  return (
    eventName === 'REMOVE' &&
    userIdentity?.type === 'Service' &&
    userIdentity.principalId === 'dynamodb.amazonaws.com'
  );
}

let rewrite: Handler | undefined;
export const handler: Handler = (event, context) => {
  rewrite ??= createRewrite(process.env);
  return rewrite(event, context);
};
