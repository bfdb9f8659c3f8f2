import { Sha256 } from '@aws-crypto/sha256-js';
import { S3Client } from '@aws-sdk/client-s3';
import { SignatureV4 } from '@smithy/signature-v4';
import { personAtTheDesk } from '../../../../cloud/local/cli/person.ts';
import type { OpenDesk } from '../../../../cloud/local/desk/open-desk.ts';
import type { Credentials } from '../../../../cloud/local/iam/principals.ts';
import type { Resource } from '../../../../cloud/local/template/template.ts';

/** A client that may do everything, or what those credentials may. It tries once. */
export function s3Client(
  desk: OpenDesk,
  credentials: Credentials = personAtTheDesk(desk.principals),
): S3Client {
  return new S3Client({ endpoint: desk.s3.url, region: 'eu-central-1', credentials, maxAttempts: 1 });
}

export function bucketResource(properties: Readonly<Record<string, unknown>> = {}): Resource {
  return { Type: 'AWS::S3::Bucket', Properties: properties };
}

/** What became of a request: `done`, or the name of the error. */
export function nameOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'done',
    (error: Error) => error.name,
  );
}

/** An address that anybody may use for a while, with the rights of those credentials. @param path percent-encoded */
export async function presigned(
  desk: OpenDesk,
  method: string,
  path: string,
  query: Readonly<Record<string, string>> = {},
  { expiresIn = 60, credentials = personAtTheDesk(desk.principals), signingDate = new Date() } = {},
): Promise<URL> {
  const { protocol, hostname, host, origin } = new URL(desk.s3.url);
  const signer = new SignatureV4({
    service: 's3',
    region: 'eu-central-1',
    credentials,
    sha256: Sha256,
    uriEscapePath: false,
    applyChecksum: false,
  });
  const signed = await signer.presign(
    {
      method,
      protocol,
      hostname,
      path,
      query: { ...query },
      headers: { host, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' },
    },
    { expiresIn, signingDate },
  );
  const pairs = Object.entries(signed.query ?? {}).map(
    ([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`,
  );
  return new URL(`${origin}${path}?${pairs.join('&')}`);
}
