import { GetTranscriptionJobCommand, type TranscribeClient } from '@aws-sdk/client-transcribe';
import { objectAt, versionIn } from './recording.lambda-shared.ts';

/** What a job knows of its recording. */
export interface JobOrigin {
  readonly job: string;
  readonly bucket: string;
  /** Of the recording. */
  readonly key: string;
  /** Orders the versions of a recording, see `versionIn`. */
  readonly version: string;
  /** As Transcribe has it, said or identified; null: neither, since the job failed before. */
  readonly language: string | null;
  readonly failure: string | null;
}

/** @throws Error when there is no such job, or it is not one of ours */
export async function originOf(client: TranscribeClient, job: string): Promise<JobOrigin> {
  const version = versionIn(job);
  const { TranscriptionJob } = await client.send(
    new GetTranscriptionJobCommand({ TranscriptionJobName: job }),
  );
  const { Media, LanguageCode, FailureReason } = TranscriptionJob ?? {};
  const { bucket, key } = objectAt(Media?.MediaFileUri ?? '');
  return { job, bucket, key, version, language: LanguageCode ?? null, failure: FailureReason ?? null };
}
