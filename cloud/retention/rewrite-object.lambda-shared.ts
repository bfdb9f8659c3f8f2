import { PassThrough, Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { GetObjectCommand, type GetObjectCommandOutput, type S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { FieldBlanker } from './blank-fields.lambda-shared.ts';
import { PART_BYTES, PARTS_AT_ONCE, PROCESSED_TAG } from './constants.ts';
import type { ObjectPlace } from './object-path.lambda-shared.ts';
import { Unprocessable } from './unprocessable.lambda-shared.ts';

/** The first byte of what gzip wrote (RFC 1952); no JSON begins so. */
const GZIP_MAGIC = 0x1f;
const NOT_COMPRESSED = ['', 'identity', 'aws-chunked'];

export interface Rewritten {
  readonly lines: number;
  readonly bytes: number;
}

/**
 * Puts an object in its own place with fields blanked and the tag, while it is read: neither as a whole nor line by
 * line is it ever in memory. Compressed by gzip it stays so; its type, encoding and metadata stay as they are. S3 puts
 * the new one there only if it still has what was read, and only when all of it has arrived.
 * @param etag what has to be there; null: anything
 * @throws Unprocessable when no other try can help
 * @throws S3ServiceException PreconditionFailed, ConditionalRequestConflict, NoSuchKey: it has changed or is gone
 */
export async function rewriteObject(
  s3: S3Client,
  place: ObjectPlace,
  etag: string | null,
  fields: readonly string[],
  signal: AbortSignal,
): Promise<Rewritten> {
  const found = await read(s3, place, etag, signal);
  const body = found.Body as Readable;
  const blanker = new FieldBlanker(fields);
  const sink = new PassThrough();
  try {
    const { source, compressed } = await unpacked(body, found.ContentEncoding ?? '');
    const stages = compressed ? [createGunzip(), blanking(blanker), createGzip()] : [blanking(blanker)];
    const upload = new Upload({
      client: s3,
      partSize: PART_BYTES,
      queueSize: PARTS_AT_ONCE,
      params: { ...place, ...kept(found), Body: sink, Tagging: PROCESSED_TAG, IfMatch: found.ETag },
    });
    const sending = upload.done().catch((error: Error) => {
      sink.destroy(error);
      throw error;
    });
    const ended = await Promise.allSettled([pipeline([source, ...stages, sink], { signal }), sending]);
    const errors = ended.flatMap((one) => (one.status === 'rejected' ? [described(one.reason)] : []));
    if (errors.length > 0) throw errors.find((error) => error instanceof Unprocessable) ?? errors.at(-1);
    return { lines: blanker.lines, bytes: found.ContentLength ?? 0 };
  } finally {
    body.destroy();
  }
}

async function read(
  s3: S3Client,
  place: ObjectPlace,
  etag: string | null,
  abortSignal: AbortSignal,
): Promise<GetObjectCommandOutput> {
  const command = new GetObjectCommand({ ...place, ...(etag === null ? {} : { IfMatch: etag }) });
  try {
    return await s3.send(command, { abortSignal });
  } catch (error) {
    if ((error as Error).name !== 'InvalidObjectState') throw error;
    throw new Unprocessable('archived', 'Expected an object that can be read but it is in an archive', error);
  }
}

/** What an object has beside its content. */
function kept(found: GetObjectCommandOutput) {
  const { CacheControl, ContentDisposition, ContentEncoding, ContentLanguage, ContentType } = found;
  const { ExpiresString, Metadata, StorageClass, WebsiteRedirectLocation } = found;
  const Expires = ExpiresString === undefined ? undefined : new Date(ExpiresString);
  return {
    CacheControl,
    ContentDisposition,
    ContentEncoding,
    ContentLanguage,
    ContentType,
    Expires,
    Metadata,
    StorageClass,
    WebsiteRedirectLocation,
  };
}

/** Looks at how the content begins: neither the key nor the header says for sure that it is compressed. */
async function unpacked(body: Readable, encoding: string) {
  const chunks = body[Symbol.asyncIterator]() as AsyncIterableIterator<Buffer>;
  const first = await chunks.next();
  const compressed = !first.done && first.value[0] === GZIP_MAGIC;
  if (!compressed && !NOT_COMPRESSED.includes(encoding)) {
    const came = encoding === 'gzip' ? 'what is not compressed by it' : encoding;
    throw new Unprocessable('compression', `Expected gzip or nothing as the encoding but received ${came}`);
  }
  const source = async function* () {
    if (!first.done) yield first.value;
    yield* chunks;
  };
  return { source: Readable.from(source(), { objectMode: false }), compressed };
}

function blanking(blanker: FieldBlanker): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      try {
        done(null, blanker.push(chunk));
      } catch (error) {
        done(error as Error);
      }
    },
    flush(done) {
      try {
        blanker.end();
        done();
      } catch (error) {
        done(error as Error);
      }
    },
  });
}

/** zlib's own errors are those of the content. */
function described(error: unknown): Error {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code?.startsWith('Z_')) return new Unprocessable('compression', `Not gzip: ${message}`, error);
  return error as Error;
}
