import type { Principals } from '../iam/principals.ts';
import { bucketsBy } from './buckets.ts';
import { Transcribe, type TranscribeOptions } from './transcribe.ts';

interface OpenOptions extends Omit<TranscribeOptions, 'bucketsAs'> {
  readonly principals: Principals;
  /** Where S3 is answered. */
  readonly s3Url: () => string;
}

export function openTranscribe({ principals, s3Url, ...options }: OpenOptions): Transcribe {
  return new Transcribe({
    ...options,
    bucketsAs: (roleArn, service) => bucketsBy(principals.assume(roleArn, service), s3Url()),
  });
}
