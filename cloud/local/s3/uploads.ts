import { createHash, randomBytes } from 'node:crypto';
import { Body } from './body.ts';
import type { ObjectDescription, StoredObject } from './bucket.ts';
import { type Algorithm, type Checksum, createDigest } from './checksums.ts';
import { S3Error } from './error.ts';

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
export const LIMITS = { parts: 10_000, smallestPartBytes: 5 * 1024 ** 2 };

export interface Part {
  readonly body: Body;
  /** In quotes. */
  readonly etag: string;
  readonly checksum: Checksum | null;
  readonly modifiedMs: number;
}

/** A part as it is named when all of them are put together. */
export interface NamedPart {
  readonly number: number;
  readonly etag: string;
}

export interface UploadSettings {
  readonly key: string;
  readonly description: ObjectDescription;
  readonly startedMs: number;
  readonly algorithm: Algorithm | null;
  readonly type: Checksum['type'];
}

/** An object on its way, in parts. */
export class Upload {
  readonly id = randomBytes(32).toString('base64url');
  readonly settings: UploadSettings;
  readonly #parts = new Map<number, Part>();

  constructor(settings: UploadSettings) {
    this.settings = settings;
  }

  /** Takes the place of an earlier part of this number. */
  put(number: number, part: Part): void {
    this.#parts.get(number)?.body.drop();
    this.#parts.set(number, part);
  }

  get parts(): readonly (Part & { readonly number: number })[] {
    return [...this.#parts].sort(([a], [b]) => a - b).map(([number, part]) => ({ number, ...part }));
  }

  /**
   * The object made of these parts, in their order. What was put and is not named goes.
   * @throws S3Error InvalidPart, InvalidPartOrder, EntityTooSmall
   */
  async assembled(
    named: readonly NamedPart[],
  ): Promise<Pick<StoredObject, 'etag' | 'body' | 'checksum' | 'parts'>> {
    const parts = named.map(({ number, etag }, at) => {
      const part = this.#parts.get(number);
      if (at > 0 && named[at - 1]!.number >= number) {
        throw new S3Error('InvalidPartOrder', 'The list of parts was not in ascending order.');
      }
      if (!part || bare(part.etag) !== bare(etag)) {
        throw new S3Error('InvalidPart', 'One or more of the specified parts could not be found.');
      }
      return part;
    });
    if (parts.length === 0) throw new S3Error('MalformedXML', 'You must specify at least one part');
    if (parts.slice(0, -1).some(({ body }) => body.size < LIMITS.smallestPartBytes)) {
      throw new S3Error('EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size');
    }
    const md5 = createHash('md5');
    for (const { etag } of parts) md5.update(Buffer.from(bare(etag), 'hex'));
    const body = new Body(parts.flatMap((part) => part.body.pieces));
    const checksum = await this.#checksumOf(parts, body);
    return { etag: `"${md5.digest('hex')}-${parts.length}"`, body, checksum, parts: parts.length };
  }

  /** Lets go of the parts that are not in the object, or of all. */
  end(kept: readonly NamedPart[] = []): void {
    for (const [number, part] of this.#parts) {
      if (!kept.some((one) => one.number === number)) part.body.drop();
    }
  }

  async #checksumOf(parts: readonly Part[], body: Body): Promise<Checksum | null> {
    const { algorithm, type } = this.settings;
    if (algorithm === null || parts.some(({ checksum }) => checksum?.algorithm !== algorithm)) return null;
    const digest = createDigest(algorithm);
    if (type === 'FULL_OBJECT') {
      for await (const chunk of body.read() as AsyncIterable<Buffer>) digest.update(chunk);
      return { algorithm, type, value: await digest.base64() };
    }
    for (const { checksum } of parts) digest.update(Buffer.from(checksum!.value, 'base64'));
    return { algorithm, type, value: `${await digest.base64()}-${parts.length}` };
  }
}

const bare = (etag: string) => etag.replaceAll('"', '');
