import {
  closeSync,
  existsSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { HEADER, MAGIC, SIZE, VERSION } from './layout.ts';

export interface Table {
  readonly at: number;
  readonly size: number;
  readonly count: number;
}

/** The file that all processes of one emulation share, in little endian as every machine that runs this. */
export class StateFile {
  readonly path: string;
  readonly #fd: number;

  private constructor(path: string) {
    this.path = path;
    this.#fd = openSync(path, 'r+');
  }

  /** Makes a fresh one in memory where that is to be had. */
  static create(): StateFile {
    const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'chips-'));
    const path = join(folder, 'state');
    const fd = openSync(path, 'wx+', 0o600);
    ftruncateSync(fd, SIZE);
    closeSync(fd);
    const file = new StateFile(path);
    file.setUint32(HEADER.version, VERSION);
    file.setUint32(HEADER.magic, MAGIC);
    return file;
  }

  static open(path: string): StateFile {
    return new StateFile(path);
  }

  bytes(at: number, length: number): Buffer {
    const buffer = Buffer.alloc(length);
    readSync(this.#fd, buffer, 0, length, at);
    return buffer;
  }

  /** One entry of a table. */
  entry(table: Table, index: number): Buffer {
    return this.bytes(table.at + index * table.size, table.size);
  }

  uint32(at: number): number {
    return this.bytes(at, 4).readUInt32LE();
  }

  uint64(at: number): bigint {
    return this.bytes(at, 8).readBigUInt64LE();
  }

  setBytes(at: number, bytes: Uint8Array): void {
    writeSync(this.#fd, bytes, 0, bytes.length, at);
  }

  setUint32(at: number, value: number): void {
    const buffer = Buffer.alloc(4);
    buffer.writeUInt32LE(value >>> 0);
    this.setBytes(at, buffer);
  }

  setUint64(at: number, value: bigint): void {
    const buffer = Buffer.alloc(8);
    buffer.writeBigUInt64LE(value);
    this.setBytes(at, buffer);
  }

  close(): void {
    closeSync(this.#fd);
  }

  remove(): void {
    this.close();
    rmSync(dirname(this.path), { recursive: true, force: true });
  }
}
