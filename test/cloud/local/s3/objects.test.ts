import { request } from 'node:http';
import { Readable } from 'node:stream';
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  DeleteObjectTaggingCommand,
  GetBucketLocationCommand,
  GetObjectCommand,
  type GetObjectCommandInput,
  GetObjectTaggingCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutObjectAclCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  PutObjectTaggingCommand,
  paginateListObjectsV2,
  type S3ServiceException,
} from '@aws-sdk/client-s3';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openRig, writeStack } from '../rig.ts';
import { bucketResource, nameOf, presigned, s3Client } from './bucket-rig.ts';

const written = writeStack({ Data: bucketResource(), Other: bucketResource({ BucketName: 'other-bucket' }) });
const desk = await openRig(written.stack);
const client = s3Client(desk);
const Bucket = 'small-data';

const put = (
  Key: string,
  Body: NonNullable<PutObjectCommandInput['Body']>,
  more: Partial<PutObjectCommandInput> = {},
) => client.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));
const get = (Key: string, more: Partial<GetObjectCommandInput> = {}) =>
  client.send(new GetObjectCommand({ Bucket, Key, ...more }));
const textOf = async (Key: string, more: Partial<GetObjectCommandInput> = {}) =>
  (await get(Key, more)).Body!.transformToString();
const list = (more: object = {}) => client.send(new ListObjectsV2Command({ Bucket, ...more }));
const statusOf = (work: Promise<unknown>) =>
  work.then(
    () => 200,
    (error: S3ServiceException) => error.$metadata.httpStatusCode,
  );
const NAMES = [
  'a b+c.json',
  'ü/ö&ß=?.mp3',
  "it's (1)!*~@$,;:.txt",
  'a//b/../c',
  '日本語/\u{1f916}',
  '%41%2F',
];

test('gives back what was put, with all that was said of it', async () => {
  const { ETag } = await put('a.json', '{"a":1}', {
    ContentType: 'application/json',
    ContentEncoding: 'gzip',
    CacheControl: 'no-cache',
    ContentDisposition: 'attachment',
    Metadata: { language: 'de-DE', name: 'Grüße' },
    StorageClass: 'STANDARD_IA',
  });
  const found = await get('a.json');
  assert.is(await found.Body!.transformToString(), '{"a":1}');
  assert.is(found.ContentType, 'application/json');
  assert.is(found.ContentEncoding, 'gzip');
  assert.is(found.CacheControl, 'no-cache');
  assert.is(found.ContentDisposition, 'attachment');
  // As RFC 2047 has it, which is how S3 gives back what is not ASCII.
  assert.equal(found.Metadata, { language: 'de-DE', name: '=?UTF-8?B?R3LDvMOfZQ==?=' });
  assert.is(found.ContentLength, 7);
  assert.is(found.ETag, ETag);
  assert.is(found.ServerSideEncryption, 'AES256');
  assert.ok(Math.abs(found.LastModified!.getTime() - Date.now()) < 60_000);
});

test('ETags are the MD5 of the bytes', async () => {
  assert.is((await put('md5', 'hello')).ETag, '"5d41402abc4b2a76b9719d911017c592"');
  assert.is((await put('empty', '')).ETag, '"d41d8cd98f00b204e9800998ecf8427e"');
  assert.is((await get('empty')).ContentLength, 0);
  assert.is(await textOf('empty'), '');
});

test('keys are any text', async () => {
  for (const name of NAMES) {
    await put(`names/${name}`, name);
    assert.is(await textOf(`names/${name}`), name);
  }
  const { Contents = [] } = await list({ Prefix: 'names/' });
  assert.equal(Contents.map(({ Key }) => Key).sort(), NAMES.map((name) => `names/${name}`).sort());
  assert.is(await nameOf(put('k'.repeat(1025), '')), 'KeyTooLongError');
});

test('a stream of known length goes in frames with a trailer, held against its checksum', async () => {
  const bytes = Buffer.alloc(3 * 1024 * 1024, 'roverd ');
  for (const ChecksumAlgorithm of ['CRC32', 'CRC32C', 'SHA1', 'SHA256'] as const) {
    const pieces = Readable.from([bytes.subarray(0, 1_000_001), bytes.subarray(1_000_001)]);
    await put('stream', pieces, { ContentLength: bytes.length, ChecksumAlgorithm });
    const found = await get('stream', { ChecksumMode: 'ENABLED' });
    assert.ok(Buffer.from(await found.Body!.transformToByteArray()).equals(bytes));
    assert.ok(found[`Checksum${ChecksumAlgorithm}`], ChecksumAlgorithm);
  }
});

test('checksums are those of the published check values', async () => {
  // Of the text 123456789, as in catalogues of CRCs.
  const values = { CRC32: 'cbf43926', CRC32C: 'e3069283', CRC64NVME: 'ae8b14860a799888' };
  for (const [name, hex] of Object.entries(values)) {
    const value = Buffer.from(hex, 'hex').toString('base64');
    const field = `Checksum${name}`;
    assert.is(await nameOf(put('sum', '123456789', { [field]: value })), 'done', name);
    const wrong = `${value.startsWith('A') ? 'B' : 'A'}${value.slice(1)}`;
    assert.is(await nameOf(put('sum', '123456789', { [field]: wrong })), 'BadDigest', name);
  }
  assert.is(await nameOf(put('sum', 'x', { ContentMD5: 'XUFAKrxLKna5cZ2REBfFkg==' })), 'BadDigest');
  assert.is(await nameOf(put('sum', 'x', { ContentMD5: 'nonsense' })), 'InvalidDigest');
});

test('ranges', async () => {
  await put('digits', '0123456789');
  assert.is(await textOf('digits', { Range: 'bytes=2-4' }), '234');
  assert.is(await textOf('digits', { Range: 'bytes=7-' }), '789');
  assert.is(await textOf('digits', { Range: 'bytes=-2' }), '89');
  assert.is(await textOf('digits', { Range: 'bytes=8-100' }), '89');
  assert.is((await get('digits', { Range: 'bytes=2-4' })).ContentRange, 'bytes 2-4/10');
  assert.is(await nameOf(get('digits', { Range: 'bytes=10-' })), 'InvalidRange');
  assert.is(await nameOf(get('digits', { Range: 'bytes=0-1,3-4' })), 'NotImplemented');
});

test('what is not there', async () => {
  assert.is(await nameOf(get('none')), 'NoSuchKey');
  assert.is(await nameOf(client.send(new HeadObjectCommand({ Bucket, Key: 'none' }))), 'NotFound');
  assert.is(await nameOf(client.send(new ListObjectsV2Command({ Bucket: 'nowhere' }))), 'NoSuchBucket');
  assert.is(await nameOf(client.send(new DeleteObjectCommand({ Bucket, Key: 'none' }))), 'done');
});

test('writes under conditions', async () => {
  const { ETag: first } = await put('c', '1');
  assert.is(await nameOf(put('c', '2', { IfNoneMatch: '*' })), 'PreconditionFailed');
  assert.is(await nameOf(put('c2', '2', { IfNoneMatch: '*' })), 'done');
  const { ETag: second } = await put('c', '2', { IfMatch: first });
  assert.is(await nameOf(put('c', '3', { IfMatch: first })), 'PreconditionFailed');
  assert.is(await nameOf(put('none', '3', { IfMatch: first })), 'NoSuchKey');
  assert.is(await textOf('c'), '2');
  const copy = (more: object) =>
    nameOf(client.send(new CopyObjectCommand({ Bucket, Key: 'c', CopySource: `${Bucket}/c2`, ...more })));
  assert.is(await copy({ IfMatch: first }), 'PreconditionFailed');
  assert.is(await copy({ IfNoneMatch: '*' }), 'PreconditionFailed');
  assert.is(await copy({ CopySourceIfMatch: first }), 'PreconditionFailed');
  assert.is(await copy({ IfMatch: second }), 'done');
  const remove = (IfMatch: string) =>
    nameOf(client.send(new DeleteObjectCommand({ Bucket, Key: 'c', IfMatch })));
  assert.is(await remove(first!), 'PreconditionFailed');
});

test('of two writers with the same ETag one wins', async () => {
  const { ETag } = await put('race', '0');
  const outcomes = await Promise.all(
    Array.from({ length: 8 }, (_, at) => nameOf(put('race', `${at + 1}`, { IfMatch: ETag }))),
  );
  assert.is(outcomes.filter((one) => one === 'done').length, 1);
  assert.is(outcomes.filter((one) => one === 'PreconditionFailed').length, 7);
});

test('reads under conditions', async () => {
  const { ETag } = await put('r', '1');
  assert.is(await nameOf(get('r', { IfMatch: ETag })), 'done');
  assert.is(await nameOf(get('r', { IfMatch: '"else"' })), 'PreconditionFailed');
  assert.is(await statusOf(get('r', { IfNoneMatch: ETag })), 304);
  assert.is(await statusOf(get('r', { IfModifiedSince: new Date(Date.now() + 3_600_000) })), 304);
  assert.is(await nameOf(get('r', { IfUnmodifiedSince: new Date(0) })), 'PreconditionFailed');
});

test('who reads reads to the end what was there', async () => {
  const old = Buffer.alloc(4 * 1024 * 1024, 'old');
  await put('swap', old);
  const { Body } = await get('swap');
  await put('swap', 'new');
  assert.ok(Buffer.from(await Body!.transformToByteArray()).equals(old));
  assert.is(await textOf('swap'), 'new');
});

test('a body that breaks off changes nothing', async () => {
  await put('whole', 'before');
  const url = await presigned(desk, 'PUT', '/small-data/whole');
  const sent = request(url, { method: 'PUT', headers: { 'content-length': 5000 } });
  sent.on('error', () => undefined);
  await new Promise((resolve) => {
    sent.on('close', resolve).write(Buffer.alloc(1000), () => sent.destroy());
  });
  assert.is(await textOf('whole'), 'before');
});

test('tags', async () => {
  const tagsOf = async (Key: string) =>
    Object.fromEntries(
      (await client.send(new GetObjectTaggingCommand({ Bucket, Key }))).TagSet!.map((one) => [
        one.Key,
        one.Value,
      ]),
    );
  await put('t', '1', { Tagging: 'PROCESSED=True&by=a%20b' });
  assert.equal(await tagsOf('t'), { PROCESSED: 'True', by: 'a b' });
  assert.is((await get('t')).TagCount, 2);
  const tag = (TagSet: { Key: string; Value: string }[]) =>
    client.send(new PutObjectTaggingCommand({ Bucket, Key: 't', Tagging: { TagSet } }));
  await tag([{ Key: 'é/+-=._:@', Value: '' }]);
  assert.equal(await tagsOf('t'), { 'é/+-=._:@': '' });
  const pair = { Key: 'a', Value: '1' };
  assert.is(await nameOf(tag([pair, pair])), 'InvalidTag');
  assert.is(await nameOf(tag([{ Key: 'a', Value: '<&>' }])), 'InvalidTag');
  assert.is(
    await nameOf(tag(Array.from({ length: 11 }, (_, at) => ({ ...pair, Key: `${at}` })))),
    'InvalidTag',
  );
  await client.send(new DeleteObjectTaggingCommand({ Bucket, Key: 't' }));
  assert.equal(await tagsOf('t'), {});
  await put('t', '2');
  assert.equal(await tagsOf('t'), {});
  assert.is(await nameOf(tagsOf('none')), 'NoSuchKey');
});

test('copies take what is said of the source along, unless they say it anew', async () => {
  const Key = 'from ü';
  await put(Key, 'content', { Metadata: { a: '1' }, ContentType: 'text/plain', Tagging: 'x=1' });
  const CopySource = encodeURIComponent(`${Bucket}/${Key}`);
  const copy = (more: object) =>
    client.send(new CopyObjectCommand({ Bucket, Key: 'to', CopySource, ...more }));
  await copy({});
  const taken = await get('to');
  assert.is(await taken.Body!.transformToString(), 'content');
  assert.equal([taken.Metadata, taken.ContentType, taken.TagCount], [{ a: '1' }, 'text/plain', 1]);
  await copy({ MetadataDirective: 'REPLACE', TaggingDirective: 'REPLACE', Metadata: { b: '2' } });
  const anew = await get('to');
  assert.equal([anew.Metadata, anew.TagCount], [{ b: '2' }, undefined]);
  await client.send(new CopyObjectCommand({ Bucket: 'other-bucket', Key: 'to', CopySource }));
  assert.is(await nameOf(client.send(new CopyObjectCommand({ Bucket, Key, CopySource }))), 'InvalidRequest');
  assert.is(await nameOf(copy({ CopySource: `${Bucket}/none` })), 'NoSuchKey');
});

test('lists by pages, in the order of bytes, with common prefixes', async () => {
  const keys = ['l/a', 'l/b/1', 'l/b/2', 'l/c', 'l/d/1', 'l/\uffee', 'l/\u{1f916}'];
  for (const key of keys) await put(key, '');
  const pages: string[][] = [];
  for await (const { Contents = [] } of paginateListObjectsV2(
    { client, pageSize: 3 },
    { Bucket, Prefix: 'l/' },
  )) {
    pages.push(Contents.map(({ Key }) => Key!));
  }
  assert.equal(pages, [keys.slice(0, 3), keys.slice(3, 6), keys.slice(6)]);
  const rows: string[] = [];
  const input = { Bucket, Prefix: 'l/', Delimiter: '/' };
  for await (const { Contents = [], CommonPrefixes = [] } of paginateListObjectsV2(
    { client, pageSize: 2 },
    input,
  )) {
    rows.push(`${Contents.map(({ Key }) => Key)} ${CommonPrefixes.map(({ Prefix }) => Prefix)}`);
  }
  assert.equal(rows, ['l/a l/b/', 'l/c l/d/', 'l/\uffee,l/\u{1f916} ']);
  assert.equal((await list({ StartAfter: 'l/c', Prefix: 'l/' })).KeyCount, 3);
  assert.is((await list({ MaxKeys: 0 })).KeyCount, 0);
  assert.is(await nameOf(list({ ContinuationToken: '%' })), 'InvalidArgument');
});

test('deletes many at once', async () => {
  for (const key of ['d/1', 'd/<2>&', 'd/3']) await put(key, '');
  const Objects = [{ Key: 'd/1' }, { Key: 'd/<2>&' }, { Key: 'd/none' }, { Key: 'd/3', ETag: '"else"' }];
  const { Deleted, Errors } = await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
  assert.equal(
    Deleted?.map(({ Key }) => Key),
    ['d/1', 'd/<2>&', 'd/none'],
  );
  assert.equal(
    Errors?.map(({ Key, Code }) => [Key, Code]),
    [['d/3', 'PreconditionFailed']],
  );
  assert.equal((await list({ Prefix: 'd/' })).KeyCount, 1);
});

test('buckets', async () => {
  assert.is((await client.send(new HeadBucketCommand({ Bucket }))).BucketRegion, 'eu-central-1');
  const location = await client.send(new GetBucketLocationCommand({ Bucket }));
  assert.is(location.LocationConstraint, 'eu-central-1');
  const { Buckets = [] } = await client.send(new ListBucketsCommand());
  assert.equal(
    Buckets.map(({ Name }) => Name),
    ['other-bucket', 'small-data'],
  );
});

test('refuses by name what it does not have', async () => {
  const said = async (work: Promise<unknown>) =>
    work.then(String, (error: Error) => `${error.name} ${error.message}`);
  assert.match(
    await said(client.send(new ListObjectVersionsCommand({ Bucket }))),
    /NotImplemented.*versions/,
  );
  assert.match(await said(client.send(new PutObjectAclCommand({ Bucket, Key: 'a' }))), /NotImplemented.*acl/);
  assert.match(await said(get('md5', { VersionId: 'a' })), /NotImplemented .*versionId/);
  assert.match(await said(put('md5', '', { ACL: 'public-read' })), /NotImplemented.*public-read/);
  assert.match(
    await said(put('md5', '', { WebsiteRedirectLocation: '/a' })),
    /NotImplemented.*website-redirect-location/,
  );
  assert.ok(desk.lines.some((line) => /^s3 refused: .*versionId/.test(line)));
});

test('fails when told to', async () => {
  desk.s3.faults.failNext('SlowDown', { status: 503, operation: 'PutObject', times: 2 });
  assert.is(await nameOf(get('md5')), 'done');
  assert.is(await nameOf(put('md5', 'a')), 'SlowDown');
  assert.is(await nameOf(put('md5', 'a')), 'SlowDown');
  assert.is(await nameOf(put('md5', 'a')), 'done');
});

test.after(async () => {
  client.destroy();
  await desk.close();
  written.remove();
});

test.run();
