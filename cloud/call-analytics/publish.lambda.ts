import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import type { DynamoDBBatchResponse, DynamoDBStreamEvent } from 'aws-lambda';
import { eachChange } from '../common/batch.lambda-shared.ts';
import { writeLog, writeMetrics } from '../common/emf.lambda-shared.ts';
import { type Environment, required } from '../common/environment.lambda-shared.ts';
import { type ChangedResult, changedResult } from './change.lambda-shared.ts';
import { EVENT_SOURCE, METRICS_NAMESPACE } from './constants.ts';
import { sentOnce } from './sent.lambda-shared.ts';

type Handler = (event: DynamoDBStreamEvent) => Promise<DynamoDBBatchResponse>;

/** A result was written: tells the default bus, once. The transcript itself stays where it is. */
export function createPublish(
  env: Environment,
  events = new EventBridgeClient({}),
  dynamo = new DynamoDBClient({}),
): Handler {
  const bucket = required(env, 'BUCKET');
  const once = sentOnce(env, dynamo);

  return eachChange(async (record) => {
    const result = changedResult(record);
    const entry = { recording: result.key, job: result.job };
    const sent = await once(`event ${result.id}`, () => publish(events, bucket, result));
    if (sent)
      writeMetrics(METRICS_NAMESPACE, { Published: 1 }, { level: 'INFO', message: 'published', ...entry });
    else writeLog('INFO', 'was published before', entry);
  });
}

/** @throws Error when the bus does not take it: PutEvents answers 200 for entries that it dropped */
async function publish(events: EventBridgeClient, bucket: string, result: ChangedResult): Promise<void> {
  const { id, key, language, failure, sentiment, scores, speakers, transcriptKey } = result;
  const common = { id, recording: { bucket, key }, language };
  const { FailedEntryCount = 0, Entries = [] } = await events.send(
    new PutEventsCommand({
      Entries: [
        {
          Source: EVENT_SOURCE,
          DetailType: failure === null ? 'Call analysed' : 'Call failed',
          Detail: JSON.stringify(
            failure === null
              ? { ...common, sentiment, scores, speakers, transcriptKey }
              : { ...common, failure },
          ),
        },
      ],
    }),
  );
  if (FailedEntryCount > 0) throw new Error(`${Entries[0]?.ErrorCode}: ${Entries[0]?.ErrorMessage}`);
}

let take: Handler | undefined;
export const handler: Handler = (event) => {
  take ??= createPublish(process.env);
  return take(event);
};
