import type { Bucket, ObjectDescription, StoredObject } from './bucket.ts';
import type { Call } from './call.ts';
import type { Checksum } from './checksums.ts';
import { S3Error } from './error.ts';
import { headerOf } from './intake.ts';
import { type Tags, tagsOfHeader } from './tags.ts';
import type { XmlFields } from './xml.ts';

/** Given with an object and given back with it. */
const KEPT = [
  'cache-control',
  'content-disposition',
  'content-language',
  'content-type',
  'expires',
  'x-amz-storage-class',
];
const DEFAULT_TYPE = 'binary/octet-stream';
/** Of all names and values. */
const MAX_METADATA_BYTES = 2048;

/** What a request says of the object that it puts. @throws S3Error */
export function describedBy({ header, options }: Call): ObjectDescription {
  const headers: Record<string, string> = { 'content-type': DEFAULT_TYPE };
  for (const name of KEPT) {
    const value = header(name);
    if (value !== null) headers[name] = value;
  }
  // `aws-chunked` is about the request.
  const encoding = (header('content-encoding') ?? '')
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '' && one !== 'aws-chunked');
  if (encoding.length > 0) headers['content-encoding'] = encoding.join(',');
  const metadata = Object.fromEntries(
    [...options.headers].filter(([name]) => name.startsWith('x-amz-meta-')),
  );
  if (Buffer.byteLength(Object.entries(metadata).flat().join('')) > MAX_METADATA_BYTES) {
    throw new S3Error('MetadataTooLarge', 'Your metadata headers exceed the maximum allowed size', 400);
  }
  return { headers, metadata, tags: tagsOfHeader(header('x-amz-tagging') ?? '') };
}

/** Condition keys about tags that a request brings. */
export function tagContext(tags: Tags): Record<string, string> {
  return Object.fromEntries([...tags].map(([key, value]) => [`s3:RequestObjectTag/${key}`, value]));
}

/** Headers of an answer that carries an object, or tells of it. */
export function headersOf(
  object: StoredObject,
  bucket: Bucket,
  withChecksum: boolean,
): Record<string, string> {
  const { checksum, tags } = object;
  return {
    ...object.headers,
    ...Object.fromEntries(Object.entries(object.metadata).map(([name, value]) => [name, inAscii(value)])),
    ...writtenHeaders(object, bucket),
    'accept-ranges': 'bytes',
    'last-modified': new Date(object.modifiedMs).toUTCString(),
    ...(tags.size > 0 ? { 'x-amz-tagging-count': `${tags.size}` } : {}),
    ...(withChecksum ? checksumHeaders(checksum) : {}),
  };
}

/** Headers of an answer to a write. */
export function writtenHeaders({ etag }: Pick<StoredObject, 'etag'>, bucket: Bucket): Record<string, string> {
  return { etag, 'x-amz-server-side-encryption': bucket.encryption };
}

export function checksumHeaders(checksum: Checksum | null): Record<string, string> {
  if (!checksum) return {};
  return { [headerOf(checksum.algorithm)]: checksum.value, 'x-amz-checksum-type': checksum.type };
}

/** The same in a document. */
export function checksumFields(checksum: Checksum | null): XmlFields {
  if (!checksum) return {};
  return { [`Checksum${checksum.algorithm}`]: checksum.value, ChecksumType: checksum.type };
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html: RFC 2047 for what is not ASCII. */
function inAscii(value: string): string {
  return /^[\x20-\x7e\t]*$/.test(value) ? value : `=?UTF-8?B?${Buffer.from(value).toString('base64')}?=`;
}
