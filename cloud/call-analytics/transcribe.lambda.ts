import { HeadObjectCommand, type HeadObjectCommandOutput, S3Client } from '@aws-sdk/client-s3';
import {
  type LanguageCode,
  StartTranscriptionJobCommand,
  type StartTranscriptionJobCommandInput,
  TranscribeClient,
} from '@aws-sdk/client-transcribe';
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { eachMessage } from '../common/batch.lambda-shared.ts';
import { writeLog, writeMetrics } from '../common/emf.lambda-shared.ts';
import { type Environment, required } from '../common/environment.lambda-shared.ts';
import {
  BASE_LANGUAGE,
  DIRECT,
  FOREIGN,
  IDENTIFY,
  LANGUAGE_METADATA,
  MAX_SPEAKERS,
  METRICS_NAMESPACE,
} from './constants.ts';
import { comprehendLanguage, transcribeLanguage } from './languages.lambda-shared.ts';
import { jobNameOf, type StoredObject, storedObjectIn } from './recording.lambda-shared.ts';

type Handler = (event: SQSEvent) => Promise<SQSBatchResponse>;

/** A recording was stored: starts its job, in the language that its metadata say. */
export function createTranscribe(
  env: Environment,
  s3 = new S3Client({}),
  transcribe = new TranscribeClient({}),
): Handler {
  const roleArn = required(env, 'DATA_ROLE');
  const fallback = required(env, 'LANGUAGE');
  const always = required(env, 'TRANSLATE') === 'always';

  return eachMessage(async ({ body }: SQSRecord) => {
    const recording = storedObjectIn(body);
    const job = jobNameOf(recording);
    const entry = { recording: recording.key, job };
    const head = await lookAt(s3, recording);
    if (!head) {
      writeLog('WARN', 'the recording is gone', entry);
      return;
    }
    const language = languageOf(head, fallback);
    const started = await start(transcribe, {
      TranscriptionJobName: job,
      ...(language === IDENTIFY ? { IdentifyLanguage: true } : { LanguageCode: language as LanguageCode }),
      MediaFormat: 'mp3',
      Media: { MediaFileUri: `s3://${recording.bucket}/${recording.key}` },
      OutputBucketName: recording.bucket,
      OutputKey: `${isDirect(language, always) ? DIRECT : FOREIGN}${job}.json`,
      Settings: { ShowSpeakerLabels: true, MaxSpeakerLabels: MAX_SPEAKERS },
      JobExecutionSettings: { AllowDeferredExecution: true, DataAccessRoleArn: roleArn },
    });
    if (started)
      writeMetrics(
        METRICS_NAMESPACE,
        { Started: 1 },
        { level: 'INFO', message: 'started', language, ...entry },
      );
    else writeLog('INFO', 'was started before', entry);
  });
}

/** Null when there is no such object any more. */
async function lookAt(s3: S3Client, { bucket, key }: StoredObject): Promise<HeadObjectCommandOutput | null> {
  try {
    return await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
  } catch (error) {
    if ((error as Error).name === 'NotFound') return null;
    throw error;
  }
}

function languageOf({ Metadata, ContentLanguage }: HeadObjectCommandOutput, fallback: string): string {
  const said = Metadata?.[LANGUAGE_METADATA] ?? ContentLanguage ?? fallback;
  return said.toLowerCase() === IDENTIFY ? IDENTIFY : transcribeLanguage(said);
}

/** A call whose language is to be identified goes by way of the translation, which passes on what needs none. */
function isDirect(language: string, always: boolean): boolean {
  if (language === IDENTIFY) return false;
  const analysed = comprehendLanguage(language);
  return analysed === BASE_LANGUAGE || (!always && analysed !== null);
}

/** @returns false when there is such a job already: the event came twice */
async function start(client: TranscribeClient, input: StartTranscriptionJobCommandInput): Promise<boolean> {
  try {
    await client.send(new StartTranscriptionJobCommand(input));
    return true;
  } catch (error) {
    if ((error as Error).name === 'ConflictException') return false;
    throw error;
  }
}

let take: Handler | undefined;
export const handler: Handler = (event) => {
  take ??= createTranscribe(process.env);
  return take(event);
};
