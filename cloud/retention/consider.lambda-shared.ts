import { GetObjectTaggingCommand, HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { Agenda } from './agenda.lambda-shared.ts';
import { placeOf } from './object-path.lambda-shared.ts';

export type Considered = 'scheduled' | 'empty' | 'tagged' | 'gone';

/**
 * Looks at what is there under a path and puts it down for its time, which counts from when it was stored: events that
 * come twice, late or in the wrong order come to the same. What is empty or has tags needs nothing; the tag is that of
 * what was rewritten, so that rewriting does not lead to rewriting.
 */
export async function consider(
  path: string,
  s3: S3Client,
  agenda: Agenda,
  ttlS: number,
): Promise<Considered> {
  const place = placeOf(path);
  try {
    const { ContentLength = 0, ETag = null, LastModified } = await s3.send(new HeadObjectCommand(place));
    if (ContentLength === 0) return 'empty';
    const { TagSet = [] } = await s3.send(new GetObjectTaggingCommand(place));
    if (TagSet.length > 0) return 'tagged';
    const storedS = Math.floor((LastModified?.getTime() ?? Date.now()) / 1000);
    await agenda.add({ path, etag: ETag, dueS: storedS + ttlS, attempts: 0 });
    return 'scheduled';
  } catch (error) {
    if (isGone(error)) return 'gone';
    throw error;
  }
}

/** HeadObject has no body that could say more than 404. */
export function isGone(error: unknown): boolean {
  const name = error instanceof Error ? error.name : '';
  return name === 'NoSuchKey' || name === 'NotFound';
}
