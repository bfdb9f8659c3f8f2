import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import type { Bodies, Body } from './body.ts';
import type { Bucket, ObjectDescription, StoredObject } from './bucket.ts';
import { S3Error } from './error.ts';
import type { ObjectEvent } from './events.ts';
import { Intake, type Taken } from './intake.ts';

export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Readable;
}

/** Whether the caller's role and the bucket's own policies let it do something. */
export type Permits = (
  action: string,
  bucket: Bucket,
  key?: string,
  context?: Readonly<Record<string, string>>,
) => boolean;

export interface CallOptions {
  readonly request: IncomingMessage;
  readonly query: ReadonlyMap<string, string>;
  readonly headers: ReadonlyMap<string, string>;
  readonly bucket: Bucket;
  readonly key: string;
  readonly bodies: Bodies;
  readonly requestId: string;
  readonly requester: string;
  readonly permits: Permits;
  readonly bucketNamed: (name: string) => Bucket;
  readonly nowMs: () => number;
  readonly nextSequencer: () => string;
}

/** Documents in XML are small, but for the list of 10,000 parts. */
const MAX_XML_BYTES = 4 * 1024 * 1024;

/** One request to a bucket whose signature holds. */
export class Call {
  readonly options: CallOptions;
  readonly bucket: Bucket;
  readonly key: string;

  constructor(options: CallOptions) {
    this.options = options;
    this.bucket = options.bucket;
    this.key = options.key;
  }

  /** Null when it was not sent, or sent empty. */
  readonly header = (name: string): string | null => this.options.headers.get(name) || null;

  query(name: string): string | null {
    return this.options.query.get(name) ?? null;
  }

  get nowMs(): number {
    return this.options.nowMs();
  }

  /** @throws S3Error AccessDenied */
  need(action: string, { bucket = this.bucket, key = this.key, context = {} } = {}): void {
    if (this.options.permits(action, bucket, key, context)) return;
    const resource = `${bucket.arn}${key === '' ? '' : `/${key}`}`;
    throw new S3Error(
      'AccessDenied',
      `User: ${this.options.requester} is not authorized to perform: ${action} on resource: "${resource}"`,
    );
  }

  /** Whether it is missing is told to those only who may list the bucket. @throws S3Error NoSuchKey, AccessDenied */
  found(bucket = this.bucket, key = this.key): StoredObject {
    const object = bucket.get(key);
    if (object) return object;
    this.need('s3:ListBucket', { bucket, key: '', context: { 's3:prefix': key } });
    throw new S3Error('NoSuchKey', 'The specified key does not exist.');
  }

  /** Writes the request's body to disk. */
  async takeBody(): Promise<{ readonly body: Body; readonly taken: Taken }> {
    const intake = new Intake(this.header);
    const body = await this.options.bodies.write(intake.through(this.options.request));
    return { body, taken: intake.taken };
  }

  /** The request's body as text. @throws S3Error MalformedXML when it is too long for any document */
  async takeXml(): Promise<string> {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of new Intake(this.header).through(this.options.request)) {
      size += chunk.length;
      if (size > MAX_XML_BYTES) throw new S3Error('MalformedXML', 'The document is too long');
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString('utf8');
  }

  /** Puts an object and tells of it. The caller has asked for leave, and for conditions in the same turn. */
  commit(
    description: ObjectDescription,
    content: Pick<StoredObject, 'etag' | 'body' | 'checksum' | 'parts'>,
    event: ObjectEvent['name'],
  ): StoredObject {
    const { size } = content.body;
    const object = { ...description, ...content, key: this.key, size, modifiedMs: this.nowMs };
    this.bucket.put(object);
    this.tell(event, object);
    return object;
  }

  tell(name: ObjectEvent['name'], { key, size, etag }: Pick<StoredObject, 'key' | 'size' | 'etag'>): void {
    const { requestId, requester, nextSequencer, request } = this.options;
    this.bucket.notifications.tell({
      name,
      bucket: this.bucket.name,
      key,
      size,
      etag,
      atMs: this.nowMs,
      sequencer: nextSequencer(),
      requestId,
      requester,
      sourceIp: request.socket.remoteAddress ?? '127.0.0.1',
    });
  }
}
