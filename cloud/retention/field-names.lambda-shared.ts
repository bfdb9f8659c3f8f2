/** A character of a name takes up to six when it is escaped (`\\u0041`). */
const ESCAPED_LENGTH = 6;

/** Finds out which of some names the members of an object have, from names that may come in pieces. */
export class FieldNames {
  readonly #names: readonly string[];
  readonly #bytes: readonly Buffer[];
  readonly #maxBytes: number;
  readonly #seen: boolean[];
  /** What came of a name so far, when it comes in pieces. */
  #begun: Buffer | null = null;

  constructor(names: readonly string[]) {
    this.#names = names;
    this.#bytes = names.map((name) => Buffer.from(name));
    this.#maxBytes = Math.max(...names.map((name) => name.length)) * ESCAPED_LENGTH;
    this.#seen = names.map(() => false);
  }

  beginObject(): void {
    this.#seen.fill(false);
  }

  beginName(): void {
    this.#begun = null;
  }

  /** A piece of a name that is not all there. */
  keep(piece: Buffer): void {
    const before = this.#begun ?? Buffer.alloc(0);
    // One byte more than any of the names has, and it is none of them.
    this.#begun = Buffer.concat([before, piece.subarray(0, this.#maxBytes + 1 - before.length)]);
  }

  /**
   * The name, or its last piece, stands in the chunk from `from` to `to`.
   * @returns whether it is one of the names
   */
  take(chunk: Buffer, from: number, to: number, hasEscape: boolean): boolean {
    const index =
      this.#begun || hasEscape
        ? this.#kept(chunk.subarray(from, to), hasEscape)
        : this.#plain(chunk, from, to);
    if (index < 0) return false;
    this.#seen[index] = true;
    return true;
  }

  /** Those that the object has not. */
  missing(): readonly string[] {
    return this.#seen.includes(false) ? this.#names.filter((_, index) => !this.#seen[index]) : NONE;
  }

  #plain(chunk: Buffer, from: number, to: number): number {
    for (let index = 0; index < this.#bytes.length; index++) {
      const name = this.#bytes[index]!;
      if (name.length === to - from && chunk.compare(name, 0, name.length, from, to) === 0) return index;
    }
    return -1;
  }

  #kept(piece: Buffer, hasEscape: boolean): number {
    this.keep(piece);
    const name = this.#begun!;
    if (name.length > this.#maxBytes) return -1;
    return this.#names.indexOf(hasEscape ? unescaped(name) : name.toString());
  }
}

const NONE: readonly string[] = [];

function unescaped(name: Buffer): string {
  try {
    return JSON.parse(`"${name}"`) as string;
  } catch {
    return '';
  }
}
