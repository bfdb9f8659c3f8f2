import type { Context, DynamoDBRecord } from 'aws-lambda';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { personAtTheDesk } from '../../../cloud/local/cli/person.ts';
import { createRewrite } from '../../../cloud/retention/rewrite-ttl.lambda.ts';
import { BUCKET, openLake, ROWS, TABLE } from './lake.ts';

const lake = await openLake();
const { desk, options, put, tagsOf, item } = lake;
test.after(() => lake.close());

const { accessKeyId, secretAccessKey, sessionToken } = personAtTheDesk(desk.principals);
Object.assign(process.env, {
  AWS_REGION: 'eu-central-1',
  AWS_ACCESS_KEY_ID: accessKeyId,
  AWS_SECRET_ACCESS_KEY: secretAccessKey,
  AWS_SESSION_TOKEN: sessionToken,
  AWS_ENDPOINT_URL: desk.services.url,
  AWS_ENDPOINT_URL_S3: desk.s3.url,
});
const rewrite = createRewrite({
  TABLE,
  FAILURES_URL: options.failuresUrl,
  FIELDS: 'file_contents',
  TTL_S: '300',
});
const within = (ms: number) => ({ getRemainingTimeInMillis: () => ms }) as Context;
const expiry = { type: 'Service', principalId: 'dynamodb.amazonaws.com' };

function record(
  at: number,
  key: string | null,
  more: Pick<DynamoDBRecord, 'eventName' | 'userIdentity'> = { eventName: 'REMOVE', userIdentity: expiry },
): DynamoDBRecord {
  const OldImage = key === null ? {} : { path: { S: `s3://${BUCKET}/${key}` }, ttl: { N: '1' } };
  return { ...more, dynamodb: { SequenceNumber: `${at}`, OldImage } };
}

test('expiry alone counts, whatever a mapping lets through', async () => {
  const others: readonly Pick<DynamoDBRecord, 'eventName' | 'userIdentity'>[] = [
    { eventName: 'REMOVE' },
    {
      eventName: 'REMOVE',
      userIdentity: { type: 'Service', principalId: 'replication.dynamodb.amazonaws.com' },
    },
    { eventName: 'REMOVE', userIdentity: { type: 'User', principalId: 'dynamodb.amazonaws.com' } },
    { eventName: 'INSERT', userIdentity: expiry },
    { eventName: 'MODIFY', userIdentity: expiry },
  ];
  await put('dataset/kept', ROWS[0]!);
  const Records = others.map((one, at) => record(at, 'dataset/kept', one));
  assert.equal(await rewrite({ Records }, within(60_000)), { batchItemFailures: [] });
  assert.equal(await tagsOf('dataset/kept'), []);
});

test('every record of a batch is taken, and those that fail come again alone', async () => {
  const keys = ['dataset/1', 'dataset/2', 'dataset/3'];
  for (const key of keys) await put(key, ROWS[0]!);
  const Records = [
    record(10, 'dataset/1'),
    record(11, null),
    record(12, 'dataset/2'),
    record(13, 'dataset/3'),
  ];
  assert.equal(await rewrite({ Records }, within(60_000)), { batchItemFailures: [{ itemIdentifier: '11' }] });
  for (const key of keys) assert.equal(await tagsOf(key), ['PROCESSED=True'], key);
});

test('when there is no time left everything is put back', async () => {
  await put('dataset/late', ROWS[0]!);
  assert.equal(await rewrite({ Records: [record(20, 'dataset/late')] }, within(1000)), {
    batchItemFailures: [],
  });
  assert.is((await item('dataset/late'))?.attempts, 1);
  assert.equal(await tagsOf('dataset/late'), []);
});

test.run();
