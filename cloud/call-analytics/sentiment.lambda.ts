import { ComprehendClient } from '@aws-sdk/client-comprehend';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { TranscribeClient } from '@aws-sdk/client-transcribe';
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { eachMessage } from '../common/batch.lambda-shared.ts';
import { writeLog, writeMetrics } from '../common/emf.lambda-shared.ts';
import { type Environment, required } from '../common/environment.lambda-shared.ts';
import { type Call, callIn, textsBySpeaker, transcriptIn } from './call.lambda-shared.ts';
import { METRICS_NAMESPACE, TEXTS } from './constants.ts';
import { originOf } from './jobs.lambda-shared.ts';
import { comprehendLanguage } from './languages.lambda-shared.ts';
import { type ReadObject, readObject } from './objects.lambda-shared.ts';
import { jobNameIn, storedObjectIn } from './recording.lambda-shared.ts';
import { keep } from './results.lambda-shared.ts';
import { type Analysis, analyse } from './sentiment.lambda-shared.ts';

type Handler = (event: SQSEvent) => Promise<SQSBatchResponse>;

/** A transcript (`.json`) or a translation (`.txt`) was stored: its sentiment goes into the table. */
export function createSentiment(
  env: Environment,
  clients = {
    s3: new S3Client({}),
    transcribe: new TranscribeClient({}),
    comprehend: new ComprehendClient({}),
    dynamo: new DynamoDBClient({}),
  },
  nowMs: () => number = Date.now,
): Handler {
  const table = required(env, 'TABLE');

  return eachMessage(async ({ body }: SQSRecord) => {
    const { bucket, key } = storedObjectIn(body);
    const isText = key.startsWith(TEXTS);
    const stored = await readObject(clients.s3, bucket, key);
    const origin = await originOf(clients.transcribe, jobNameIn(key));
    const call = isText ? callIn(stored.bytes) : transcriptIn(stored.bytes);
    const language = languageOf(stored, origin.language);
    const { sentiment, speakers } = await analyseCall(clients.comprehend, language, call);
    const result = {
      transcript: call.text,
      transcriptKey: key,
      translated: stored.metadata.translated === 'true',
      sentiment,
      speakers,
    };
    const kept = await keep(clients.dynamo, table, origin, { result }, nowMs());
    const entry = { recording: origin.key, job: origin.job, sentiment: sentiment.Sentiment };
    if (kept)
      writeMetrics(METRICS_NAMESPACE, { Analysed: 1 }, { level: 'INFO', message: 'analysed', ...entry });
    else writeLog('INFO', 'this version of the recording, or a later one, is known', entry);
  });
}

/** A translation says in which language it is; a transcript is in that of its job. */
function languageOf({ metadata }: ReadObject, spoken: string | null): string {
  const language = metadata.language ?? comprehendLanguage(spoken ?? '');
  if (language === null) throw new Error(`Expected a language of Comprehend's but received ${spoken}`);
  return language;
}

/** The whole, and where several speak each of them. */
async function analyseCall(
  client: ComprehendClient,
  language: string,
  call: Call,
): Promise<{ readonly sentiment: Analysis; readonly speakers: ReadonlyMap<string, Analysis> }> {
  const texts = textsBySpeaker(call);
  const names = texts.size > 1 ? [...texts.keys()] : [];
  const [sentiment, ...each] = await analyse(client, language, [
    call.text,
    ...names.map((name) => texts.get(name)!),
  ]);
  return { sentiment: sentiment!, speakers: new Map(names.map((name, at) => [name, each[at]!])) };
}

let take: Handler | undefined;
export const handler: Handler = (event) => {
  take ??= createSentiment(process.env);
  return take(event);
};
