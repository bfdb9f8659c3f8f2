/**
 * Checks Signature Version 4 as AWS does, from its description and without any code of the SDK:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

export interface SignedHttpRequest {
  readonly method: string;
  /** Path and query as they came over the wire. */
  readonly url: string;
  /** Names in lower case, as node:http gives them. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string | Uint8Array;
}

export interface SigV4Expectation {
  readonly service: string;
  readonly region: string;
  /** What the access key opens; null for a key that nobody was given. */
  readonly secretOf: (
    accessKeyId: string,
  ) => { readonly secretAccessKey: string; readonly sessionToken?: string } | null;
  readonly nowMs: number;
  /** How far the signer's clock may be off. AWS: 5 minutes. */
  readonly maxSkewMs?: number;
}

export type SigV4Verdict =
  | { readonly ok: true; readonly accessKeyId: string; readonly signedHeaders: readonly string[] }
  | { readonly ok: false; readonly code: string; readonly message: string };

const ALGORITHM = 'AWS4-HMAC-SHA256';

/** Checks a request signed in its Authorization header or, as presigned URLs are, in its query. */
export function verifySigV4(request: SignedHttpRequest, expected: SigV4Expectation): SigV4Verdict {
  const [path = '', search = ''] = request.url.split(/\?(.*)/s);
  const query = search === '' ? [] : search.split('&').map((pair) => split(pair));
  const presigned = query.some(([name]) => name === 'X-Amz-Signature');
  const found = presigned ? fromQuery(query) : fromHeader(request.headers);
  if (!found) return refuse('MissingAuthenticationToken', 'The request is not signed');
  const { credential, signedHeaders, signature, date, token, expiresS } = found;

  const [accessKeyId = '', day = '', region, service, end] = credential.split('/');
  const secret = expected.secretOf(accessKeyId);
  if (!secret) return refuse('UnrecognizedClientException', 'The access key is unknown');
  if (
    region !== expected.region ||
    service !== expected.service ||
    end !== 'aws4_request' ||
    day !== date.slice(0, 8)
  ) {
    return refuse(
      'InvalidSignatureException',
      `Credential should be scoped to ${expected.region}/${expected.service}`,
    );
  }
  if ((secret.sessionToken ?? '') !== token) {
    return refuse('UnrecognizedClientException', 'The security token is invalid');
  }
  const ageMs = expected.nowMs - parseDate(date);
  const skewMs = expected.maxSkewMs ?? 300_000;
  if (!(ageMs >= -skewMs) || ageMs > (expiresS === null ? skewMs : expiresS * 1000)) {
    return refuse('InvalidSignatureException', `Signature expired or not yet current: ${date}`);
  }
  if (!signedHeaders.includes('host')) return refuse('InvalidSignatureException', "'Host' must be signed");
  const unsigned = Object.keys(request.headers).filter(
    (name) => /^x-amz-/.test(name) && !signedHeaders.includes(name),
  );
  if (unsigned.length) return refuse('InvalidSignatureException', `Not signed: ${unsigned.join(', ')}`);

  const ofS3 = service === 's3';
  const canonical = [
    request.method,
    ofS3 ? canonicalKey(path) : canonicalPath(path),
    query
      .filter(([name]) => name !== 'X-Amz-Signature')
      .map(([name, value]) => `${encode(name)}=${encode(value)}`)
      .sort()
      .join('&'),
    ...signedHeaders.map((name) => `${name}:${headerValue(request.headers[name])}`),
    '',
    signedHeaders.join(';'),
    ofS3 ? contentHash(request) : payloadHash(request, presigned),
  ].join('\n');
  const scope = `${day}/${region}/${service}/aws4_request`;
  const toSign = [ALGORITHM, date, scope, sha256(canonical)].join('\n');
  const key = [day, region, service, 'aws4_request'].reduce<Buffer>(
    (previous, part) => hmac(previous, part),
    Buffer.from(`AWS4${secret.secretAccessKey}`),
  );
  if (!same(hmac(key, toSign).toString('hex'), signature)) {
    return refuse(
      'InvalidSignatureException',
      `The signature does not match. Canonical request:\n${canonical}`,
    );
  }
  return { ok: true, accessKeyId, signedHeaders };
}

interface Found {
  readonly credential: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  readonly date: string;
  readonly token: string;
  /** Life of a presigned URL. */
  readonly expiresS: number | null;
}

function fromHeader(headers: SignedHttpRequest['headers']): Found | null {
  const [algorithm, rest = ''] = headerValue(headers.authorization).split(/ (.*)/s);
  const part = (name: string) => new RegExp(`${name}=([^, ]+)`).exec(rest)?.[1] ?? '';
  if (algorithm !== ALGORITHM) return null;
  return {
    credential: part('Credential'),
    signedHeaders: part('SignedHeaders').split(';'),
    signature: part('Signature'),
    date: headerValue(headers['x-amz-date']),
    token: headerValue(headers['x-amz-security-token']),
    expiresS: null,
  };
}

function fromQuery(query: readonly (readonly [string, string])[]): Found | null {
  const value = (name: string) => query.find(([key]) => key === name)?.[1] ?? '';
  if (value('X-Amz-Algorithm') !== ALGORITHM) return null;
  return {
    credential: value('X-Amz-Credential'),
    signedHeaders: value('X-Amz-SignedHeaders').split(';'),
    signature: value('X-Amz-Signature'),
    date: value('X-Amz-Date'),
    token: value('X-Amz-Security-Token'),
    expiresS: Number(value('X-Amz-Expires')),
  };
}

/** Every service but S3 encodes the path once more than it came, after taking out `.`, `..` and empty parts. */
function canonicalPath(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  const end = path.endsWith('/') && parts.length > 0 ? '/' : '';
  return `/${parts.map(encode).join('/')}${end}`;
}

/** S3 encodes once, and keys may hold dots and empty parts. */
function canonicalKey(path: string): string {
  return decodeURIComponent(path).split('/').map(encode).join('/');
}

/** What the sender says of the body, which S3 checks as it comes in. */
function contentHash({ headers }: SignedHttpRequest): string {
  return headerValue(headers['x-amz-content-sha256']) || 'UNSIGNED-PAYLOAD';
}

/** A presigned GET (as of a WebSocket) signs the hash of nothing. */
function payloadHash({ headers, body }: SignedHttpRequest, presigned: boolean): string {
  const said = headerValue(headers['x-amz-content-sha256']);
  if (said === 'UNSIGNED-PAYLOAD') return said;
  return presigned ? sha256('') : sha256(body);
}

function parseDate(date: string): number {
  return Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
}

function split(pair: string): readonly [string, string] {
  const [name = '', value = ''] = pair.split(/=(.*)/s);
  const decode = (text: string) => decodeURIComponent(text.replaceAll('+', ' '));
  return [decode(name), decode(value)];
}

/** Percent-encoding of RFC 3986: everything but letters, digits, `-`, `_`, `.` and `~`. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function headerValue(value: string | readonly string[] | undefined): string {
  return (typeof value === 'string' ? value : (value ?? []).join(',')).trim().replace(/ +/g, ' ');
}

function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

function hmac(key: Buffer, data: string): Buffer {
  return createHmac('sha256', key).update(data).digest();
}

function same(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}

function refuse(code: string, message: string): SigV4Verdict {
  return { ok: false, code, message };
}
