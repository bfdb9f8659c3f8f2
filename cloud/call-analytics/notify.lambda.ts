import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SESv2Client, SendEmailCommand } from '@aws-sdk/client-sesv2';
import type { DynamoDBBatchResponse, DynamoDBStreamEvent } from 'aws-lambda';
import { eachChange } from '../common/batch.lambda-shared.ts';
import { writeLog, writeMetrics } from '../common/emf.lambda-shared.ts';
import { type Environment, required } from '../common/environment.lambda-shared.ts';
import { type ChangedResult, changedResult } from './change.lambda-shared.ts';
import { METRICS_NAMESPACE } from './constants.ts';
import { sentOnce } from './sent.lambda-shared.ts';

type Handler = (event: DynamoDBStreamEvent) => Promise<DynamoDBBatchResponse>;

/** A call was negative (the mapping lets no other through): tells the manager by mail, once. */
export function createNotify(
  env: Environment,
  ses = new SESv2Client({}),
  dynamo = new DynamoDBClient({}),
): Handler {
  const sender = required(env, 'SENDER');
  const manager = required(env, 'MANAGER');
  const once = sentOnce(env, dynamo);

  return eachChange(async (record) => {
    const result = changedResult(record);
    const entry = { recording: result.key, job: result.job };
    const sent = await once(`mail ${result.id}`, async () => {
      await ses.send(
        new SendEmailCommand({
          FromEmailAddress: sender,
          Destination: { ToAddresses: [manager] },
          Content: {
            Simple: {
              Subject: { Data: `Negative call: ${oneLine(result.key)}`, Charset: 'UTF-8' },
              Body: { Text: { Data: textOf(result), Charset: 'UTF-8' } },
            },
          },
        }),
      );
    });
    if (sent) writeMetrics(METRICS_NAMESPACE, { Mailed: 1 }, { level: 'INFO', message: 'mailed', ...entry });
    else writeLog('INFO', 'was mailed before', entry);
  });
}

function textOf({ key, language, scores, speakers, excerpt, transcriptKey }: ChangedResult): string {
  const percent = (name: string) => `${name} ${Math.round(100 * (scores[name] ?? 0))} %`;
  return [
    `The call ${key}${language === null ? '' : ` (${language})`} was negative.`,
    Object.keys(scores).map(percent).join(', '),
    ...Object.entries(speakers).map(([name, sentiment]) => `${name}: ${sentiment}`),
    '',
    excerpt,
    '',
    `Transcript: ${transcriptKey}`,
  ].join('\n');
}

/** A subject is one line, whatever a key is. */
function oneLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ').slice(0, 200);
}

let take: Handler | undefined;
export const handler: Handler = (event) => {
  take ??= createNotify(process.env);
  return take(event);
};
