import type { Bucket, ObjectDescription, StoredObject } from './bucket.ts';
import type { Answer, Call } from './call.ts';
import { checkRead, checkWrite } from './conditions.ts';
import { checksumFields, describedBy, tagContext, writtenHeaders } from './description.ts';
import { notOnTheDesk, S3Error } from './error.ts';
import { existingTags, needToPut } from './object-operations.ts';
import { xmlDocument } from './xml.ts';

const MAX_COPY_BYTES = 5 * 1024 ** 3;

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html */
export async function copyObject(call: Call): Promise<Answer> {
  const source = sourceOf(call);
  const description = described(call, source);
  needToPut(call, description.tags);
  if (source.object.size > MAX_COPY_BYTES) {
    throw new S3Error(
      'InvalidRequest',
      'The specified copy source is larger than the maximum allowable size',
    );
  }
  const { body, md5, checksum } = await call.options.bodies.copy(
    source.object.body.read(),
    source.object.checksum?.algorithm ?? null,
  );
  try {
    checkWrite(call.header, call.bucket.get(call.key));
  } catch (error) {
    body.drop();
    throw error;
  }
  const content = { etag: `"${md5}"`, body, checksum, parts: null };
  const object = call.commit(description, content, 'ObjectCreated:Copy');
  const { 'x-amz-server-side-encryption': encryption } = writtenHeaders(object, call.bucket);
  return {
    headers: { 'x-amz-server-side-encryption': encryption! },
    body: xmlDocument('CopyObjectResult', {
      LastModified: new Date(object.modifiedMs).toISOString(),
      ETag: object.etag,
      ...checksumFields(checksum),
    }),
  };
}

interface Source {
  readonly bucket: Bucket;
  readonly object: StoredObject;
}

/** What `x-amz-copy-source` names, if the caller may read it and its conditions hold. @throws S3Error */
export function sourceOf(call: Call): Source {
  const header = call.header('x-amz-copy-source')!;
  if (header.includes('?versionId=')) throw notOnTheDesk('versionId');
  const match = /^\/?([^/]+)\/(.+)$/s.exec(decoded(header));
  if (!match) throw new S3Error('InvalidArgument', 'Copy Source must mention the source bucket and key');
  const bucket = call.options.bucketNamed(match[1]!);
  const key = match[2]!;
  call.need('s3:GetObject', { bucket, key, context: existingTags(call, bucket, key) });
  const object = call.found(bucket, key);
  checkRead(call.header, object, 'x-amz-copy-source-');
  return { bucket, object };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new S3Error('InvalidArgument', 'Expected x-amz-copy-source to be URL-encoded');
  }
}

/** Of the source, or of the request, as the directives say. */
function described(call: Call, { bucket, object }: Source): ObjectDescription {
  const replaces = (directive: string) => {
    const value = call.header(directive) ?? 'COPY';
    if (value === 'COPY' || value === 'REPLACE') return value === 'REPLACE';
    throw new S3Error('InvalidArgument', `Unknown ${directive}: ${value}`);
  };
  const given = describedBy(call);
  const own = replaces('x-amz-metadata-directive');
  const ownTags = replaces('x-amz-tagging-directive');
  if (bucket === call.bucket && object.key === call.key && !own && !call.header('x-amz-storage-class')) {
    throw new S3Error(
      'InvalidRequest',
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
    );
  }
  if (!ownTags && object.tags.size > 0) {
    call.need('s3:GetObjectTagging', { bucket, key: object.key, context: tagContext(object.tags) });
  }
  const { headers, metadata } = own ? given : object;
  return { headers, metadata, tags: ownTags ? given.tags : object.tags };
}
