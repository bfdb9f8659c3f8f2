import { gunzipSync } from 'node:zlib';
import { DeleteItemCommand, type DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import {
  GetObjectCommand,
  GetObjectTaggingCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  S3Client,
} from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { personAtTheDesk } from '../../../cloud/local/cli/person.ts';
import type { Due } from '../../../cloud/retention/agenda.lambda-shared.ts';
import type { CarryOutOptions } from '../../../cloud/retention/carry-out.lambda-shared.ts';
import { dueOf, TableAgenda } from '../../../cloud/retention/table-agenda.lambda-shared.ts';
import { type DeskRig, openRig, writeStack } from '../local/rig.ts';

export const BUCKET = 'data-bucket';
export const TABLE = 'objects-to-process';

/** Rows as the post's Mockaroo data set has them: uploaded files, `file_contents` in base64. */
export const ROWS = [
  '{"id":1,"first_name":"Bea","email":"bea@example.com","ip_address":"198.51.100.7","file_name":"Cv.pdf","file_contents":"JVBERi0xLjQK"}',
  '{"id":2,"first_name":"Zoë","email":"zoe@example.com","ip_address":"203.0.113.9","file_name":"漢字.png","file_contents":"iVBORw0KGgo="}',
  '{"id":3,"first_name":"Ann","email":"ann@example.com","ip_address":"192.0.2.44","file_name":"a b.txt","file_contents":"c2VjcmV0\\n"}',
];
export const BLANKED_ROWS = ROWS.map((row) => row.replace(/"file_contents":".*"/, '"file_contents":""'));

export interface Lake extends Access {
  readonly desk: DeskRig;
  readonly options: CarryOutOptions;
  close(): Promise<void>;
}

/** What a person at the desk can do with bucket, table and queue. */
export interface Access {
  readonly s3: S3Client;
  put(key: string, body: string | Buffer, more?: Partial<PutObjectCommandInput>): Promise<string>;
  read(key: string): Promise<Read>;
  tagsOf(key: string): Promise<readonly string[]>;
  /** What stands in the table; null: nothing. */
  item(key: string): Promise<Due | null>;
  /** Takes an item out of the table. */
  forget(key: string): Promise<void>;
  /** What was reported since the last time. */
  reports(): Promise<Readonly<Record<string, unknown>>[]>;
}

export interface Read {
  readonly text: string;
  readonly etag: string;
  readonly tags: readonly string[];
  readonly type: string | undefined;
  readonly encoding: string | undefined;
  readonly metadata: Readonly<Record<string, string>> | undefined;
}

function textOf(bytes: Buffer): string {
  if (bytes[0] !== 0x1f) return bytes.toString();
  try {
    return gunzipSync(bytes).toString();
  } catch {
    return '(not to be unpacked)';
  }
}

/** A bucket, the table and the queue of failures on a desk, with nothing between them. */
export async function openLake(): Promise<Lake> {
  const { stack, remove } = writeStack({
    Data: { Type: 'AWS::S3::Bucket', Properties: { BucketName: BUCKET } },
    Table: {
      Type: 'AWS::DynamoDB::Table',
      Properties: {
        TableName: TABLE,
        AttributeDefinitions: [{ AttributeName: 'path', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'path', KeyType: 'HASH' }],
      },
    },
    Failures: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'failures' } },
  });
  const desk = await openRig(stack);
  // It tries once: how long the SDK waits between tries is none of ours.
  const own = new S3Client({ ...common(desk), endpoint: desk.s3.url, maxAttempts: 1 });
  const sqs = new SQSClient({ ...common(desk), endpoint: desk.services.url });
  const access = accessTo(desk, await desk.tables.client(), 'failures');
  return {
    ...access,
    desk,
    options: {
      s3: own,
      sqs,
      agenda: new TableAgenda(await desk.tables.client(), TABLE),
      failuresUrl: 'https://sqs.eu-central-1.amazonaws.com/123456789012/failures',
      fields: ['file_contents'],
      ttlS: 300,
    },
    async close() {
      access.s3.destroy();
      own.destroy();
      sqs.destroy();
      await desk.close();
      remove();
    },
  };
}

const common = (desk: DeskRig) => ({
  region: 'eu-central-1',
  credentials: personAtTheDesk(desk.principals),
});

/** @param queue name of the queue of failures */
export function accessTo(desk: DeskRig, dynamo: DynamoDBClient, queue: string): Access {
  const s3 = new S3Client({ ...common(desk), endpoint: desk.s3.url });
  const tagsOf = async (Key: string) => {
    const { TagSet = [] } = await s3.send(new GetObjectTaggingCommand({ Bucket: BUCKET, Key }));
    return TagSet.map((tag) => `${tag.Key}=${tag.Value}`);
  };
  const failuresArn = `arn:aws:sqs:eu-central-1:123456789012:${queue}`;
  return {
    s3,
    async put(Key, Body, more = {}) {
      const { ETag } = await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body, ...more }));
      return ETag!;
    },
    async read(Key) {
      const found = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key }));
      const bytes = Buffer.from(await found.Body!.transformToByteArray());
      return {
        text: textOf(bytes),
        etag: found.ETag!,
        tags: await tagsOf(Key),
        type: found.ContentType,
        encoding: found.ContentEncoding,
        metadata: found.Metadata,
      };
    },
    tagsOf,
    async item(key) {
      const Key = { path: { S: `s3://${BUCKET}/${key}` } };
      const { Item } = await dynamo.send(new GetItemCommand({ TableName: TABLE, Key, ConsistentRead: true }));
      return Item ? dueOf(Item as Parameters<typeof dueOf>[0]) : null;
    },
    async forget(key) {
      const Key = { path: { S: `s3://${BUCKET}/${key}` } };
      await dynamo.send(new DeleteItemCommand({ TableName: TABLE, Key }));
    },
    async reports() {
      const messages = await desk.queues.receive(failuresArn, { max: 10, waitMs: 0 });
      for (const { receiptHandle } of messages) desk.queues.remove(failuresArn, receiptHandle);
      return messages.map(
        ({ body }: { readonly body: string }) => JSON.parse(body) as Record<string, unknown>,
      );
    },
  };
}
