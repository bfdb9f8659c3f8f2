import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ComprehendClient } from '@aws-sdk/client-comprehend';
import { type AttributeValue, type DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { SESv2Client } from '@aws-sdk/client-sesv2';
import { TranscribeClient } from '@aws-sdk/client-transcribe';
import { TranslateClient } from '@aws-sdk/client-translate';
import type { SQSEvent } from 'aws-lambda';
import type { Resource } from '../../../cloud/local/template/template.ts';
import { packageRoot } from '../../../config/paths.ts';
import { type DeskRig, functionResources, openRig, until, writeStack } from '../local/rig.ts';

const table = (key: string): Resource => ({
  Type: 'AWS::DynamoDB::Table',
  Properties: {
    AttributeDefinitions: [{ AttributeName: key, AttributeType: 'S' }],
    KeySchema: [{ AttributeName: key, KeyType: 'HASH' }],
    BillingMode: 'PAY_PER_REQUEST',
  },
});
const EVERYTHING = [
  {
    Effect: 'Allow',
    Action: [
      's3:*',
      'transcribe:*',
      'comprehend:*',
      'translate:*',
      'ses:*',
      'events:*',
      'dynamodb:*',
      'iam:PassRole',
    ],
    Resource: '*',
  },
];

/** A role that Transcribe may take. */
const transcriber = (RoleName: string, Statement: readonly object[]): Resource => ({
  Type: 'AWS::IAM::Role',
  Properties: {
    RoleName,
    AssumeRolePolicyDocument: {
      Statement: [
        { Action: 'sts:AssumeRole', Effect: 'Allow', Principal: { Service: 'transcribe.amazonaws.com' } },
      ],
    },
    Policies: [{ PolicyName: 'own', PolicyDocument: { Statement } }],
  },
});

/** Hears what the stack tells the default bus. */
export const listener: Readonly<Record<string, Resource>> = {
  Heard: { Type: 'AWS::SQS::Queue' },
  HeardPolicy: {
    Type: 'AWS::SQS::QueuePolicy',
    Properties: {
      Queues: [{ Ref: 'Heard' }],
      PolicyDocument: {
        Statement: [
          {
            Effect: 'Allow',
            Action: 'sqs:SendMessage',
            Principal: { Service: 'events.amazonaws.com' },
            Resource: { 'Fn::GetAtt': ['Heard', 'Arn'] },
          },
        ],
      },
    },
  },
  Hear: {
    Type: 'AWS::Events::Rule',
    Properties: {
      EventPattern: { source: ['roverd.calls'] },
      Targets: [{ Id: 'queue', Arn: { 'Fn::GetAtt': ['Heard', 'Arn'] } }],
    },
  },
};

/** What the handlers call, on a desk without their stack: a bucket, two tables, a role that may do all, and the services. */
export async function openServices() {
  const written = writeStack(
    {
      Calls: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'calls' } },
      Results: table('partitionKey'),
      Sent: table('id'),
      Sender: { Type: 'AWS::SES::EmailIdentity', Properties: { EmailIdentity: 'calls@example.com' } },
      ...listener,
      Transcriber: transcriber('transcriber', EVERYTHING),
      Reader: transcriber('reader', [{ Effect: 'Allow', Action: 's3:GetObject', Resource: '*' }]),
      ...functionResources('Worker', {}, EVERYTHING),
    },
    { Worker: 'export const handler = async () => 1;' },
  );
  const desk = await openRig(written.stack);
  desk.transcribe.jobMs = 1;
  const credentials = desk.principals.assume(desk.functions.all[0]!.roleArn, 'lambda.amazonaws.com');
  const config = { region: 'eu-central-1', credentials, maxAttempts: 1 };
  const at = { ...config, endpoint: desk.services.url };
  const s3 = new S3Client({
    ...config,
    endpoint: desk.deskVariables.get('AWS_ENDPOINT_URL_S3')!,
    forcePathStyle: true,
  });
  const dynamo = await desk.tables.client();
  return {
    desk,
    s3,
    dynamo: dynamo as DynamoDBClient,
    transcribe: new TranscribeClient(at),
    comprehend: new ComprehendClient(at),
    translate: new TranslateClient(at),
    ses: new SESv2Client(at),
    events: new EventBridgeClient(at),
    env: {
      DATA_ROLE: 'arn:aws:iam::123456789012:role/transcriber',
      LANGUAGE: 'en-US',
      TRANSLATE: 'unsupported',
      TABLE: 'small-Results',
      SENT_TABLE: 'small-Sent',
      BUCKET: 'calls',
      SENDER: 'calls@example.com',
      MANAGER: 'boss@example.org',
    },
    /** The events that the stack would send to the default bus, so far and not read before. */
    async heard(): Promise<{ readonly 'detail-type': string; readonly detail: Record<string, unknown> }[]> {
      const queue = 'arn:aws:sqs:eu-central-1:123456789012:small-Heard';
      const messages = await desk.queues.receive(queue, { max: 10, waitMs: 0 });
      return messages.map(({ body }) => JSON.parse(body));
    },
    async close() {
      await desk.close();
      written.remove();
    },
  };
}

export type Services = Awaited<ReturnType<typeof openServices>>;

export async function put(
  s3: S3Client,
  Key: string,
  Body: string | Uint8Array = 'no sound',
  Metadata: Record<string, string> = {},
  Bucket = 'calls',
): Promise<void> {
  await s3.send(new PutObjectCommand({ Bucket, Key, Body, Metadata }));
}

export async function textAt(s3: S3Client, Key: string, Bucket = 'calls') {
  const { Body, Metadata } = await s3.send(new GetObjectCommand({ Bucket, Key }));
  return { text: await Body!.transformToString(), metadata: Metadata };
}

export async function keysIn(s3: S3Client, Bucket = 'calls'): Promise<string[]> {
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }));
  return Contents.map(({ Key }) => Key!);
}

export async function itemsOf(
  dynamo: DynamoDBClient,
  TableName: string,
): Promise<Record<string, AttributeValue>[]> {
  return (await dynamo.send(new ScanCommand({ TableName, ConsistentRead: true }))).Items ?? [];
}

/** A batch as a queue hands it over. @param bodies the n-th message is called `m<n>` */
export function batchOf(...bodies: readonly string[]): SQSEvent {
  const Records = bodies.map((body, at) => ({
    messageId: `m${at}`,
    receiptHandle: `r${at}`,
    body,
    attributes: {
      ApproximateReceiveCount: '1',
      SentTimestamp: '0',
      SenderId: 'events',
      ApproximateFirstReceiveTimestamp: '0',
    },
    messageAttributes: {},
    md5OfBody: '',
    eventSource: 'aws:sqs',
    eventSourceARN: 'arn:aws:sqs:eu-central-1:123456789012:queue',
    awsRegion: 'eu-central-1',
  }));
  return { Records };
}

/** As EventBridge tells of a stored object. */
export function stored(key: string, sequencer = '0001', bucket = 'calls'): string {
  return JSON.stringify({
    source: 'aws.s3',
    'detail-type': 'Object Created',
    detail: { bucket: { name: bucket }, object: { key, size: 1, sequencer } },
  });
}

/** The events that are saved for people to try. */
export function savedEvent(path: string) {
  return JSON.parse(readFileSync(join(packageRoot(), 'cloud/call-analytics/events', path), 'utf8'));
}

/** Waits until no job of Transcribe is under way. */
export async function jobsDone({ transcribe }: Pick<DeskRig, 'transcribe'>, limitMs?: number): Promise<void> {
  await until(
    () => transcribe.jobs.every(({ status }) => status === 'COMPLETED' || status === 'FAILED'),
    limitMs,
  );
}
