import { Agent } from 'node:http';
import type { LookupFunction } from 'node:net';
import {
  CopyObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type PutObjectCommandInput,
  S3Client,
} from '@aws-sdk/client-s3';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { functionResources, openRig, writeStack } from '../rig.ts';
import { bucketResource, nameOf, presigned, s3Client } from './bucket-rig.ts';

const ARN = 'arn:aws:s3:::guarded-bucket';
const ROLE = { 'Fn::GetAtt': ['ByPolicyRole', 'Arn'] };
const written = writeStack(
  {
    Guarded: bucketResource({ BucketName: 'guarded-bucket' }),
    Policy: {
      Type: 'AWS::S3::BucketPolicy',
      Properties: {
        Bucket: { Ref: 'Guarded' },
        PolicyDocument: {
          Statement: [
            {
              Effect: 'Deny',
              Principal: { AWS: '*' },
              Action: 's3:*',
              Resource: [ARN, `${ARN}/*`],
              Condition: { Bool: { 'aws:SecureTransport': 'false' } },
            },
            { Effect: 'Deny', Principal: '*', Action: 's3:*', Resource: `${ARN}/closed/*` },
            {
              Effect: 'Allow',
              Principal: { AWS: ROLE },
              Action: ['s3:GetObject', 's3:ListBucket'],
              Resource: [ARN, `${ARN}/*`],
            },
          ],
        },
      },
    },
    ...functionResources('Worker', {}, [
      {
        Effect: 'Allow',
        Action: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject', 's3:GetObjectTagging'],
        Resource: [`${ARN}/mine/*`, `${ARN}/closed/*`],
      },
      {
        Effect: 'Allow',
        Action: 's3:ListBucket',
        Resource: ARN,
        Condition: { StringLike: { 's3:prefix': 'mine/*' } },
      },
    ]),
    ...functionResources('Writer', {}, [{ Effect: 'Allow', Action: 's3:PutObject', Resource: `${ARN}/*` }]),
    ...functionResources('ByPolicy'),
  },
  Object.fromEntries(
    ['Worker', 'Writer', 'ByPolicy'].map((name) => [name, 'export const handler = () => 1;']),
  ),
);
const desk = await openRig(written.stack);
const person = s3Client(desk);
const keysOf = (label: string) =>
  desk.principals.assume(
    desk.functions.all.find((one) => one.label === label)!.roleArn,
    'lambda.amazonaws.com',
  );
const keys = keysOf('Worker');
const worker = s3Client(desk, keys);
const writer = s3Client(desk, keysOf('Writer'));
const byPolicy = s3Client(desk, keysOf('ByPolicy'));
const Bucket = 'guarded-bucket';

const put = (client: typeof person, Key: string, more: Partial<PutObjectCommandInput> = {}) =>
  client.send(new PutObjectCommand({ Bucket, Key, Body: 'x', ...more }));
const get = (client: typeof person, Key: string) =>
  nameOf(client.send(new GetObjectCommand({ Bucket, Key })));
const list = (client: typeof person, Prefix: string) =>
  nameOf(client.send(new ListObjectsV2Command({ Bucket, Prefix })));
const DENIED = 'AccessDenied';

test('a role does what it was granted, and nothing else', async () => {
  assert.is(await nameOf(put(worker, 'mine/a')), 'done');
  assert.is(await get(worker, 'mine/a'), 'done');
  assert.is(await nameOf(put(worker, 'theirs/a')), DENIED);
  assert.is(await get(worker, 'theirs/a'), DENIED);
  assert.is(await list(worker, 'mine/'), 'done');
  assert.is(await list(worker, ''), DENIED);
  assert.is(await nameOf(worker.send(new ListBucketsCommand())), DENIED);
});

test('tags, copies and conditions need rights of their own', async () => {
  assert.is(await nameOf(put(worker, 'mine/t', { Tagging: 'a=1' })), DENIED);
  const { ETag } = await put(person, 'mine/t', { Tagging: 'a=1' });
  assert.is(await nameOf(worker.send(new GetObjectTaggingCommand({ Bucket, Key: 'mine/t' }))), 'done');
  const copy = (CopySource: string, more: object = {}) =>
    nameOf(worker.send(new CopyObjectCommand({ Bucket, Key: 'mine/copy', CopySource, ...more })));
  await put(person, 'theirs/a');
  assert.is(await copy(`${Bucket}/theirs/a`), DENIED);
  assert.is(await copy(`${Bucket}/mine/a`), 'done');
  assert.is(await copy(`${Bucket}/mine/t`), DENIED, 'its tags would be written');
  assert.is(await copy(`${Bucket}/mine/t`, { TaggingDirective: 'REPLACE' }), 'done');
  assert.is(await nameOf(put(writer, 'mine/t', { IfMatch: ETag })), DENIED, 'If-Match reads');
  assert.is(await nameOf(put(writer, 'mine/new', { IfNoneMatch: '*' })), 'done');
});

test('only who may list learns that something is missing', async () => {
  assert.is(await get(worker, 'mine/none'), 'NoSuchKey');
  assert.is(await get(byPolicy, 'none'), 'NoSuchKey');
  assert.is(await get(writer, 'mine/none'), DENIED);
});

test("the bucket's policy lets in, and keeps out whoever else lets in", async () => {
  await put(person, 'open');
  assert.is(await get(byPolicy, 'open'), 'done');
  assert.is(await nameOf(put(byPolicy, 'open')), DENIED);
  assert.is(await get(worker, 'closed/a'), DENIED);
  assert.is(await nameOf(put(person, 'closed/a')), DENIED);
});

test('of many deletions each is decided by itself', async () => {
  await put(person, 'mine/d');
  const Objects = [{ Key: 'mine/d' }, { Key: 'theirs/a' }];
  const { Deleted, Errors } = await worker.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
  assert.equal(
    Deleted?.map(({ Key }) => Key),
    ['mine/d'],
  );
  assert.equal(
    Errors?.map(({ Key, Code }) => [Key, Code]),
    [['theirs/a', DENIED]],
  );
});

test('a wrong secret, a foreign key and an old session are refused', async () => {
  const read = (credentials: typeof keys) => get(s3Client(desk, credentials), 'mine/a');
  assert.is(await read({ ...keys, secretAccessKey: 'else' }), 'SignatureDoesNotMatch');
  assert.is(await read({ ...keys, accessKeyId: 'ASIAELSE' }), 'InvalidAccessKeyId');
  assert.is(await read({ ...keys, sessionToken: 'else' }), 'InvalidAccessKeyId');
  assert.is((await fetch(`${desk.s3.url}/${Bucket}/mine/a`)).status, 403);
  const another = new PutObjectCommand({
    Bucket,
    Key: 'mine/a',
    Body: 'x',
    ExpectedBucketOwner: '999999999999',
  });
  assert.is(await nameOf(person.send(another)), DENIED);
});

test('a presigned address does one thing for a while', async () => {
  const path = `/${Bucket}/mine/${encodeURIComponent('ä b+%.txt')}`;
  const status = async (url: URL, init: RequestInit = {}) => (await fetch(url, init)).status;
  const tagging = await presigned(desk, 'PUT', path, { 'x-amz-meta-a': '1', 'x-amz-tagging': 'b=2' });
  assert.is(await status(tagging, { method: 'PUT', body: 'hello' }), 200);
  const answer = await fetch(await presigned(desk, 'GET', path, { 'response-content-type': 'text/x' }));
  assert.is(await answer.text(), 'hello');
  assert.is(answer.headers.get('content-type'), 'text/x');
  assert.is(answer.headers.get('x-amz-meta-a'), '1');
  assert.is(answer.headers.get('x-amz-tagging-count'), '1');
  const reading = await presigned(desk, 'GET', path);
  assert.is(await status(reading, { method: 'DELETE' }), 403);
  const elsewhere = new URL(reading);
  elsewhere.pathname = `/${Bucket}/open`;
  assert.is(await status(elsewhere), 403);
  const old = { expiresIn: 60, signingDate: new Date(Date.now() - 120_000) };
  assert.is(await status(await presigned(desk, 'GET', path, {}, old)), 403);
  assert.is(await status(await presigned(desk, 'GET', `/${Bucket}/open`, {}, { credentials: keys })), 403);
});

test('a bucket in the host is the same as one in the path', async () => {
  // Names below localhost lead here, whether this machine's resolver knows it or not.
  const hosts: string[] = [];
  const lookup: LookupFunction = (host, { all }, done) => {
    hosts.push(host);
    if (all) done(null, [{ address: '127.0.0.1', family: 4 }]);
    else done(null, '127.0.0.1', 4);
  };
  const client = new S3Client({
    endpoint: desk.s3.url.replace('127.0.0.1', 'localhost'),
    region: 'eu-central-1',
    credentials: keys,
    requestHandler: { httpAgent: new Agent({ lookup }) },
  });
  assert.is(await get(client, 'mine/a'), 'done');
  assert.is(await get(client, 'theirs/a'), DENIED);
  assert.is(hosts[0], `${Bucket}.localhost`);
  client.destroy();
});

test.after(async () => {
  await desk.close();
  written.remove();
});

test.run();
