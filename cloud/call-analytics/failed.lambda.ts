import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { TranscribeClient } from '@aws-sdk/client-transcribe';
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { eachMessage } from '../common/batch.lambda-shared.ts';
import { writeLog, writeMetrics } from '../common/emf.lambda-shared.ts';
import { type Environment, required } from '../common/environment.lambda-shared.ts';
import { METRICS_NAMESPACE } from './constants.ts';
import { originOf } from './jobs.lambda-shared.ts';
import { keep } from './results.lambda-shared.ts';

type Handler = (event: SQSEvent) => Promise<SQSBatchResponse>;

/** A job failed: the table says so, and why, in place of a sentiment. Another try would hear the same recording. */
export function createFailed(
  env: Environment,
  transcribe = new TranscribeClient({}),
  dynamo = new DynamoDBClient({}),
  nowMs: () => number = Date.now,
): Handler {
  const table = required(env, 'TABLE');
  const bucket = required(env, 'BUCKET');

  return eachMessage(async ({ body }: SQSRecord) => {
    const { detail } = JSON.parse(body) as { readonly detail?: { readonly TranscriptionJobName?: string } };
    const origin = await originOf(transcribe, detail?.TranscriptionJobName ?? '');
    // A second stack of the account has jobs that begin the same.
    if (origin.bucket !== bucket) return;
    const failure = origin.failure ?? 'Transcribe gave no reason';
    const entry = { recording: origin.key, job: origin.job, failure };
    if (await keep(dynamo, table, origin, { failure }, nowMs())) {
      writeMetrics(METRICS_NAMESPACE, { Failed: 1 }, { level: 'ERROR', message: 'the job failed', ...entry });
    } else writeLog('INFO', 'this version of the recording, or a later one, is known', entry);
  });
}

let take: Handler | undefined;
export const handler: Handler = (event) => {
  take ??= createFailed(process.env);
  return take(event);
};
