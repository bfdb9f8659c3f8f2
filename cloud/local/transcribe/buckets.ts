import { HeadObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { PLACE } from '../desk/place.ts';
import type { Credentials } from '../iam/principals.ts';
import type { Place } from './request.ts';

/** The buckets, as somebody who may or may not. */
export interface Buckets {
  /** Metadata of an object. @throws Error when it is not there, or not for this one */
  look(place: Place): Promise<Readonly<Record<string, string>>>;
  write(place: Place, json: string): Promise<void>;
}

/** Reads and writes as the service does: by requests to S3, signed by the credentials it was given. */
export function bucketsBy(credentials: Credentials, endpoint: string): Buckets {
  const client = new S3Client({ endpoint, region: PLACE.region, credentials, forcePathStyle: true });
  return {
    async look({ bucket, key }) {
      const { Metadata = {} } = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
      return Metadata;
    },
    async write({ bucket, key }, json) {
      await client.send(
        new PutObjectCommand({ Bucket: bucket, Key: key, Body: json, ContentType: 'application/json' }),
      );
    },
  };
}
