import type { IncomingMessage } from 'node:http';
import { S3Error } from './error.ts';

export interface Asked {
  readonly method: string;
  /** Empty: none, which asks for all buckets. */
  readonly bucket: string;
  /** Empty: the bucket itself. */
  readonly key: string;
  readonly query: ReadonlyMap<string, string>;
  /** Those of the query, in a presigned address, among them. Text in UTF-8. */
  readonly headers: ReadonlyMap<string, string>;
  /** Headers alone. */
  readonly sent: Readonly<Record<string, string>>;
}

const MAX_KEY_BYTES = 1024;

/**
 * What a request asks for. The bucket stands in the path (`http://127.0.0.1:PORT/BUCKET/KEY`: what SDKs make of an
 * endpoint that is an IP address) or before `localhost` or `s3.` in the host.
 * @throws S3Error InvalidURI, KeyTooLongError
 */
export function askedBy({ method = '', url = '', headers: raw, rawHeaders }: IncomingMessage): Asked {
  const [path = '', search = ''] = url.split(/\?(.*)/s);
  const query = new Map(search === '' ? [] : search.split('&').map(pairOf));
  const before = /^([a-z0-9.-]+)\.(?:localhost|s3(?:[.-][a-z0-9-]+)*\.amazonaws\.com)(?::\d+)?$/.exec(
    raw.host ?? '',
  )?.[1];
  const whole = decoded(path.replace(/^\//, ''));
  const [bucket = '', key = ''] = before === undefined ? whole.split(/\/(.*)/s) : [before, whole];
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) throw new S3Error('KeyTooLongError', 'Your key is too long');
  const headers = new Map<string, string>();
  for (let at = 0; at < rawHeaders.length; at += 2) {
    // Node reads headers as Latin 1; SDKs write them in UTF-8.
    const value = Buffer.from(rawHeaders[at + 1]!, 'latin1').toString('utf8');
    const name = rawHeaders[at]!.toLowerCase();
    headers.set(name, headers.has(name) ? `${headers.get(name)},${value}` : value);
  }
  const sent = Object.fromEntries(headers);
  if (query.has('X-Amz-Signature')) {
    for (const [name, value] of query) if (/^x-amz-/.test(name)) headers.set(name, value);
  }
  return { method, bucket, key, query, headers, sent };
}

function pairOf(pair: string): [string, string] {
  const [name = '', value = ''] = pair.split(/=(.*)/s);
  return [decoded(name), decoded(value.replaceAll('+', ' '))];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new S3Error('InvalidURI', "Couldn't parse the specified URI.");
  }
}
