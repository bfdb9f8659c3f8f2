import { createHash } from 'node:crypto';
import { ALGORITHMS, type Algorithm, type Checksum, createDigest } from './checksums.ts';
import { notOnTheDesk, S3Error } from './error.ts';

/** What came in, once all of it did. */
export interface Taken {
  readonly size: number;
  /** hex. */
  readonly md5: string;
  /** The one that the sender gave along, checked. */
  readonly checksum: Checksum | null;
}

export type HeaderReader = (name: string) => string | null;

/** One request takes no more. */
const MAX_BYTES = 5 * 1024 ** 3;
const MAX_LINE_BYTES = 4096;

/**
 * The bytes of a request's body, without the frames of `aws-chunked`, held against every length and checksum that the
 * sender gave: in headers, or in the trailer as today's SDKs do.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
 */
export class Intake {
  readonly #header: HeaderReader;
  readonly #chunked: boolean;
  readonly #algorithm: Algorithm | null;
  readonly #trailers = new Map<string, string>();
  #taken: Taken | null = null;

  /** @throws S3Error for a way of sending that is not known here, or a body without a length */
  constructor(header: HeaderReader) {
    const content = header('x-amz-content-sha256') ?? 'UNSIGNED-PAYLOAD';
    if (/^STREAMING-/.test(content) && content !== 'STREAMING-UNSIGNED-PAYLOAD-TRAILER') {
      throw notOnTheDesk(`The payload ${content}`);
    }
    this.#header = header;
    this.#chunked = content.startsWith('STREAMING-');
    this.#algorithm = algorithmIn(header);
    const length = header(this.#chunked ? 'x-amz-decoded-content-length' : 'content-length');
    if (length === null && header('transfer-encoding') !== null) {
      throw new S3Error('MissingContentLength', 'You must provide the Content-Length HTTP header.');
    }
    if (Number(length ?? 0) > MAX_BYTES) throw tooLarge();
  }

  /** @throws S3Error, after the last byte, when anything does not fit */
  async *through(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
    const md5 = createHash('md5');
    const said = this.#header('x-amz-content-sha256') ?? '';
    const sha256 = /^[0-9a-f]{64}$/.test(said) ? createHash('sha256') : null;
    const digest = this.#algorithm === null ? null : createDigest(this.#algorithm);
    let size = 0;
    for await (const chunk of this.#chunked ? this.#unframed(source) : source) {
      size += chunk.length;
      if (size > MAX_BYTES) throw tooLarge();
      md5.update(chunk);
      sha256?.update(chunk);
      digest?.update(chunk);
      yield chunk;
    }
    const length = this.#header(this.#chunked ? 'x-amz-decoded-content-length' : 'content-length');
    if (length !== null && Number(length) !== size) {
      throw new S3Error('IncompleteBody', 'The body does not have the number of bytes that was given');
    }
    if (sha256 && sha256.digest('hex') !== said) {
      throw new S3Error('XAmzContentSHA256Mismatch', "The provided 'x-amz-content-sha256' does not match");
    }
    const sum = md5.digest();
    this.#checkMd5(sum.toString('base64'));
    const checksum = digest ? this.#checked(await digest.base64()) : null;
    this.#taken = { size, md5: sum.toString('hex'), checksum };
  }

  /** @throws Error before all came through */
  get taken(): Taken {
    if (!this.#taken) throw new Error('Expected the whole body to have come through');
    return this.#taken;
  }

  #checkMd5(computed: string): void {
    const said = this.#header('content-md5');
    if (said === null || said === computed) return;
    if (!/^[A-Za-z0-9+/]{22}==$/.test(said)) {
      throw new S3Error('InvalidDigest', 'The Content-MD5 you specified is not valid.');
    }
    throw new S3Error('BadDigest', 'The Content-MD5 you specified did not match what we received.');
  }

  #checked(value: string): Checksum {
    const algorithm = this.#algorithm!;
    const name = headerOf(algorithm);
    const said = this.#header(name) ?? this.#trailers.get(name);
    if (said !== undefined && said !== value) {
      throw new S3Error('BadDigest', `The ${algorithm} you specified did not match the calculated checksum.`);
    }
    return { algorithm, value, type: 'FULL_OBJECT' };
  }

  /** `SIZE\r\n` bytes `\r\n` and so on, after the chunk of size 0 the trailer's lines. */
  async *#unframed(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
    let state: 'size' | 'data' | 'end' | 'trailer' = 'size';
    let line = '';
    let left = 0;
    for await (const chunk of source) {
      let at = 0;
      while (at < chunk.length) {
        if (state === 'data') {
          const part = chunk.subarray(at, at + left);
          at += part.length;
          left -= part.length;
          yield part;
          if (left === 0) state = 'end';
          continue;
        }
        const end = chunk.indexOf(10, at);
        line += chunk.toString('latin1', at, end < 0 ? chunk.length : end + 1);
        if (line.length > MAX_LINE_BYTES) throw badFrame();
        if (end < 0) break;
        at = end + 1;
        const whole = line.trimEnd();
        line = '';
        if (state === 'end') {
          if (whole !== '') throw badFrame();
          state = 'size';
        } else if (state === 'size') {
          if (!/^[0-9a-fA-F]{1,12}$/.test(whole)) throw badFrame();
          left = Number.parseInt(whole, 16);
          state = left > 0 ? 'data' : 'trailer';
        } else if (whole !== '') {
          const [name = '', value = ''] = whole.split(/:(.*)/s);
          this.#trailers.set(name.toLowerCase(), value.trim());
        }
      }
    }
    const promised = this.#header('x-amz-trailer');
    if (state !== 'trailer' || (promised !== null && !this.#trailers.has(promised))) throw badFrame();
  }
}

/** `x-amz-checksum-crc32` and so on. */
export function headerOf(algorithm: Algorithm): string {
  return `x-amz-checksum-${algorithm.toLowerCase()}`;
}

function algorithmIn(header: HeaderReader): Algorithm | null {
  const trailer = header('x-amz-trailer');
  const given = ALGORITHMS.find((one) => header(headerOf(one)) !== null || trailer === headerOf(one));
  if (given) return given;
  const named = header('x-amz-sdk-checksum-algorithm');
  if (named === null) return null;
  const known = ALGORITHMS.find((one) => one === named);
  if (!known) throw notOnTheDesk(`The checksum ${named}`);
  return known;
}

function tooLarge(): S3Error {
  return new S3Error('EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size');
}

function badFrame(): S3Error {
  return new S3Error('IncompleteBody', 'The body is not framed as aws-chunked, or ends before its trailer');
}
