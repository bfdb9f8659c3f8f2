import { PLACE } from '../desk/place.ts';
import type { Answer, Call } from './call.ts';
import { checkWrite } from './conditions.ts';
import { S3Error } from './error.ts';
import { pageOf } from './listing.ts';
import { existingTags, removeObject } from './object-operations.ts';
import { readDocument, textOf, type XmlFields, xmlDocument } from './xml.ts';

const MAX_KEYS = 1000;

export function headBucket(call: Call): Answer {
  call.need('s3:ListBucket');
  return { headers: { 'x-amz-bucket-region': PLACE.region } };
}

export function getBucketLocation(call: Call): Answer {
  call.need('s3:GetBucketLocation');
  return { body: xmlDocument('LocationConstraint', {}).replace('><', `>${PLACE.region}<`) };
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html */
export function listObjects(call: Call): Answer {
  const prefix = call.query('prefix') ?? '';
  const delimiter = call.query('delimiter') ?? '';
  const maxKeys = numberIn(call, 'max-keys', MAX_KEYS);
  call.need('s3:ListBucket', {
    context: { 's3:prefix': prefix, 's3:delimiter': delimiter, 's3:max-keys': `${maxKeys}` },
  });
  const token = call.query('continuation-token');
  const after = token === null ? (call.query('start-after') ?? '') : keyIn(token);
  const { objects, prefixes, next } = pageOf(call.bucket, { prefix, delimiter, after, maxKeys });
  const url = call.query('encoding-type') === 'url';
  const named = (text: string) => (url ? encodeURIComponent(text).replaceAll('%2F', '/') : text);
  const optional = (name: string) => (call.query(name) ? named(call.query(name)!) : undefined);
  return {
    body: xmlDocument('ListBucketResult', {
      Name: call.bucket.name,
      Prefix: named(prefix),
      Delimiter: optional('delimiter'),
      StartAfter: optional('start-after'),
      ContinuationToken: token ?? undefined,
      NextContinuationToken: next === null ? undefined : tokenOf(next),
      MaxKeys: maxKeys,
      EncodingType: url ? 'url' : undefined,
      KeyCount: objects.length + prefixes.length,
      IsTruncated: next !== null,
      Contents: objects.map(({ key, modifiedMs, etag, size, headers }) => ({
        Key: named(key),
        LastModified: new Date(modifiedMs).toISOString(),
        ETag: etag,
        Size: size,
        StorageClass: headers['x-amz-storage-class'] ?? 'STANDARD',
      })),
      CommonPrefixes: prefixes.map((one) => ({ Prefix: named(one) })),
    }),
  };
}

const tokenOf = (key: string) => Buffer.from(key).toString('base64');

function keyIn(token: string): string {
  const key = Buffer.from(token, 'base64').toString('utf8');
  if (key !== '' && tokenOf(key) === token) return key;
  throw new S3Error('InvalidArgument', 'The continuation token provided is incorrect');
}

/** @throws S3Error InvalidArgument */
export function numberIn(call: Call, name: string, most: number): number {
  const value = Number(call.query(name) ?? most);
  if (Number.isInteger(value) && value >= 0) return Math.min(value, most);
  throw new S3Error('InvalidArgument', `Argument ${name} must be an integer between 0 and 2147483647`);
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html */
export async function deleteObjects(call: Call): Promise<Answer> {
  const document = readDocument(await call.takeXml(), 'Delete');
  const quiet = textOf(document, 'Quiet') === 'true';
  const wanted = document.children.filter(({ name }) => name === 'Object');
  if (wanted.length < 1 || wanted.length > MAX_KEYS) {
    throw new S3Error('MalformedXML', `Expected 1 to ${MAX_KEYS} objects to delete`);
  }
  const Deleted: XmlFields[] = [];
  const errors: XmlFields[] = [];
  for (const one of wanted) {
    const Key = textOf(one, 'Key') ?? '';
    try {
      if (textOf(one, 'VersionId') !== null) throw new S3Error('NoSuchVersion', 'There are no versions', 404);
      call.need('s3:DeleteObject', { key: Key, context: existingTags(call, call.bucket, Key) });
      const etag = textOf(one, 'ETag');
      if (etag !== null) checkWrite((name) => (name === 'if-match' ? etag : null), call.bucket.get(Key));
      removeObject(call, Key);
      if (!quiet) Deleted.push({ Key });
    } catch (error) {
      if (!(error instanceof S3Error)) throw error;
      errors.push({ Key, Code: error.code, Message: error.message });
    }
  }
  return { body: xmlDocument('DeleteResult', { Deleted, Error: errors }) };
}
