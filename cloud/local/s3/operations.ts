import { deleteObjects, getBucketLocation, headBucket, listObjects } from './bucket-operations.ts';
import type { Answer, Call } from './call.ts';
import { copyObject } from './copy.ts';
import { notOnTheDesk } from './error.ts';
import {
  abortMultipartUpload,
  completeMultipartUpload,
  createMultipartUpload,
  listMultipartUploads,
  listParts,
  uploadPart,
  uploadPartCopy,
} from './multipart-operations.ts';
import { deleteObject, getObject, headObject, putObject, RESPONSE_OVERRIDES } from './object-operations.ts';
import { deleteObjectTagging, getObjectTagging, putObjectTagging } from './tagging-operations.ts';

export interface Operation {
  readonly name: string;
  readonly run: (call: Call) => Answer | Promise<Answer>;
  /** Query parameters that are acted on. */
  readonly query?: readonly string[];
}

/** By method, what is asked (bucket or object), and the parameter or header that makes it another operation. */
const OPERATIONS: Readonly<Record<string, Operation>> = {
  'HEAD bucket': { name: 'HeadBucket', run: headBucket },
  'GET bucket location': { name: 'GetBucketLocation', run: getBucketLocation },
  'GET bucket list-type': {
    name: 'ListObjectsV2',
    run: listObjects,
    query: ['prefix', 'delimiter', 'max-keys', 'start-after', 'continuation-token', 'encoding-type'],
  },
  'GET bucket uploads': { name: 'ListMultipartUploads', run: listMultipartUploads, query: ['prefix'] },
  'POST bucket delete': { name: 'DeleteObjects', run: deleteObjects },
  'GET object': { name: 'GetObject', run: getObject, query: RESPONSE_OVERRIDES },
  'HEAD object': { name: 'HeadObject', run: headObject },
  'PUT object': { name: 'PutObject', run: putObject },
  'PUT object x-amz-copy-source': { name: 'CopyObject', run: copyObject },
  'DELETE object': { name: 'DeleteObject', run: deleteObject },
  'GET object tagging': { name: 'GetObjectTagging', run: getObjectTagging },
  'PUT object tagging': { name: 'PutObjectTagging', run: putObjectTagging },
  'DELETE object tagging': { name: 'DeleteObjectTagging', run: deleteObjectTagging },
  'POST object uploads': { name: 'CreateMultipartUpload', run: createMultipartUpload },
  'PUT object uploadId': { name: 'UploadPart', run: uploadPart, query: ['partNumber'] },
  'PUT object uploadId x-amz-copy-source': {
    name: 'UploadPartCopy',
    run: uploadPartCopy,
    query: ['partNumber'],
  },
  'POST object uploadId': { name: 'CompleteMultipartUpload', run: completeMultipartUpload },
  'DELETE object uploadId': { name: 'AbortMultipartUpload', run: abortMultipartUpload },
  'GET object uploadId': { name: 'ListParts', run: listParts },
};

const MARKS = ['location', 'list-type', 'uploads', 'delete', 'tagging', 'uploadId'];
/** Of signatures, and what the SDK adds for logs. */
const PASSED = /^(x-amz-.*|x-id)$/i;

const HEADERS =
  /^x-amz-(acl|checksum-.*|content-sha256|copy-source(-if-.*|-range)?|date|decoded-content-length|expected-bucket-owner|id-2|meta-.*|metadata-directive|request-id|sdk-.*|security-token|server-side-encryption(-aws-kms-key-id|-bucket-key-enabled)?|storage-class|tagging(-directive)?|trailer|user-agent)$/;
/** Since buckets are their owner's alone, an ACL says nothing else; any other is refused. */
const ACLS = ['bucket-owner-full-control', 'private'];

export interface Request {
  readonly method: string;
  readonly key: string;
  readonly query: ReadonlyMap<string, string>;
  readonly headers: ReadonlyMap<string, string>;
}

/**
 * Which operation a request asks for.
 * @throws S3Error NotImplemented, naming what of it there is not
 */
export function operationOf({ method, key, query, headers }: Request): Operation {
  const scope = key === '' ? 'bucket' : 'object';
  const marks = MARKS.filter((mark) => query.has(mark));
  const copies = headers.has('x-amz-copy-source') ? ['x-amz-copy-source'] : [];
  const wanted = [method, scope, ...marks, ...copies].join(' ');
  const operation = Object.hasOwn(OPERATIONS, wanted) ? OPERATIONS[wanted]! : null;
  const names = [...query.keys()];
  if (!operation)
    throw notOnTheDesk(`${method} of a${scope === 'object' ? 'n' : ''} ${scope} with [${names}]`);
  const known = [...MARKS, ...(operation.query ?? [])];
  const unknown = [
    ...names.filter((name) => !PASSED.test(name) && !known.includes(name)),
    ...[...headers.keys()].filter((name) => name.startsWith('x-amz-') && !HEADERS.test(name)),
  ];
  const acl = headers.get('x-amz-acl');
  if (acl !== undefined && !ACLS.includes(acl)) unknown.push(`the ACL ${acl}`);
  if (unknown.length > 0) throw notOnTheDesk(`${operation.name} with ${unknown.join(', ')}`);
  return operation;
}
