import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { preloadLibrary } from '../chips/library.ts';

/** Where things stand in the file, as preload/world.c has them. */
const STEP_NS = 0;
const ENCODER_FAILS = 8;
const SIZE = 16;

/** What goes wrong around a runtime, by the library preload/world.c: its wall clock and its encoder. */
export class World {
  readonly preload = preloadLibrary('faults');
  readonly env: Readonly<Record<string, string>>;
  readonly #folder = mkdtempSync(join(tmpdir(), 'roverd-world-'));
  readonly #file: number;
  #stepMs = 0;

  constructor() {
    const path = join(this.#folder, 'state');
    this.#file = openSync(path, 'w+');
    writeSync(this.#file, Buffer.alloc(SIZE), 0, SIZE, 0);
    this.env = { FAULTS_STATE: path };
  }

  /** How far its wall clock is ahead of this process's. */
  get stepMs(): number {
    return this.#stepMs;
  }

  stepClock(byMs: number): void {
    this.#stepMs += byMs;
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(this.#stepMs) * 1_000_000n);
    writeSync(this.#file, bytes, 0, 8, STEP_NS);
  }

  failEncoder(fails: boolean): void {
    writeSync(this.#file, Buffer.from([fails ? 1 : 0, 0, 0, 0]), 0, 4, ENCODER_FAILS);
  }

  close(): void {
    closeSync(this.#file);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
