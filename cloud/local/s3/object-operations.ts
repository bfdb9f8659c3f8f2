import type { Answer, Call } from './call.ts';
import { checkRead, checkWrite } from './conditions.ts';
import { checksumHeaders, describedBy, headersOf, tagContext, writtenHeaders } from './description.ts';
import { notOnTheDesk, S3Error } from './error.ts';

/** Query parameters of a GET that take the place of the object's own headers. */
export const RESPONSE_OVERRIDES = [
  'response-cache-control',
  'response-content-disposition',
  'response-content-encoding',
  'response-content-language',
  'response-content-type',
  'response-expires',
];

export function getObject(call: Call): Answer {
  const { object, headers, range } = looked(call);
  for (const name of RESPONSE_OVERRIDES) {
    const value = call.query(name);
    if (value !== null) headers[name.replace('response-', '')] = value;
  }
  if (!range) return { headers, body: object.body.read() };
  return { status: 206, headers, body: object.body.read(range.start, range.end) };
}

export function headObject(call: Call): Answer {
  const { headers, range } = looked(call);
  return { status: range ? 206 : 200, headers };
}

function looked(call: Call) {
  call.need('s3:GetObject', { context: existingTags(call) });
  const object = call.found();
  checkRead(call.header, object);
  const range = rangeIn(call.header('range'), object.size);
  const checksums = call.header('x-amz-checksum-mode') === 'ENABLED' && !range;
  const length = range ? range.end - range.start + 1 : object.size;
  const headers: Record<string, string> = {
    ...headersOf(object, call.bucket, checksums),
    'content-length': `${length}`,
    ...(range ? { 'content-range': `bytes ${range.start}-${range.end}/${object.size}` } : {}),
  };
  return { object, range, headers };
}

export async function putObject(call: Call): Promise<Answer> {
  const description = describedBy(call);
  needToPut(call, description.tags);
  const { body, taken } = await call.takeBody();
  try {
    checkWrite(call.header, call.bucket.get(call.key));
  } catch (error) {
    body.drop();
    throw error;
  }
  const { checksum, md5 } = taken;
  const content = { etag: `"${md5}"`, body, checksum, parts: null };
  const object = call.commit(description, content, 'ObjectCreated:Put');
  return { headers: { ...writtenHeaders(object, call.bucket), ...checksumHeaders(checksum) } };
}

/** @throws S3Error AccessDenied */
export function needToPut(call: Call, tags: ReadonlyMap<string, string>): void {
  const ifMatch = call.header('if-match');
  const ifNoneMatch = call.header('if-none-match');
  const context = {
    ...tagContext(tags),
    ...(ifMatch === null ? {} : { 's3:if-match': ifMatch }),
    ...(ifNoneMatch === null ? {} : { 's3:if-none-match': ifNoneMatch }),
  };
  call.need('s3:PutObject', { context });
  if (tags.size > 0) call.need('s3:PutObjectTagging', { context });
  // Whether the ETag is this one is something read.
  if (ifMatch !== null) call.need('s3:GetObject');
}

/** Takes an object away; that there is none is fine. */
export function deleteObject(call: Call): Answer {
  call.need('s3:DeleteObject', { context: existingTags(call) });
  const ifMatch = call.header('if-match');
  if (ifMatch !== null) checkWrite(call.header, call.bucket.get(call.key));
  removeObject(call, call.key);
  return { status: 204 };
}

export function removeObject(call: Call, key: string): void {
  const removed = call.bucket.remove(key);
  if (removed) call.tell('ObjectRemoved:Delete', removed);
}

export function existingTags(call: Call, bucket = call.bucket, key = call.key): Record<string, string> {
  const tags = bucket.get(key)?.tags ?? new Map<string, string>();
  return Object.fromEntries([...tags].map(([name, value]) => [`s3:ExistingObjectTag/${name}`, value]));
}

interface Range {
  readonly start: number;
  readonly end: number;
}

/** Of RFC 9110, one range of bytes. Null: the whole. @throws S3Error InvalidRange */
export function rangeIn(header: string | null, size: number): Range | null {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (header?.includes(',')) throw notOnTheDesk('Several ranges');
  if (!match || (match[1] === '' && match[2] === '')) return null;
  const [, first, last] = match;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (first !== '' && last !== '' && Number(first) > Number(last)) return null;
  if (start >= size || (first === '' && Number(last) === 0)) {
    throw new S3Error('InvalidRange', 'The requested range is not satisfiable');
  }
  return { start, end };
}
