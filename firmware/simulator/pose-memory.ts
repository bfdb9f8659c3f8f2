/**
 * The newest pose and applied command number in memory that the control thread and the camera's worker share,
 * so that a picture shows where the robot is now and no message has to be waited for.
 *
 * A sequence lock: the writer makes `version` odd, writes, makes it even. A reader that saw an odd or changed
 * version reads again. One writer; it never waits.
 */
export interface PoseSnapshot {
  xM: number;
  yM: number;
  headingRad: number;
  appliedSeq: number | null;
}

const BYTES = 40;
const VERSION = 0;
const SEQ = 1;
const HAS_SEQ = 2;
/** Far more than a writer needs for five stores; a writer suspended inside them must not hang the reader. */
const MAX_TRIES = 10_000;

export class PoseMemory {
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #numbers: Float64Array;

  constructor(buffer = new SharedArrayBuffer(BYTES)) {
    this.buffer = buffer;
    this.#words = new Int32Array(buffer, 0, 4);
    this.#numbers = new Float64Array(buffer, 16, 3);
  }

  write(xM: number, yM: number, headingRad: number, appliedSeq: number | null): void {
    const words = this.#words;
    Atomics.add(words, VERSION, 1);
    this.#numbers[0] = xM;
    this.#numbers[1] = yM;
    this.#numbers[2] = headingRad;
    Atomics.store(words, SEQ, (appliedSeq ?? 0) | 0);
    Atomics.store(words, HAS_SEQ, appliedSeq === null ? 0 : 1);
    Atomics.add(words, VERSION, 1);
  }

  /** Copies the newest whole state into `into`; false, leaving it as it was, when the writer was in the middle all along. */
  read(into: PoseSnapshot): boolean {
    const words = this.#words;
    for (let attempt = 0; attempt < MAX_TRIES; attempt += 1) {
      const version = Atomics.load(words, VERSION);
      if (version & 1) continue;
      const xM = this.#numbers[0]!;
      const yM = this.#numbers[1]!;
      const headingRad = this.#numbers[2]!;
      const seq = Atomics.load(words, SEQ) >>> 0;
      const hasSeq = Atomics.load(words, HAS_SEQ) === 1;
      if (Atomics.load(words, VERSION) !== version) continue;
      into.xM = xM;
      into.yM = yM;
      into.headingRad = headingRad;
      into.appliedSeq = hasSeq ? seq : null;
      return true;
    }
    return false;
  }
}
