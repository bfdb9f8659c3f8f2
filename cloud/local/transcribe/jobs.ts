import { PLACE } from '../desk/place.ts';
import { ApiError, type Input, onlyFields } from '../services/json-api.ts';
import type { JobRequest, Place } from './request.ts';

export interface Job {
  readonly request: JobRequest;
  /** The role that started it. */
  readonly caller: string;
  status: 'QUEUED' | 'IN_PROGRESS' | 'COMPLETED' | 'FAILED';
  readonly createdMs: number;
  startedMs?: number;
  completedMs?: number;
  /** What was identified. */
  language?: string;
  failure?: string;
}

const PAGE = 5;
const MAX_PAGE = 100;

/** As GetTranscriptionJob and StartTranscriptionJob give it. */
export function describedJob(job: Job): object {
  const { request, status, failure } = job;
  const { name, mediaUri, format, languageOptions, maxSpeakers, deferred, output } = request;
  return {
    ...times(job),
    TranscriptionJobName: name,
    TranscriptionJobStatus: status,
    ...languageOf(job),
    ...(request.language === null ? { IdentifyLanguage: true } : {}),
    ...(languageOptions.length > 0 ? { LanguageOptions: languageOptions } : {}),
    MediaFormat: format,
    Media: { MediaFileUri: mediaUri },
    ...(status === 'COMPLETED' ? { Transcript: { TranscriptFileUri: addressOf(output) } } : {}),
    ...(failure === undefined ? {} : { FailureReason: failure }),
    ...(maxSpeakers === null ? {} : { Settings: { ShowSpeakerLabels: true, MaxSpeakerLabels: maxSpeakers } }),
    ...(deferred
      ? { JobExecutionSettings: { AllowDeferredExecution: true, DataAccessRoleArn: deferred.roleArn } }
      : {}),
  };
}

/** A page of jobs, newest first: https://docs.aws.amazon.com/transcribe/latest/APIReference/API_ListTranscriptionJobs.html */
export function listedJobs(jobs: readonly Job[], input: Input): object {
  onlyFields(input, ['JobNameContains', 'MaxResults', 'NextToken', 'Status'], 'BadRequestException');
  const {
    Status: status,
    JobNameContains: part = '',
    MaxResults: size = PAGE,
    NextToken: token = '0',
  } = input;
  const [count, from] = [Number(size), Number(token)];
  if (!Number.isInteger(count) || count < 1 || count > MAX_PAGE || !Number.isInteger(from)) {
    throw new ApiError(
      'BadRequestException',
      `Expected MaxResults to be 1 to ${MAX_PAGE}, NextToken as it was given`,
    );
  }
  const fitting = jobs
    .filter(
      (job) => (status === undefined || job.status === status) && job.request.name.includes(String(part)),
    )
    .reverse();
  return {
    ...(status === undefined ? {} : { Status: status }),
    ...(from + count < fitting.length ? { NextToken: String(from + count) } : {}),
    TranscriptionJobSummaries: fitting.slice(from, from + count).map((job) => ({
      ...times(job),
      TranscriptionJobName: job.request.name,
      TranscriptionJobStatus: job.status,
      ...languageOf(job),
      ...(job.failure === undefined ? {} : { FailureReason: job.failure }),
      OutputLocationType: 'CUSTOMER_BUCKET',
    })),
  };
}

function languageOf({ request, language }: Job): object {
  const code = request.language ?? language;
  return code === undefined ? {} : { LanguageCode: code };
}

function times({ createdMs, startedMs, completedMs }: Job): object {
  return {
    CreationTime: createdMs / 1000,
    ...(startedMs === undefined ? {} : { StartTime: startedMs / 1000 }),
    ...(completedMs === undefined ? {} : { CompletionTime: completedMs / 1000 }),
  };
}

function addressOf({ bucket, key }: Place): string {
  return `https://s3.${PLACE.region}.amazonaws.com/${bucket}/${key}`;
}
