import { errorCode } from './errors.ts';
import { ENTRY, HEADER, LOG, OUTPUT, OUTPUT_LOG, PWM_ATTRIBUTES, SCOPES } from './layout.ts';
import type { StateFile, Table } from './state-file.ts';

/** Times are CLOCK_MONOTONIC in ns, as process.hrtime.bigint() gives them. */
export interface Transaction {
  /** Counted from 1. */
  readonly sequence: number;
  /** When the program called. */
  readonly startNs: bigint;
  /** When the bus was free for it. */
  readonly beginNs: bigint;
  /** When it was over and the chip did what it says. */
  readonly endNs: bigint;
  readonly pid: number;
  readonly kind: 'i2c' | 'pwm';
  readonly bus: number;
  /** Of I2C, or N of pwmchipN. */
  readonly address: number;
  /** Of a PWM, else ''. */
  readonly attribute: (typeof PWM_ATTRIBUTES)[number];
  /** null: it went well. */
  readonly error: string | null;
  /** How many bytes there were; what stands in `written` and `read` is the first 72 of all. */
  readonly writtenLength: number;
  readonly readLength: number;
  readonly written: Buffer;
  readonly read: Buffer;
  /** The channels of that chip that are on afterwards, by bit. */
  readonly outputs: number;
}

export interface OutputChange {
  readonly atNs: bigint;
  /** The channels that are on from then, by bit. */
  readonly outputs: number;
}

/** The entries of a ring from number `from` (counted from 0) on, as far as it still has them. */
function ring(state: StateFile, table: Table, countAt: number, from: number): Buffer[] {
  const count = Number(state.uint64(countAt));
  const first = Math.max(from, count - table.count);
  const entries: Buffer[] = [];
  for (let next = first; next < count; ) {
    const place = next % table.count;
    const length = Math.min(count - next, table.count - place);
    const bytes = state.bytes(table.at + place * table.size, length * table.size);
    for (let i = 0; i < length; i++) entries.push(bytes.subarray(i * table.size, (i + 1) * table.size));
    next += length;
  }
  return entries;
}

/** @param from how many entries to pass over */
export function readLog(state: StateFile, from: number): Transaction[] {
  return ring(state, LOG, HEADER.logCount, from).map(decode);
}

export function logCount(state: StateFile): number {
  return Number(state.uint64(HEADER.logCount));
}

function decode(entry: Buffer): Transaction {
  const writtenLength = entry.readUInt16LE(ENTRY.wrote);
  const readLength = entry.readUInt16LE(ENTRY.read);
  const bytes = entry.subarray(ENTRY.bytes);
  return {
    sequence: Number(entry.readBigUInt64LE(ENTRY.sequence)),
    startNs: entry.readBigUInt64LE(ENTRY.startNs),
    beginNs: entry.readBigUInt64LE(ENTRY.beginNs),
    endNs: entry.readBigUInt64LE(ENTRY.endNs),
    pid: entry.readInt32LE(ENTRY.pid),
    kind: entry.readUInt16LE(ENTRY.scope) === SCOPES.pwm ? 'pwm' : 'i2c',
    bus: entry.readUInt16LE(ENTRY.bus),
    address: entry.readUInt16LE(ENTRY.address),
    attribute: PWM_ATTRIBUTES[entry.readUInt16LE(ENTRY.attribute)] ?? '',
    error: errorCode(entry.readInt32LE(ENTRY.error)),
    writtenLength,
    readLength,
    written: bytes.subarray(0, writtenLength),
    read: bytes.subarray(writtenLength, writtenLength + readLength),
    outputs: entry.readUInt32LE(ENTRY.outputs),
  };
}

/** Which outputs of one chip were on when. It reads the file's news only, so asking often is cheap. */
export class OutputHistory {
  readonly #state: StateFile;
  readonly #belongs: (entry: Buffer) => boolean;
  readonly #changes: OutputChange[] = [];
  #read = 0;

  constructor(state: StateFile, kind: keyof typeof SCOPES, address: number, bus = 0) {
    this.#state = state;
    this.#belongs = (entry) =>
      entry.readUInt16LE(OUTPUT.scope) === SCOPES[kind] &&
      entry.readUInt32LE(OUTPUT.address) === address &&
      entry.readUInt16LE(OUTPUT.bus) === bus;
  }

  changes(): readonly OutputChange[] {
    const count = Number(this.#state.uint64(HEADER.outputCount));
    for (const entry of ring(this.#state, OUTPUT_LOG, HEADER.outputCount, this.#read)) {
      if (this.#belongs(entry)) {
        this.#changes.push({
          atNs: entry.readBigUInt64LE(OUTPUT.atNs),
          outputs: entry.readUInt32LE(OUTPUT.outputs),
        });
      }
    }
    this.#read = count;
    return this.#changes;
  }

  /**
   * The first time at or after `sinceNs` from which `holds` is true of the outputs for as long as is known;
   * null when it isn't true at the end.
   */
  lastingSince(sinceNs: bigint, holds: (outputs: number) => boolean): bigint | null {
    let from: bigint | null = holds(0) ? sinceNs : null;
    for (const { atNs, outputs } of this.changes()) {
      if (!holds(outputs)) from = null;
      else from ??= atNs;
    }
    return from === null || from > sinceNs ? from : sinceNs;
  }

  /** From when on all these channels are off, for as long as is known; null when one is on. */
  offSince(sinceNs: bigint, channels: readonly number[]): bigint | null {
    return this.lastingSince(sinceNs, (outputs) => channels.every((channel) => !(outputs & (1 << channel))));
  }
}

/** The channels of a PCA9685 that make one motor turn through a TB6612 bridge. */
export interface Bridge {
  readonly pwm: number;
  readonly in1: number;
  readonly in2: number;
}

/** Whether no motor is driven: it coasts, or is braked by both inputs being equal. */
export function bridgesStill(bridges: readonly Bridge[]): (outputs: number) => boolean {
  const isOn = (outputs: number, channel: number) => (outputs & (1 << channel)) !== 0;
  return (outputs) =>
    bridges.every(({ pwm, in1, in2 }) => !isOn(outputs, pwm) || isOn(outputs, in1) === isOn(outputs, in2));
}
