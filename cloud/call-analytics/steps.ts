import { Aws } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { acknowledge } from '../common/acknowledge.ts';
import type { Alarms } from '../common/alarms.ts';
import { QueuedFunction, type QueuedFunctionProps } from '../common/queued-function.ts';
import { DIRECT, FOREIGN, JOB_PREFIX, TEXTS } from './constants.ts';
import type { CallSettings } from './settings.ts';
import { objectFindings, type Storage } from './storage.ts';

export interface StepsProps {
  readonly storage: Storage;
  readonly settings: CallSettings;
  readonly alarms: Alarms;
}

/** As many calls at a time as keep within the default quotas of Transcribe, Comprehend and Translate. */
const LIMITS = { batchSize: 5, maxConcurrency: 5 };
const FOLDER = 'cloud/call-analytics';

/** From a recording to its result: each step takes what the one before it stored. */
export class Steps extends Construct {
  readonly transcribe: QueuedFunction;
  readonly translate: QueuedFunction;
  readonly sentiment: QueuedFunction;
  readonly failed: QueuedFunction;

  private readonly storage: Storage;
  private readonly alarms: Alarms;

  constructor(scope: Construct, id: string, { storage, settings, alarms }: StepsProps) {
    super(scope, id);
    this.storage = storage;
    this.alarms = alarms;
    const { bucket, results, transcriber } = storage;

    this.transcribe = this.step('Transcribe', {
      entry: `${FOLDER}/transcribe.lambda.ts`,
      description: 'Starts the transcription of a recording',
      memoryMiB: 256,
      timeoutS: 20,
      environment: {
        DATA_ROLE: transcriber.roleArn,
        LANGUAGE: settings.language,
        TRANSLATE: settings.translate,
      },
    });
    this.stored('Recording', this.transcribe, 'A recording was stored', [
      { suffix: { 'equals-ignore-case': '.mp3' } },
    ]);
    this.reads(this.transcribe, '*');
    // Who may not list is told "forbidden" of an object that is gone.
    this.transcribe.function.addToRolePolicy(
      new PolicyStatement({ actions: ['s3:ListBucket'], resources: [bucket.bucketArn] }),
    );
    this.transcribe.function.addToRolePolicy(
      new PolicyStatement({
        actions: ['transcribe:StartTranscriptionJob'],
        resources: ['*'],
        conditions: { StringEquals: { 'transcribe:OutputBucketName': bucket.bucketName } },
      }),
    );
    transcriber.grantPassRole(this.transcribe.function.role!);

    this.translate = this.step('Translate', {
      entry: `${FOLDER}/translate.lambda.ts`,
      description: 'Translates a transcript into English',
      memoryMiB: 512,
      timeoutS: 120,
      environment: { TRANSLATE: settings.translate },
    });
    this.stored('Foreign', this.translate, 'A transcript to be translated was stored', [
      { wildcard: `${FOREIGN}*.json` },
    ]);
    this.reads(this.translate, `${FOREIGN}*`);
    this.readsJobs(this.translate);
    this.translate.function.addToRolePolicy(
      new PolicyStatement({ actions: ['translate:TranslateText'], resources: ['*'] }),
    );
    this.translate.function.addToRolePolicy(
      new PolicyStatement({ actions: ['s3:PutObject'], resources: [bucket.arnForObjects(`${TEXTS}*`)] }),
    );
    acknowledge(
      this.translate.function.role!,
      objectFindings(bucket, [`${TEXTS}*`], 'Translations have the names of their jobs.'),
    );

    this.sentiment = this.step('Sentiment', {
      entry: `${FOLDER}/sentiment.lambda.ts`,
      description: 'Puts the sentiment of a transcript into the table',
      memoryMiB: 512,
      timeoutS: 60,
      environment: { TABLE: results.tableName },
    });
    this.stored('Transcript', this.sentiment, 'A transcript, or a translation, was stored', [
      { wildcard: `${DIRECT}*.json` },
      { wildcard: `${TEXTS}*.txt` },
    ]);
    this.reads(this.sentiment, `${DIRECT}*`);
    this.reads(this.sentiment, `${TEXTS}*`);
    this.readsJobs(this.sentiment);
    this.sentiment.function.addToRolePolicy(
      new PolicyStatement({ actions: ['comprehend:BatchDetectSentiment'], resources: ['*'] }),
    );
    results.grant(this.sentiment.function, 'dynamodb:PutItem');

    this.failed = this.step('Failed', {
      entry: `${FOLDER}/failed.lambda.ts`,
      description: 'Puts down why a transcription failed',
      memoryMiB: 256,
      timeoutS: 20,
      environment: { TABLE: results.tableName, BUCKET: bucket.bucketName },
    });
    this.failed.takes('Job', 'A transcription failed', {
      source: ['aws.transcribe'],
      detailType: ['Transcribe Job State Change'],
      detail: { TranscriptionJobStatus: ['FAILED'], TranscriptionJobName: [{ prefix: JOB_PREFIX }] },
    });
    this.readsJobs(this.failed);
    results.grant(this.failed.function, 'dynamodb:PutItem');
  }

  private step(id: string, props: Omit<QueuedFunctionProps, 'alarms' | 'batchSize' | 'maxConcurrency'>) {
    return new QueuedFunction(this, id, { ...LIMITS, alarms: this.alarms, ...props });
  }

  /** Native events of the bucket, and not its notifications: several rules may look at one kind of object, and patterns see all of a key. */
  private stored(id: string, step: QueuedFunction, description: string, key: readonly object[]): void {
    step.takes(id, description, {
      source: ['aws.s3'],
      detailType: ['Object Created'],
      detail: { bucket: { name: [this.storage.bucket.bucketName] }, object: { key } },
    });
  }

  private reads({ function: { role } }: QueuedFunction, keys: string): void {
    const { bucket } = this.storage;
    role!.addToPrincipalPolicy(
      new PolicyStatement({ actions: ['s3:GetObject'], resources: [bucket.arnForObjects(keys)] }),
    );
    acknowledge(
      role!,
      objectFindings(bucket, [keys], 'It reads whatever of this kind is stored, by its key.'),
    );
  }

  /** Whose recording a transcript is stands in its job. */
  private readsJobs({ function: { role } }: QueuedFunction): void {
    const jobs = `arn:${Aws.PARTITION}:transcribe:${Aws.REGION}:${Aws.ACCOUNT_ID}:transcription-job/${JOB_PREFIX}*`;
    role!.addToPrincipalPolicy(
      new PolicyStatement({ actions: ['transcribe:GetTranscriptionJob'], resources: [jobs] }),
    );
    const name = jobs.replaceAll(/\$\{Token\[(AWS\.\w+)\.\d+\]\}/g, '<$1>').replaceAll('AWS.', 'AWS::');
    acknowledge(role!, {
      [`AwsSolutions-IAM5[Resource::${name}]`]:
        'Jobs are made one for each recording; these are the names of ours.',
    });
  }
}
