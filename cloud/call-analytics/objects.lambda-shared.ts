import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { MAX_OBJECT_BYTES } from './constants.ts';

export interface ReadObject {
  readonly bytes: Uint8Array;
  /** Names in lower case. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** @throws Error when it is not there, or too large to be a transcript */
export async function readObject(s3: S3Client, bucket: string, key: string): Promise<ReadObject> {
  const {
    Body,
    ContentLength = 0,
    Metadata = {},
  } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  if (!Body || ContentLength > MAX_OBJECT_BYTES) {
    throw new Error(`Expected at most ${MAX_OBJECT_BYTES} bytes at ${key} but received ${ContentLength}`);
  }
  return { bytes: await Body.transformToByteArray(), metadata: Metadata };
}
