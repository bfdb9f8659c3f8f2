import type { Principals } from '../iam/principals.ts';
import { type Buckets, bucketsBy } from './buckets.ts';
import { Transcribe, type TranscribeOptions } from './transcribe.ts';

interface OpenOptions extends Omit<TranscribeOptions, 'bucketsAs'> {
  readonly principals: Principals;
  /** Where S3 is answered. */
  readonly s3Url: () => string;
}

export function openTranscribe({ principals, s3Url, ...options }: OpenOptions): Transcribe {
  const known = new Map<string, Buckets>();
  return new Transcribe({
    ...options,
    bucketsAs(roleArn, service) {
      const name = `${service} ${roleArn}`;
      const buckets = known.get(name) ?? bucketsBy(principals.assume(roleArn, service), s3Url());
      known.set(name, buckets);
      return buckets;
    },
  });
}
