import { isUtf8 } from 'node:buffer';
import { Unprocessable } from './unprocessable.lambda-shared.ts';

/** UTF-8 that comes in chunks cut anywhere. */
export class Utf8Check {
  #rest = Buffer.alloc(0);
  #bytesBefore = 0;

  /** @throws Unprocessable naming the place of what is no UTF-8 */
  push(chunk: Buffer): void {
    // A whole character is at most four bytes.
    const head = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk.subarray(0, 3)]) : null;
    if (head && chunk.length <= 3) {
      this.#check(head.subarray(0, head.length - openBytes(head)), head);
      return;
    }
    const from = head ? completedBy(this.#rest[0]!) - this.#rest.length : 0;
    if (head) this.#check(head.subarray(0, this.#rest.length + from), null);
    const body = from === 0 ? chunk : chunk.subarray(from);
    this.#check(body.subarray(0, body.length - openBytes(body)), body);
  }

  /** @throws Unprocessable when a character is cut off */
  end(): void {
    if (this.#rest.length > 0) this.#refuse();
  }

  #check(whole: Buffer, of: Buffer | null): void {
    if (!isUtf8(whole)) this.#refuse();
    this.#bytesBefore += whole.length;
    this.#rest = of ? Buffer.from(of.subarray(whole.length)) : Buffer.alloc(0);
  }

  #refuse(): never {
    throw new Unprocessable(
      'encoding',
      `Expected UTF-8 but received other bytes from byte ${this.#bytesBefore} on`,
    );
  }
}

/** How many bytes at the end begin a character that is not all there. */
function openBytes(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return completedBy(byte) > back ? back : 0;
  }
  return 0;
}

/** Length in bytes of the character that begins so; 1 for what begins none. */
function completedBy(lead: number): number {
  if (lead < 0xc2 || lead > 0xf4) return 1;
  return lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
}
