import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
  type UploadPartCommandInput,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openRig, writeStack } from '../rig.ts';
import { bucketResource, nameOf, s3Client } from './bucket-rig.ts';

const written = writeStack({ Data: bucketResource() });
const desk = await openRig(written.stack);
const client = s3Client(desk);
const Bucket = 'small-data';
const MIB = 1024 ** 2;
const FIVE = Buffer.alloc(5 * MIB, 'five ');

const create = async (Key: string, more: Partial<CreateMultipartUploadCommandInput> = {}) =>
  (await client.send(new CreateMultipartUploadCommand({ Bucket, Key, ...more }))).UploadId!;
const upload = (
  Key: string,
  UploadId: string,
  PartNumber: number,
  more: Partial<UploadPartCommandInput> = {},
) => client.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body: 'end', ...more }));
const complete = (Key: string, UploadId: string, Parts: CompletedPart[], more: object = {}) =>
  client.send(
    new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts }, ...more }),
  );
const bytesOf = async (Key: string, Range?: string) => {
  const range = Range === undefined ? {} : { Range };
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key, ...range }));
  return Buffer.from(await Body!.transformToByteArray());
};
const md5 = (data: Buffer | string) => createHash('md5').update(data).digest();

test('parts become one object, whichever came first', async () => {
  const UploadId = await create('big', { ContentType: 'text/plain', Tagging: 'a=1', Metadata: { m: '1' } });
  const { ETag: last } = await upload('big', UploadId, 7);
  await upload('big', UploadId, 2, { Body: 'overwritten' });
  const { ETag: first } = await upload('big', UploadId, 2, { Body: FIVE });
  await upload('big', UploadId, 9, { Body: 'not named' });
  assert.is(await nameOf(client.send(new HeadObjectCommand({ Bucket, Key: 'big' }))), 'NotFound');
  const { Parts } = await client.send(new ListPartsCommand({ Bucket, Key: 'big', UploadId }));
  assert.equal(
    Parts?.map(({ PartNumber, Size }) => [PartNumber, Size]),
    [
      [2, FIVE.length],
      [7, 3],
      [9, 9],
    ],
  );
  const { ETag } = await complete('big', UploadId, [
    { PartNumber: 2, ETag: first },
    { PartNumber: 7, ETag: last },
  ]);
  assert.is(ETag, `"${md5(Buffer.concat([md5(FIVE), md5('end')])).toString('hex')}-2"`);
  assert.ok((await bytesOf('big')).equals(Buffer.concat([FIVE, Buffer.from('end')])));
  assert.is((await bytesOf('big', `bytes=${FIVE.length - 2}-${FIVE.length}`)).toString(), 'e e');
  const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'big' }));
  assert.equal([head.ContentType, head.Metadata, head.TagCount], ['text/plain', { m: '1' }, 1]);
  assert.is(await nameOf(complete('big', UploadId, [{ PartNumber: 2, ETag: first }])), 'NoSuchUpload');
});

test('what does not fit together is refused, and can be mended', async () => {
  const UploadId = await create('odd');
  const { ETag: small } = await upload('odd', UploadId, 1);
  const { ETag: next } = await upload('odd', UploadId, 2);
  const one = { PartNumber: 1, ETag: small };
  const two = { PartNumber: 2, ETag: next };
  assert.is(await nameOf(complete('odd', UploadId, [two, one])), 'InvalidPartOrder');
  assert.is(await nameOf(complete('odd', UploadId, [one, two])), 'EntityTooSmall');
  assert.is(await nameOf(complete('odd', UploadId, [{ ...one, ETag: '"else"' }])), 'InvalidPart');
  assert.is(await nameOf(complete('odd', UploadId, [{ ...one, PartNumber: 3 }])), 'InvalidPart');
  assert.is(await nameOf(complete('odd', UploadId, [])), 'MalformedXML');
  assert.is(await nameOf(upload('odd', UploadId, 0)), 'InvalidArgument');
  assert.is(await nameOf(upload('odd', UploadId, 10_001)), 'InvalidArgument');
  assert.is(await nameOf(upload('other', UploadId, 1)), 'NoSuchUpload');
  assert.is(await nameOf(complete('odd', UploadId, [one])), 'done');
});

test('an upload under conditions; it stays when they do not hold', async () => {
  const { ETag } = await client.send(new PutObjectCommand({ Bucket, Key: 'c', Body: '1' }));
  const UploadId = await create('c');
  const Parts = [{ PartNumber: 1, ETag: (await upload('c', UploadId, 1)).ETag }];
  assert.is(await nameOf(complete('c', UploadId, Parts, { IfNoneMatch: '*' })), 'PreconditionFailed');
  assert.is(await nameOf(complete('c', UploadId, Parts, { IfMatch: '"else"' })), 'PreconditionFailed');
  assert.is((await bytesOf('c')).toString(), '1');
  assert.is(await nameOf(complete('c', UploadId, Parts, { IfMatch: ETag })), 'done');
  assert.is((await bytesOf('c')).toString(), 'end');
});

test('parts copied from objects, whole and by range', async () => {
  await client.send(new PutObjectCommand({ Bucket, Key: 'source ü', Body: Buffer.concat([FIVE, FIVE]) }));
  const UploadId = await create('copied');
  const CopySource = encodeURIComponent(`${Bucket}/source ü`);
  const copy = async (PartNumber: number, more: object = {}) => {
    const input = { Bucket, Key: 'copied', UploadId, PartNumber, CopySource, ...more };
    const { CopyPartResult } = await client.send(new UploadPartCopyCommand(input));
    return { PartNumber, ETag: CopyPartResult!.ETag };
  };
  const parts = [await copy(1), await copy(2, { CopySourceRange: 'bytes=0-4' })];
  assert.is(await nameOf(copy(3, { CopySourceRange: 'bytes=0-' })), 'InvalidArgument');
  assert.is(await nameOf(copy(3, { CopySourceIfMatch: '"else"' })), 'PreconditionFailed');
  await complete('copied', UploadId, parts);
  assert.ok((await bytesOf('copied')).equals(Buffer.concat([FIVE, FIVE, Buffer.from('five ')])));
});

test('an upload that is given up leaves nothing', async () => {
  const folder = [...desk.deskVariables]
    .find(([name]) => name === 'NODE_EXTRA_CA_CERTS')![1]
    .replace(/ca\.pem$/, 's3');
  const before = readdirSync(folder).length;
  const UploadId = await create('gone');
  await upload('gone', UploadId, 1);
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket, Prefix: 'gone' }));
  assert.equal(
    Uploads.map((one) => one.UploadId),
    [UploadId],
  );
  await client.send(new AbortMultipartUploadCommand({ Bucket, Key: 'gone', UploadId }));
  assert.is(await nameOf(upload('gone', UploadId, 2)), 'NoSuchUpload');
  assert.is(readdirSync(folder).length, before);
});

test('the SDK uploads a stream of unknown length, checksums and all', async () => {
  const bytes = Buffer.concat([FIVE, FIVE, Buffer.from('rest')]);
  for (const [at, ChecksumAlgorithm] of (['CRC32', 'CRC32C', 'SHA256'] as const).entries()) {
    const Key = `streamed-${at}`;
    const Body = Readable.from([bytes.subarray(0, 123), bytes.subarray(123)]);
    await new Upload({ client, params: { Bucket, Key, Body, ChecksumAlgorithm }, partSize: 5 * MIB }).done();
    const head = await client.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }));
    assert.match(head[`Checksum${ChecksumAlgorithm}`]!, /-3$/);
    assert.is(head.ChecksumType, 'COMPOSITE');
    assert.ok((await bytesOf(Key)).equals(bytes));
  }
});

test('a checksum of the whole, where one is asked for', async () => {
  const more = { ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' } as const;
  const UploadId = await create('whole', more);
  const parts = [];
  for (const [at, Body] of ['12345678', '9'].entries()) {
    const padded = at === 0 ? Buffer.concat([FIVE, Buffer.from(Body)]) : Body;
    const { ETag } = await upload('whole', UploadId, at + 1, { Body: padded, ChecksumAlgorithm: 'CRC32' });
    parts.push({ PartNumber: at + 1, ETag });
  }
  const done = await complete('whole', UploadId, parts);
  assert.is(done.ChecksumType, 'FULL_OBJECT');
  // The client holds what it reads against it.
  assert.is((await bytesOf('whole')).length, FIVE.length + 9);
  assert.is(await nameOf(create('whole', { ...more, ChecksumAlgorithm: 'SHA256' })), 'InvalidRequest');
});

test.after(async () => {
  client.destroy();
  await desk.close();
  written.remove();
});

test.run();
