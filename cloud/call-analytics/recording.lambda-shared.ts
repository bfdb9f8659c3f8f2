import { createHash } from 'node:crypto';
import { JOB_PREFIX } from './constants.ts';

/** An object that was put into the bucket, as EventBridge tells of it. */
export interface StoredObject {
  readonly bucket: string;
  /** As it is: unlike the events that S3 itself sends, those of EventBridge do not encode it. */
  readonly key: string;
  /** Grows from one write of a key to the next. */
  readonly sequencer: string;
}

/** Of a job's name, which may have 200: what is left for the key when all else is in. */
const MAX_SLUG_LENGTH = 100;
const SEQUENCER = /^[0-9A-F]{1,32}$/i;

/**
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
 * @param body an event of EventBridge, JSON
 * @throws Error when it is none of S3's
 */
export function storedObjectIn(body: string): StoredObject {
  const { detail } = JSON.parse(body) as {
    readonly detail?: {
      readonly bucket?: { readonly name?: unknown };
      readonly object?: { readonly key?: unknown; readonly sequencer?: unknown };
    };
  };
  const [bucket, key, sequencer] = [detail?.bucket?.name, detail?.object?.key, detail?.object?.sequencer];
  if (typeof bucket !== 'string' || typeof key !== 'string' || !SEQUENCER.test(String(sequencer))) {
    throw new Error(`Expected an event of S3 but received ${body.slice(0, 200)}`);
  }
  return { bucket, key, sequencer: String(sequencer).toUpperCase() };
}

/**
 * The name of the job for one version of a recording: the same for an event that comes twice, another for the same key
 * written again, and of letters that Transcribe takes.
 */
export function jobNameOf({ bucket, key, sequencer }: StoredObject): string {
  const slug = key
    .replace(/\.mp3$/i, '')
    .normalize('NFKD')
    .replace(/[^0-9a-zA-Z._-]+/g, '-')
    .slice(-MAX_SLUG_LENGTH);
  const hash = createHash('sha256').update(`${bucket}/${key}`).digest('hex').slice(0, 16);
  return `${JOB_PREFIX}${slug}-${hash}-${sequencer}`;
}

/** The job whose result an object is: `transcripts/JOB.json`. */
export function jobNameIn(key: string): string {
  return key.replace(/^.*\//s, '').replace(/\.(json|txt)$/, '');
}

/**
 * Orders the versions of one recording as text: of two sequencers the shorter one is filled up with zeros on the right.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
 * @throws Error when the name is not one of ours
 */
export function versionIn(jobName: string): string {
  const sequencer = jobName.split('-').at(-1) ?? '';
  if (!jobName.startsWith(JOB_PREFIX) || !SEQUENCER.test(sequencer)) {
    throw new Error(`Expected the name of one of our jobs but received ${jobName}`);
  }
  return sequencer.padEnd(32, '0');
}

/** @param uri as in `s3://bucket/key`, as the job got it */
export function objectAt(uri: string): { readonly bucket: string; readonly key: string } {
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/s.exec(uri) ?? [];
  if (bucket === undefined || key === undefined) throw new Error(`Expected s3://... but received ${uri}`);
  return { bucket, key };
}
