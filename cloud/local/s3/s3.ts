import { mkdirSync } from 'node:fs';
import type { DeskClock } from '../desk/clock.ts';
import type { DeskLog } from '../desk/log.ts';
import { PLACE } from '../desk/place.ts';
import type { View } from '../desk/views.ts';
import type { Principals } from '../iam/principals.ts';
import { decideByResource, together } from '../iam/resource-policy.ts';
import { Faults } from '../services/faults.ts';
import { Bodies } from './body.ts';
import { Bucket, type BucketSettings } from './bucket.ts';
import { type Answer, Call, type Permits } from './call.ts';
import { notOnTheDesk, S3Error } from './error.ts';
import { operationOf } from './operations.ts';
import { S3Server, type Signed } from './server.ts';
import { xmlDocument } from './xml.ts';

export interface S3Options {
  /** For what is put in buckets; made here. */
  readonly folder: string;
  readonly principals: Principals;
  readonly clock: DeskClock;
  readonly log: DeskLog;
}

/** Leaves room for as many events as one run of the desk can have. */
const SEQUENCE_DIGITS = 8;

/** S3: the buckets of the template and an endpoint of their own. */
export class S3 {
  /** Failures ordered for requests to come, `SlowDown` and the like. */
  readonly faults = new Faults();
  readonly #options: S3Options;
  readonly #bodies: Bodies;
  readonly #buckets = new Map<string, Bucket>();
  #server: S3Server | null = null;
  #sequence = 0;

  private constructor(options: S3Options) {
    this.#options = options;
    this.#bodies = new Bodies(options.folder);
  }

  static async start(options: S3Options): Promise<S3> {
    mkdirSync(options.folder, { recursive: true });
    const s3 = new S3(options);
    const { principals, log } = options;
    s3.#server = await S3Server.start({ principals, log, answer: (signed) => s3.#answer(signed) });
    return s3;
  }

  /** For AWS_ENDPOINT_URL_S3. */
  get url(): string {
    return this.#server!.url;
  }

  close(): Promise<void> {
    return this.#server!.close();
  }

  /** @throws Error when there is one of this name */
  add(settings: BucketSettings): Bucket {
    if (this.#buckets.has(settings.name)) throw new Error(`The bucket ${settings.name} exists already`);
    const bucket = new Bucket(settings);
    this.#buckets.set(bucket.name, bucket);
    return bucket;
  }

  /** @throws S3Error NoSuchBucket */
  bucket(name: string): Bucket {
    const bucket = this.#buckets.get(name);
    if (!bucket) throw new S3Error('NoSuchBucket', `The specified bucket does not exist: ${name}`);
    return bucket;
  }

  /** How much is in each bucket, and the names of some. */
  view(): View {
    return {
      title: 'Buckets',
      columns: ['bucket', 'objects', 'some of them'],
      rows: async () =>
        [...this.#buckets.values()].map((bucket) => [
          bucket.name,
          `${bucket.size}`,
          bucket.keys
            .slice(0, 8)
            .map((key) => `${key} (${bucket.get(key)!.size} bytes)`)
            .join('\n'),
        ]),
    };
  }

  async #answer({ asked, request, requestId, roleArn }: Signed): Promise<Answer> {
    const permits = this.#permitsOf(roleArn);
    if (asked.bucket === '') return this.#all(asked.method, roleArn);
    const operation = operationOf(asked);
    const fault = this.faults.take(operation.name);
    if (fault) throw new S3Error(fault.code, fault.message, fault.status);
    const expected = asked.headers.get('x-amz-expected-bucket-owner');
    if (expected !== undefined && expected !== PLACE.account)
      throw new S3Error('AccessDenied', 'Access Denied');
    return operation.run(
      new Call({
        request,
        query: asked.query,
        headers: asked.headers,
        bucket: this.bucket(asked.bucket),
        key: asked.key,
        bodies: this.#bodies,
        requestId,
        requester: roleArn,
        permits,
        bucketNamed: (name) => this.bucket(name),
        nowMs: () => this.#options.clock.nowMs(),
        nextSequencer: () => this.#nextSequencer(),
      }),
    );
  }

  #all(method: string, roleArn: string): Answer {
    if (method !== 'GET') throw notOnTheDesk(`${method} of no bucket`);
    if (
      this.#options.principals.decide(roleArn, { action: 's3:ListAllMyBuckets', resource: '*' }) !== 'allow'
    ) {
      throw new S3Error('AccessDenied', `${roleArn} is not authorized to perform: s3:ListAllMyBuckets`);
    }
    const CreationDate = new Date(0).toISOString();
    const Bucket = [...this.#buckets.keys()].sort().map((Name) => ({ Name, CreationDate }));
    return { body: xmlDocument('ListAllMyBucketsResult', { Buckets: { Bucket } }) };
  }

  /** https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-policy-language-overview.html */
  #permitsOf(roleArn: string): Permits {
    const { principals } = this.#options;
    return (action, bucket, key = '', context = {}) => {
      const resource = key === '' ? bucket.arn : `${bucket.arn}/${key}`;
      const all = {
        'aws:SecureTransport': 'true',
        'aws:PrincipalArn': roleArn,
        'aws:PrincipalAccount': PLACE.account,
        'aws:ResourceAccount': PLACE.account,
        ...context,
      };
      const asker = { principal: roleArn, sourceArn: null };
      return (
        together(
          principals.decide(roleArn, { action, resource, context: all }),
          decideByResource(bucket.policies, asker, action, resource, all),
        ) === 'allow'
      );
    };
  }

  /** Longer is later; of the same length, greater is. */
  #nextSequencer(): string {
    this.#sequence += 1;
    return `006F${this.#sequence.toString(16).toUpperCase().padStart(SEQUENCE_DIGITS, '0')}`;
  }
}
