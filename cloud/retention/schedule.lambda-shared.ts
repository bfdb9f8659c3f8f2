import type { S3Client } from '@aws-sdk/client-s3';
import type { S3Event } from 'aws-lambda';
import { writeLog, writeMetrics } from '../common/emf.lambda-shared.ts';
import type { Agenda } from './agenda.lambda-shared.ts';
import { consider } from './consider.lambda-shared.ts';
import { NAMESPACE } from './constants.ts';
import { keyInEvent, pathOf } from './object-path.lambda-shared.ts';

/**
 * Objects were put into the bucket: each of them is put down for its time.
 * @throws Error when one could not be; the event comes again, which does the others no harm
 */
export async function scheduleAll(event: S3Event, s3: S3Client, agenda: Agenda, ttlS: number): Promise<void> {
  const paths = (event.Records ?? []).map(({ s3: { bucket, object } }) =>
    pathOf({ Bucket: bucket.name, Key: keyInEvent(object.key) }),
  );
  const results = await Promise.allSettled(
    paths.map(async (path) => {
      const result = await consider(path, s3, agenda, ttlS);
      const scheduled = result === 'scheduled';
      writeMetrics(NAMESPACE, { Scheduled: scheduled ? 1 : 0, Skipped: scheduled ? 0 : 1 }, { path, result });
    }),
  );
  const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as Error] : []));
  for (const error of errors) writeLog('ERROR', 'An object was not put down', { error: String(error) });
  if (errors.length > 0) throw errors[0];
}
