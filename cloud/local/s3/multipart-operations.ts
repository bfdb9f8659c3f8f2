import type { Answer, Call } from './call.ts';
import { ALGORITHMS, type Algorithm, type Checksum } from './checksums.ts';
import { checkWrite } from './conditions.ts';
import { sourceOf } from './copy.ts';
import { checksumFields, checksumHeaders, describedBy, writtenHeaders } from './description.ts';
import { notOnTheDesk, S3Error } from './error.ts';
import { needToPut, rangeIn } from './object-operations.ts';
import { LIMITS, type NamedPart, Upload } from './uploads.ts';
import { readDocument, textOf, xmlDocument } from './xml.ts';

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateMultipartUpload.html */
export function createMultipartUpload(call: Call): Answer {
  const description = describedBy(call);
  needToPut(call, description.tags);
  const algorithm = algorithmIn(call);
  const type = typeIn(call, algorithm);
  const upload = new Upload({ key: call.key, description, startedMs: call.nowMs, algorithm, type });
  call.bucket.uploads.set(upload.id, upload);
  return {
    headers: algorithm ? { 'x-amz-checksum-algorithm': algorithm, 'x-amz-checksum-type': type } : {},
    body: xmlDocument('InitiateMultipartUploadResult', {
      Bucket: call.bucket.name,
      Key: call.key,
      UploadId: upload.id,
    }),
  };
}

function algorithmIn(call: Call): Algorithm | null {
  const named = call.header('x-amz-checksum-algorithm');
  const known = ALGORITHMS.find((one) => one === named) ?? null;
  if (named !== null && !known) throw notOnTheDesk(`The checksum ${named}`);
  return known;
}

/** CRC64NVME is of whole objects only, SHA of parts only; the others are of parts unless it is said. */
function typeIn(call: Call, algorithm: Algorithm | null): Checksum['type'] {
  const given = call.header('x-amz-checksum-type');
  const type = given ?? (algorithm === 'CRC64NVME' ? 'FULL_OBJECT' : 'COMPOSITE');
  const fits =
    type === 'FULL_OBJECT'
      ? !algorithm?.startsWith('SHA')
      : type === 'COMPOSITE' && algorithm !== 'CRC64NVME';
  if (!fits)
    throw new S3Error('InvalidRequest', `The ${type} checksum type cannot be used with ${algorithm}`);
  return type as Checksum['type'];
}

function uploadIn(call: Call): Upload {
  const upload = call.bucket.uploads.get(call.query('uploadId') ?? '');
  if (upload?.settings.key === call.key) return upload;
  throw new S3Error('NoSuchUpload', 'The specified multipart upload does not exist.');
}

function partNumberIn(call: Call): number {
  const number = Number(call.query('partNumber'));
  if (Number.isInteger(number) && number >= 1 && number <= LIMITS.parts) return number;
  throw new S3Error(
    'InvalidArgument',
    `Part number must be an integer between 1 and ${LIMITS.parts}, inclusive`,
  );
}

export async function uploadPart(call: Call): Promise<Answer> {
  call.need('s3:PutObject');
  const upload = uploadIn(call);
  const number = partNumberIn(call);
  const { body, taken } = await call.takeBody();
  const part = { body, etag: `"${taken.md5}"`, checksum: taken.checksum, modifiedMs: call.nowMs };
  stillOpen(call, upload, body).put(number, part);
  return { headers: { ...writtenHeaders(part, call.bucket), ...checksumHeaders(taken.checksum) } };
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html */
export async function uploadPartCopy(call: Call): Promise<Answer> {
  call.need('s3:PutObject');
  const upload = uploadIn(call);
  const number = partNumberIn(call);
  const { object } = sourceOf(call);
  const wanted = call.header('x-amz-copy-source-range');
  const range = rangeIn(wanted, object.size);
  if (wanted !== null && !/^bytes=\d+-\d+$/.test(wanted)) {
    throw new S3Error(
      'InvalidArgument',
      'The x-amz-copy-source-range value must be of the form bytes=first-last',
    );
  }
  const { body, md5, checksum } = await call.options.bodies.copy(
    object.body.read(range?.start, range?.end),
    upload.settings.algorithm,
  );
  const part = { body, etag: `"${md5}"`, checksum, modifiedMs: call.nowMs };
  stillOpen(call, upload, body).put(number, part);
  return {
    body: xmlDocument('CopyPartResult', {
      LastModified: new Date(part.modifiedMs).toISOString(),
      ETag: part.etag,
      ...checksumFields(checksum),
    }),
  };
}

/** It may have been ended while the part came in. */
function stillOpen(call: Call, upload: Upload, body: { drop(): void }): Upload {
  if (call.bucket.uploads.has(upload.id)) return upload;
  body.drop();
  return uploadIn(call);
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html */
export async function completeMultipartUpload(call: Call): Promise<Answer> {
  const upload = uploadIn(call);
  needToPut(call, new Map());
  const named = namedIn(await call.takeXml());
  const content = await upload.assembled(named);
  uploadIn(call);
  checkWrite(call.header, call.bucket.get(call.key));
  call.bucket.uploads.delete(upload.id);
  upload.end(named);
  const object = call.commit(upload.settings.description, content, 'ObjectCreated:CompleteMultipartUpload');
  const { 'x-amz-server-side-encryption': encryption } = writtenHeaders(object, call.bucket);
  return {
    headers: { 'x-amz-server-side-encryption': encryption! },
    body: xmlDocument('CompleteMultipartUploadResult', {
      Location: `https://${call.bucket.name}.s3.amazonaws.com/${encodeURIComponent(call.key)}`,
      Bucket: call.bucket.name,
      Key: call.key,
      ETag: object.etag,
      ...checksumFields(object.checksum),
    }),
  };
}

function namedIn(body: string): NamedPart[] {
  const { children } = readDocument(body, 'CompleteMultipartUpload');
  return children.map((part) => ({
    number: Number(textOf(part, 'PartNumber')),
    etag: textOf(part, 'ETag') ?? '',
  }));
}

export function abortMultipartUpload(call: Call): Answer {
  call.need('s3:AbortMultipartUpload');
  const upload = uploadIn(call);
  call.bucket.uploads.delete(upload.id);
  upload.end();
  return { status: 204 };
}

/** All at once: 10,000 is what an upload has at most. */
export function listParts(call: Call): Answer {
  call.need('s3:ListMultipartUploadParts');
  const upload = uploadIn(call);
  return {
    body: xmlDocument('ListPartsResult', {
      Bucket: call.bucket.name,
      Key: call.key,
      UploadId: upload.id,
      IsTruncated: false,
      Part: upload.parts.map(({ number, etag, body, modifiedMs }) => ({
        PartNumber: number,
        LastModified: new Date(modifiedMs).toISOString(),
        ETag: etag,
        Size: body.size,
      })),
    }),
  };
}

export function listMultipartUploads(call: Call): Answer {
  call.need('s3:ListBucketMultipartUploads');
  const prefix = call.query('prefix') ?? '';
  const uploads = [...call.bucket.uploads.values()].filter(({ settings }) => settings.key.startsWith(prefix));
  return {
    body: xmlDocument('ListMultipartUploadsResult', {
      Bucket: call.bucket.name,
      Prefix: prefix,
      IsTruncated: false,
      Upload: uploads.map(({ id, settings }) => ({
        Key: settings.key,
        UploadId: id,
        Initiated: new Date(settings.startedMs).toISOString(),
      })),
    }),
  };
}
