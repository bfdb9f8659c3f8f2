import { FieldNames } from './field-names.lambda-shared.ts';
import { Unprocessable } from './unprocessable.lambda-shared.ts';
import { Utf8Check } from './utf8-check.lambda-shared.ts';

/** Deeper than this no table reads. */
const MAX_DEPTH = 1024;

const NEWLINE = 0x0a;
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];
const EMPTY = Buffer.from('""');
const SEPARATOR = Buffer.from(',');
/** Room for columns that rows lack; more is made when it is needed. */
const ROOM_TO_ADD_BYTES = 1024;

/** Where in a line it is, and what may come there. */
const EXPECTED = {
  line: 'an object',
  'key or end': 'a name or the end of the object',
  key: 'a name',
  colon: 'a colon',
  value: 'a value',
  'value or end': 'a value or the end of the array',
  'after value': 'a comma or the closing bracket',
  string: 'the end of the string',
  bare: 'the end of the value',
  'after object': 'the end of the line',
};
type State = keyof typeof EXPECTED;

/**
 * Blanks members of the objects in JSON Lines: `"name": <anything>` becomes `"name": ""`, and an object without that
 * name gets it, so that every row has the column. Every other byte stays as it is: numbers beyond 2^53, the order of
 * members, spaces, line ends.
 *
 * Takes the text in chunks cut anywhere and keeps none of it, so that neither a line nor an object of S3 can be too
 * long. Held to the grammar are the structure and the strings; what stands there bare (numbers, `NaN`) is passed on as it is.
 */
export class FieldBlanker {
  /** Objects so far. */
  lines = 0;
  readonly #names: FieldNames;
  readonly #encoding = new Utf8Check();
  #bytesBefore = 0;
  #lineNumber = 1;
  #state: State = 'line';
  /** What each open bracket was: true for an object. */
  readonly #objects = new Uint8Array(MAX_DEPTH + 1);
  #depth = 0;
  #inKey = false;
  #escaped = false;
  #keyHasEscape = false;
  #members = 0;
  /** The name that was read is one of those. */
  #blankNext = false;
  /** Inside of a value that is not passed on. */
  #skipping = false;
  #out: Buffer = EMPTY;
  #outLength = 0;

  /** @param fields names of members of the outermost objects */
  constructor(fields: readonly string[]) {
    this.#names = new FieldNames(fields);
  }

  /**
   * @returns what takes the chunk's place
   * @throws Unprocessable naming the line when it is no object in JSON, or the bytes that are not UTF-8
   */
  push(chunk: Buffer): Buffer {
    this.#encoding.push(chunk);
    const { length } = chunk;
    this.#out = Buffer.allocUnsafe(length + ROOM_TO_ADD_BYTES);
    this.#outLength = 0;
    /** From here on it is not yet passed on. */
    let from = 0;
    let keyFrom = 0;
    let at = 0;
    while (at < length) {
      const byte = chunk[at]!;
      switch (this.#state) {
        case 'string':
          at = this.#string(chunk, at);
          if (at < length) {
            // The closing quotation mark.
            if (this.#inKey && this.#depth === 1) this.#memberNamed(chunk, keyFrom, at);
            at++;
            if (this.#inKey) this.#state = 'colon';
            else if (this.#valueEnds()) from = at;
          }
          continue;
        case 'bare':
          if (
            byte === COMMA ||
            byte === CLOSE_BRACE ||
            byte === CLOSE_BRACKET ||
            isSpace(byte) ||
            byte === NEWLINE
          ) {
            if (this.#valueEnds()) from = at;
            continue;
          }
          if (byte === QUOTE || byte === COLON || byte === OPEN_BRACE || byte === OPEN_BRACKET)
            this.#refuse(byte);
          at++;
          continue;
        case 'line':
          if (byte === NEWLINE) this.#lineNumber++;
          else if (byte === OPEN_BRACE) this.#openRow();
          else if (!isSpace(byte) && byte !== BYTE_ORDER_MARK[this.#bytesBefore + at]) this.#refuse(byte);
          at++;
          continue;
        case 'after object':
          if (byte === NEWLINE) {
            this.#lineNumber++;
            this.#state = 'line';
          } else if (!isSpace(byte)) this.#refuse(byte);
          at++;
          continue;
      }
      if (isSpace(byte)) {
        at++;
        continue;
      }
      switch (this.#state) {
        case 'colon':
          if (byte !== COLON) this.#refuse(byte);
          this.#state = 'value';
          break;
        case 'key or end':
        case 'key':
          if (byte === QUOTE) {
            this.#state = 'string';
            this.#inKey = true;
            this.#keyHasEscape = false;
            this.#names.beginName();
            keyFrom = at + 1;
          } else if (byte === CLOSE_BRACE && this.#state === 'key or end') {
            if (this.#depth === 1) from = this.#complete(chunk, from, at);
            if (this.#close()) from = at + 1;
          } else this.#refuse(byte);
          break;
        case 'after value':
          if (byte === COMMA) this.#state = this.#objects[this.#depth] ? 'key' : 'value';
          else if (byte === CLOSE_BRACE && this.#objects[this.#depth]) {
            if (this.#depth === 1) from = this.#complete(chunk, from, at);
            if (this.#close()) from = at + 1;
          } else if (byte === CLOSE_BRACKET && !this.#objects[this.#depth]) {
            if (this.#close()) from = at + 1;
          } else this.#refuse(byte);
          break;
        case 'value or end':
        case 'value':
          if (byte === CLOSE_BRACKET) {
            if (this.#state !== 'value or end') this.#refuse(byte);
            if (this.#close()) from = at + 1;
            break;
          }
          if (byte === COMMA || byte === COLON || byte === CLOSE_BRACE || byte === NEWLINE)
            this.#refuse(byte);
          if (this.#blankNext) {
            this.#pass(chunk, from, at);
            this.#pass(EMPTY, 0, EMPTY.length);
            this.#blankNext = false;
            this.#skipping = true;
          }
          if (byte === QUOTE) {
            this.#state = 'string';
            this.#inKey = false;
          } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) this.#open(byte === OPEN_BRACE);
          else this.#state = 'bare';
          break;
      }
      at++;
    }
    if (this.#state === 'string' && this.#inKey && this.#depth === 1)
      this.#names.keep(chunk.subarray(keyFrom));
    if (!this.#skipping) this.#pass(chunk, from, length);
    this.#bytesBefore += length;
    return this.#out.subarray(0, this.#outLength);
  }

  /** @throws Unprocessable when the text ends inside of an object */
  end(): void {
    this.#encoding.end();
    if (this.#state !== 'line' && this.#state !== 'after object') {
      throw new Unprocessable('malformed', `Line ${this.#lineNumber}: the text ends inside of an object`);
    }
  }

  /** @returns where the string ends, or the chunk */
  #string(chunk: Buffer, start: number): number {
    const { length } = chunk;
    let at = start;
    if (this.#escaped) {
      if (chunk[at] === NEWLINE) this.#refuse(NEWLINE);
      this.#escaped = false;
      at++;
    }
    for (;;) {
      while (at < length && chunk[at] !== QUOTE && chunk[at] !== BACKSLASH && chunk[at] !== NEWLINE) at++;
      if (at >= length || chunk[at] === QUOTE) return at;
      if (chunk[at] === NEWLINE) this.#refuse(NEWLINE);
      this.#keyHasEscape = true;
      at += 2;
      if (at > length) this.#escaped = true;
      else if (chunk[at - 1] === NEWLINE) this.#refuse(NEWLINE);
      if (at >= length) return length;
    }
  }

  #openRow(): void {
    this.lines++;
    this.#members = 0;
    this.#names.beginObject();
    this.#open(true);
  }

  #open(isObject: boolean): void {
    if (this.#depth >= MAX_DEPTH) {
      throw new Unprocessable(
        'malformed',
        `Line ${this.#lineNumber}: more than ${MAX_DEPTH} brackets are open`,
      );
    }
    this.#depth++;
    this.#objects[this.#depth] = isObject ? 1 : 0;
    this.#state = isObject ? 'key or end' : 'value or end';
  }

  /** @returns whether what was skipped ends here */
  #close(): boolean {
    this.#depth--;
    if (this.#depth > 0) return this.#valueEnds();
    this.#state = 'after object';
    return false;
  }

  #valueEnds(): boolean {
    this.#state = 'after value';
    if (!this.#skipping || this.#depth !== 1) return false;
    this.#skipping = false;
    return true;
  }

  #memberNamed(chunk: Buffer, from: number, to: number): void {
    this.#members++;
    this.#blankNext = this.#names.take(chunk, from, to, this.#keyHasEscape);
  }

  /** Adds what the row lacks before its closing brace. @returns from where on the chunk is not yet passed on */
  #complete(chunk: Buffer, from: number, at: number): number {
    const missing = this.#names.missing();
    if (missing.length === 0) return from;
    this.#pass(chunk, from, at);
    const added = Buffer.from(missing.map((name) => `${JSON.stringify(name)}:""`).join(','));
    if (this.#members > 0) this.#pass(SEPARATOR, 0, SEPARATOR.length);
    this.#pass(added, 0, added.length);
    return at;
  }

  #pass(bytes: Buffer, from: number, to: number): void {
    const needed = this.#outLength + to - from;
    if (needed > this.#out.length) {
      const larger = Buffer.allocUnsafe(needed * 2);
      this.#out.copy(larger, 0, 0, this.#outLength);
      this.#out = larger;
    }
    bytes.copy(this.#out, this.#outLength, from, to);
    this.#outLength = needed;
  }

  #refuse(byte: number): never {
    const what = byte === NEWLINE ? 'the end of the line' : `byte 0x${byte.toString(16).padStart(2, '0')}`;
    throw new Unprocessable(
      'malformed',
      `Line ${this.#lineNumber}: expected ${EXPECTED[this.#state]} but received ${what}`,
    );
  }
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0d;
}
