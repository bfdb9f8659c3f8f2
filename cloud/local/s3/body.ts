import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Algorithm, type Checksum, createDigest } from './checksums.ts';

/** Bytes on disk that never change. */
interface Piece {
  readonly file: string;
  readonly size: number;
}

const CHUNK_BYTES = 256 * 1024;

/** An object's bytes: one file, or several where it was put in parts. They stay while anybody reads them. */
export class Body {
  readonly pieces: readonly Piece[];
  readonly size: number;
  #readers = 0;
  #dropped = false;

  constructor(pieces: readonly Piece[]) {
    this.pieces = pieces;
    this.size = pieces.reduce((sum, { size }) => sum + size, 0);
  }

  /** @param end the last byte's place; both within the size */
  read(start = 0, end = this.size - 1): Readable {
    this.#readers += 1;
    const stream = Readable.from(this.#bytes(start, end), { objectMode: false, highWaterMark: CHUNK_BYTES });
    stream.once('close', () => {
      this.#readers -= 1;
      this.#clear();
    });
    return stream;
  }

  /** What is read goes on; then the files go. */
  drop(): void {
    this.#dropped = true;
    this.#clear();
  }

  async *#bytes(start: number, end: number): AsyncGenerator<Buffer, void> {
    let at = 0;
    for (const { file, size } of this.pieces) {
      const from = Math.max(0, start - at);
      const to = Math.min(size - 1, end - at);
      at += size;
      if (from <= to) yield* createReadStream(file, { start: from, end: to, highWaterMark: CHUNK_BYTES });
    }
  }

  #clear(): void {
    if (!this.#dropped || this.#readers > 0) return;
    for (const { file } of this.pieces) unlinkSync(file);
  }
}

/** A folder that bodies are written to. */
export class Bodies {
  readonly #folder: string;
  #written = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Writes what comes; nothing is left when it fails. */
  async write(source: AsyncIterable<Buffer>): Promise<Body> {
    this.#written += 1;
    const file = join(this.#folder, `${this.#written}`);
    const target = createWriteStream(file, { highWaterMark: CHUNK_BYTES });
    const body = () => new Body([{ file, size: target.bytesWritten }]);
    try {
      await pipeline(source, target);
    } catch (error) {
      try {
        unlinkSync(file);
      } catch {
        // It failed before there was a file.
      }
      throw error;
    }
    return body();
  }

  /** Writes a copy, and says what it is. @param algorithm null: no checksum */
  async copy(source: AsyncIterable<Buffer>, algorithm: Algorithm | null): Promise<Copied> {
    const md5 = createHash('md5');
    const digest = algorithm === null ? null : createDigest(algorithm);
    async function* through() {
      for await (const chunk of source) {
        md5.update(chunk);
        digest?.update(chunk);
        yield chunk;
      }
    }
    const body = await this.write(through());
    const checksum = digest && {
      algorithm: algorithm!,
      value: await digest.base64(),
      type: 'FULL_OBJECT' as const,
    };
    return { body, md5: md5.digest('hex'), checksum };
  }
}

export interface Copied {
  readonly body: Body;
  /** hex. */
  readonly md5: string;
  readonly checksum: Checksum | null;
}
