import type { PolicyDocument } from '../iam/policy.ts';
import type { Body } from './body.ts';
import type { Checksum } from './checksums.ts';
import type { Notifications } from './notifications.ts';
import type { Tags } from './tags.ts';
import type { Upload } from './uploads.ts';

/** What is kept of an object beside its bytes. */
export interface ObjectDescription {
  /** Headers that come back as they were given: content-type, content-encoding, ... */
  readonly headers: Readonly<Record<string, string>>;
  /** `x-amz-meta-` and so on. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly tags: Tags;
}

export interface StoredObject extends ObjectDescription {
  readonly key: string;
  /** In quotes, as it is sent. */
  readonly etag: string;
  readonly size: number;
  readonly modifiedMs: number;
  readonly body: Body;
  readonly checksum: Checksum | null;
  /** Null: put in one piece. */
  readonly parts: number | null;
}

export interface BucketSettings {
  readonly name: string;
  readonly notifications: Notifications;
  /** Named in answers: AES256 or aws:kms. */
  readonly encryption: string;
}

/** A bucket without versions: a write takes the place of what was there, at once and as a whole. */
export class Bucket {
  readonly name: string;
  readonly arn: string;
  readonly notifications: Notifications;
  readonly encryption: string;
  readonly policies: PolicyDocument[] = [];
  readonly uploads = new Map<string, Upload>();
  readonly #objects = new Map<string, StoredObject>();
  #keys: string[] | null = null;

  constructor({ name, notifications, encryption }: BucketSettings) {
    this.name = name;
    this.arn = bucketArn(name);
    this.notifications = notifications;
    this.encryption = encryption;
  }

  get(key: string): StoredObject | null {
    return this.#objects.get(key) ?? null;
  }

  put(object: StoredObject): void {
    const before = this.#objects.get(object.key);
    this.#objects.set(object.key, object);
    if (before && before.body !== object.body) before.body.drop();
    if (!before) this.#keys = null;
  }

  /** @returns what was there */
  remove(key: string): StoredObject | null {
    const before = this.get(key);
    this.#objects.delete(key);
    before?.body.drop();
    if (before) this.#keys = null;
    return before;
  }

  /** In the order of their bytes in UTF-8. */
  get keys(): readonly string[] {
    this.#keys ??= [...this.#objects.keys()]
      .map((key) => ({ key, bytes: Buffer.from(key) }))
      .sort((a, b) => Buffer.compare(a.bytes, b.bytes))
      .map(({ key }) => key);
    return this.#keys;
  }

  get size(): number {
    return this.#objects.size;
  }
}

export function bucketArn(name: string): string {
  return `arn:aws:s3:::${name}`;
}
