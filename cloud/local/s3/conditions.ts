import type { StoredObject } from './bucket.ts';
import { S3Error } from './error.ts';
import type { HeaderReader } from './intake.ts';

/**
 * Whether an object may be written over; to be asked in the same turn in which it is.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
 * @throws S3Error PreconditionFailed, NoSuchKey
 */
export function checkWrite(header: HeaderReader, current: StoredObject | null): void {
  const ifMatch = header('if-match');
  const ifNoneMatch = header('if-none-match');
  if (ifNoneMatch !== null && ifNoneMatch !== '*') {
    throw new S3Error('NotImplemented', 'If-None-Match of a write takes * only');
  }
  if (ifNoneMatch !== null && current) throw failed('If-None-Match');
  if (ifMatch === null) return;
  if (!current) throw new S3Error('NoSuchKey', 'The specified key does not exist.');
  if (!matches(ifMatch, current.etag)) throw failed('If-Match');
}

/**
 * Whether an object may be read or, with the prefix `x-amz-copy-source-`, copied: RFC 9110, 13.2.2.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-reads.html
 * @throws S3Error PreconditionFailed, NotModified
 */
export function checkRead(header: HeaderReader, object: StoredObject, prefix = ''): void {
  const given = (name: string) => header(`${prefix}${name}`);
  const ifMatch = given('if-match');
  const ifNoneMatch = given('if-none-match');
  const modifiedS = Math.floor(object.modifiedMs / 1000) * 1000;
  const changedSince = (date: string) => modifiedS > Date.parse(date);
  const unmodifiedSince = given('if-unmodified-since');
  const modifiedSince = given('if-modified-since');
  if (ifMatch !== null ? !matches(ifMatch, object.etag) : unmodifiedSince && changedSince(unmodifiedSince)) {
    throw failed(ifMatch === null ? 'If-Unmodified-Since' : 'If-Match');
  }
  if (
    ifNoneMatch === null ? modifiedSince && !changedSince(modifiedSince) : matches(ifNoneMatch, object.etag)
  ) {
    if (prefix !== '') throw failed(ifNoneMatch === null ? 'If-Modified-Since' : 'If-None-Match');
    throw new S3Error('NotModified', 'Not Modified');
  }
}

/** With or without quotes, as S3 takes it. */
function matches(wanted: string, etag: string): boolean {
  const bare = (text: string) => text.trim().replace(/^"|"$/g, '');
  return wanted.split(',').some((one) => one.trim() === '*' || bare(one) === bare(etag));
}

function failed(condition: string): S3Error {
  return new S3Error(
    'PreconditionFailed',
    `At least one of the pre-conditions you specified did not hold: ${condition}`,
  );
}
