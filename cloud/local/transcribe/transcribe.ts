import type { DeskClock } from '../desk/clock.ts';
import type { DeskLog } from '../desk/log.ts';
import { arn, PLACE } from '../desk/place.ts';
import type { View } from '../desk/views.ts';
import { type FaultOptions, Faults } from '../services/faults.ts';
import { ApiError, type Input, jsonApi, textIn } from '../services/json-api.ts';
import type { Service, ServiceRequest } from '../services/services.ts';
import type { Buckets } from './buckets.ts';
import { describedJob, type Job, listedJobs } from './jobs.ts';
import { type JobRequest, jobRequestOf } from './request.ts';
import { type Speech, speechIn, speechOf, type Unheard } from './speech.ts';
import { transcriptOf } from './transcript.ts';

export interface TranscribeOptions {
  readonly clock: DeskClock;
  readonly log: DeskLog;
  /** The buckets as a role sees them that lets `service` assume it. @throws Error when it does not */
  readonly bucketsAs: (roleArn: string, service: string) => Buckets;
  /** Takes what the service tells EventBridge. */
  readonly onEvent: (event: JobEvent) => void;
}

/** https://docs.aws.amazon.com/transcribe/latest/dg/monitoring-events.html */
export interface JobEvent {
  readonly source: 'aws.transcribe';
  readonly detailType: 'Transcribe Job State Change';
  readonly detail: { readonly TranscriptionJobName: string; readonly TranscriptionJobStatus: string };
}

/**
 * Amazon Transcribe, as far as jobs go: started, queued, done, told of. It hears nothing itself, see speech.ts. Jobs stay
 * as long as the desk runs; on AWS they go after 90 days.
 */
export class Transcribe {
  /** Jobs at a time: https://docs.aws.amazon.com/transcribe/latest/dg/limits-guidelines.html */
  concurrency = 100;
  /** How long a job takes, by the desk's clock. */
  jobMs = 2000;
  readonly #options: TranscribeOptions;
  readonly #faults = new Faults();
  readonly #jobs = new Map<string, Job>();
  readonly #register = new Map<string, Speech | Unheard>();

  readonly serve: Service = jsonApi(
    'transcribe',
    {
      StartTranscriptionJob: {
        context: ({ OutputBucketName, OutputKey }) => ({
          ...(typeof OutputBucketName === 'string'
            ? { 'transcribe:OutputBucketName': OutputBucketName }
            : {}),
          ...(typeof OutputKey === 'string' ? { 'transcribe:OutputKey': OutputKey } : {}),
        }),
        run: (input, request) => this.#start(jobRequestOf(input), request),
      },
      GetTranscriptionJob: {
        resource: ({ TranscriptionJobName }) =>
          arn('transcribe', `transcription-job/${TranscriptionJobName}`),
        run: (input) => this.#get(input),
      },
      ListTranscriptionJobs: { run: (input) => listedJobs([...this.#jobs.values()], input) },
    },
    this.#faults,
  );

  constructor(options: TranscribeOptions) {
    this.#options = options;
  }

  /**
   * Says what there is to hear in a recording, or why it can't be heard; goes before the object's own metadata.
   * @param uri as in `s3://bucket/key`
   */
  hear(uri: string, heard: string | Speech | Unheard): void {
    this.#register.set(uri, typeof heard === 'string' ? speechOf(heard) : heard);
  }

  /** Makes requests to come fail, `LimitExceededException` for one. */
  failNext(code: string, options?: FaultOptions): void {
    this.#faults.failNext(code, options);
  }

  view(): View {
    return {
      title: 'Transcription jobs',
      columns: ['job', 'state', 'recording', 'reason'],
      rows: async () =>
        [...this.jobs]
          .reverse()
          .map(({ request, status, failure = '' }) => [request.name, status, request.mediaUri, failure]),
    };
  }

  /** Every job, oldest first. */
  get jobs(): readonly Job[] {
    return [...this.#jobs.values()];
  }

  async #start(request: JobRequest, { caller, decide }: ServiceRequest): Promise<object> {
    if (this.#jobs.has(request.name)) {
      throw new ApiError(
        'ConflictException',
        'The requested job name already exists. Use a different job name.',
      );
    }
    const { deferred, media } = request;
    if (deferred && decide('iam:PassRole', deferred.roleArn) !== 'allow') {
      const message = `User: ${caller} is not authorized to perform: iam:PassRole on resource: ${deferred.roleArn}`;
      throw new ApiError('AccessDeniedException', message);
    }
    if (!deferred && this.#running >= this.concurrency) {
      throw new ApiError('LimitExceededException', 'You have too many jobs that run at the same time.');
    }
    const { clock } = this.#options;
    // The name is taken before anything is waited for: of two requests at once one has to lose.
    const job: Job = { request, caller, status: 'QUEUED', createdMs: clock.nowMs() };
    this.#jobs.set(request.name, job);
    try {
      await this.#bucketsFor(job).look(media);
    } catch (error) {
      this.#jobs.delete(request.name);
      const reason = "The URI that you provided doesn't point to an S3 object that can be accessed";
      throw new ApiError('BadRequestException', `${reason}: ${request.mediaUri} (${(error as Error).name}).`);
    }
    this.#runNext();
    return { TranscriptionJob: describedJob(job) };
  }

  #get(input: Input): object {
    const job = this.#jobs.get(textIn(input, 'TranscriptionJobName', 'BadRequestException', 200));
    if (!job) {
      throw new ApiError('NotFoundException', "The requested job couldn't be found. Check the job name.");
    }
    return { TranscriptionJob: describedJob(job) };
  }

  get #running(): number {
    return this.jobs.filter(({ status }) => status === 'IN_PROGRESS').length;
  }

  #runNext(): void {
    const { clock } = this.#options;
    let free = this.concurrency - this.#running;
    for (const job of this.#jobs.values()) {
      if (free <= 0) return;
      if (job.status !== 'QUEUED') continue;
      free -= 1;
      job.status = 'IN_PROGRESS';
      job.startedMs = clock.nowMs();
      clock.after(this.jobMs, () => void this.#finish(job));
    }
  }

  async #finish(job: Job): Promise<void> {
    const { clock, log, onEvent } = this.#options;
    const { name, mediaUri } = job.request;
    try {
      await this.#transcribe(job);
      job.status = 'COMPLETED';
    } catch (error) {
      job.status = 'FAILED';
      job.failure = (error as Error).message;
      log.line('transcribe', `${name} (${mediaUri}): ${job.failure}`);
    }
    job.completedMs = clock.nowMs();
    const detail = { TranscriptionJobName: name, TranscriptionJobStatus: job.status };
    onEvent({ source: 'aws.transcribe', detailType: 'Transcribe Job State Change', detail });
    this.#runNext();
  }

  async #transcribe(job: Job): Promise<void> {
    const { media, mediaUri, output, language, languageOptions, maxSpeakers, name } = job.request;
    const buckets = this.#bucketsFor(job);
    const metadata = await buckets.look(media);
    const heard = this.#register.get(mediaUri) ?? speechIn(metadata);
    if (!heard) throw new Error(`Nobody told the desk what is to be heard in ${mediaUri}`);
    if ('failure' in heard) throw new Error(heard.failure);
    const spoken = language ?? identified(heard, languageOptions);
    job.language = spoken;
    const transcript = transcriptOf({
      jobName: name,
      accountId: PLACE.account,
      speech: heard,
      maxSpeakers,
      language: spoken,
      identified: language === null,
    });
    await buckets.write(output, JSON.stringify(transcript));
  }

  /** A job that may have to wait goes by a role of its own, any other by that of its caller. */
  #bucketsFor({ request, caller }: Job): Buckets {
    const { bucketsAs } = this.#options;
    const { deferred } = request;
    return deferred
      ? bucketsAs(deferred.roleArn, 'transcribe.amazonaws.com')
      : bucketsAs(caller, 'lambda.amazonaws.com');
  }
}

function identified({ language }: Speech, options: readonly string[]): string {
  if (language === null) throw new Error('Nobody told the desk in which language the recording is');
  if (options.length === 0 || options.includes(language)) return language;
  // The service takes the nearest of the options, which is hardly ever right; here it is an error.
  throw new Error(`The recording is in ${language}, which is none of ${options.join(', ')}`);
}
