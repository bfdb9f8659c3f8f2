import { spawnSync } from 'node:child_process';
import { closeSync, openSync, statSync, writeFileSync } from 'node:fs';
import { errorNumber } from './errors.ts';
import { clearFaults, type Effect, type Fault, type I2cTarget, injectFault } from './faults.ts';
import { CHIP, CHIP_KINDS, CHIPS, HEADER, LINE, LINES, TRANSFER_STATES, TRANSFERS } from './layout.ts';
import { chipsLibrary } from './library.ts';
import { logCount, OutputHistory, readLog, type Transaction } from './log.ts';
import { StateFile } from './state-file.ts';

export interface ChipsOptions {
  /** Their addresses. */
  readonly pca9685?: readonly number[];
  readonly ads1015?: readonly number[];
  readonly cap1208?: readonly number[];
  /** N of /dev/i2c-N; it is there also without a chip. */
  readonly bus?: number;
  /** What the bus hangs on: up to the Pi 4, or a Pi 5, which knows no quick command. */
  readonly adapter?: 'bcm2835' | 'designware';
  /** 100_000 on a Pi as it comes; 0: bytes take no time. */
  readonly clockHz?: number;
}

export interface Pca9685 {
  registers(): Buffer;
  /** Share of the period in which the pin is high, 0..1; 0 until the oscillator is up. */
  duty(channel: number, atNs?: bigint): number;
  /** Whether the channel gives pulses or is on. */
  isOn(channel: number): boolean;
  frequencyHz(): number;
  isAwake(): boolean;
  readonly outputs: OutputHistory;
}

export interface Chips {
  /** What a process needs in its environment to see these chips; what it starts sees them too. */
  readonly env: { readonly LD_PRELOAD: string; readonly CHIPS_STATE: string };
  readonly state: StateFile;
  readonly bus: number;
  pca9685(address?: number): Pca9685;
  registers(address: number): Buffer;
  /** @param input 0..3 of AIN */
  setVolts(input: number, volts: number, address?: number): void;
  /** @param input 0..7 of CS1..CS8 */
  touch(input: number, address?: number): void;
  release(input: number, address?: number): void;
  /** The chip answers no more, though its outputs stay as they are; the way back. */
  unplug(address: number): void;
  plug(address: number): void;
  /** Takes its supply away and gives it back: registers as after power-up. */
  powerLoss(address: number): void;
  inject(effect: Effect & I2cTarget): Fault;
  clearFaults(): void;
  /** Makes opening the bus fail (EACCES: no permission); null: no more. */
  refuseOpen(code: string | null): void;
  /** What happened on all buses and PWMs, oldest first, at most the last 65,536. */
  log(): Transaction[];
  /** Forgets what happened so far. */
  clearLog(): void;
  /** Transfers that wait or are under way. */
  inFlight(): number;
  /** Brings about what is due, where no process is there to do it. */
  settle(): void;
  /** Removes everything. Processes that still use it go on with what they have. */
  close(): void;
}

export function createChips(options: ChipsOptions = {}): Chips {
  chipsLibrary();
  const state = StateFile.create();
  return new EmulatedChips(state, options, () => state.remove());
}

/** The chips of this process, in a test file named *.chip.test.ts; each call sets up fresh ones. */
export function ownChips(options: ChipsOptions = {}): Chips {
  const path = process.env.CHIPS_STATE;
  if (path === undefined) throw new Error('Expected the test runner to preload chips: *.chip.test.ts');
  const state = StateFile.open(path);
  return new EmulatedChips(state, options, () => state.close());
}

/** What a process whose chips it sets up itself (ownChips) is started with. */
export function preloadEnvironment(state: StateFile): Chips['env'] {
  return { LD_PRELOAD: chipsLibrary(), CHIPS_STATE: state.path };
}

class EmulatedChips implements Chips {
  readonly env: Chips['env'];
  readonly state: StateFile;
  readonly bus: number;
  readonly close: () => void;
  readonly #places = new Map<number, number>();
  #logFrom: number;

  constructor(state: StateFile, options: ChipsOptions, close: () => void) {
    const { bus = 1, adapter = 'bcm2835', clockHz = 0 } = options;
    this.state = state;
    this.bus = bus;
    this.close = close;
    this.env = preloadEnvironment(state);
    clearFaults(state);
    this.refuseOpen(null);
    state.setUint32(HEADER.adapter, adapter === 'bcm2835' ? 0 : 1);
    state.setUint32(HEADER.clockHz, clockHz);
    this.#addBus();
    this.#addChips(options);
    this.settle();
    this.#logFrom = logCount(state);
  }

  #addBus(): void {
    const stand = `${this.state.path}.i2c-${this.bus}`;
    writeFileSync(stand, '', { mode: 0o600 });
    const { dev, ino } = statSync(stand, { bigint: true });
    const at = LINES.at + this.bus * LINES.size;
    this.state.setUint64(at + LINE.device, dev);
    this.state.setUint64(at + LINE.inode, ino);
    this.state.setUint32(at + LINE.timeoutMs, 1000);
    this.state.setUint32(HEADER.buses, (1 << this.bus) >>> 0);
  }

  #addChips(options: ChipsOptions): void {
    for (let i = 0; i < CHIPS.count; i++) this.state.setUint32(CHIPS.at + i * CHIPS.size + CHIP.kind, 0);
    for (const kind of ['pca9685', 'ads1015', 'cap1208'] as const) {
      for (const address of options[kind] ?? []) {
        const at = CHIPS.at + this.#places.size * CHIPS.size;
        this.#places.set(address, at);
        const chip = Buffer.alloc(CHIP.registers);
        chip.writeUInt32LE(this.bus, CHIP.bus);
        chip.writeUInt32LE(address, CHIP.address);
        chip.writeUInt32LE(1, CHIP.present);
        chip.writeUInt32LE(this.state.uint32(at + CHIP.outputs), CHIP.outputs);
        this.state.setBytes(at, chip);
        this.state.setUint32(at + CHIP.kind, CHIP_KINDS[kind]);
        this.state.setUint64(at + CHIP.powerRequestNs, process.hrtime.bigint());
      }
    }
  }

  #place(address: number): number {
    const at = this.#places.get(address);
    if (at === undefined) throw new Error(`Expected a chip at 0x${address.toString(16)} but there is none`);
    return at;
  }

  pca9685(address = 0x60): Pca9685 {
    const at = this.#place(address);
    const chip = () => this.state.bytes(at, CHIPS.size);
    return {
      registers: () => this.registers(address),
      duty: (channel, atNs = process.hrtime.bigint()) => {
        const bytes = chip();
        if (bytes.readBigUInt64LE(CHIP.readyNs) > atNs) return 0;
        return bytes.readUInt16LE(CHIP.duty + 2 * channel) / 4096;
      },
      isOn: (channel) => (this.state.uint32(at + CHIP.outputs) & (1 << channel)) !== 0,
      frequencyHz: () => 25e6 / (4096 * (this.registers(address)[0xfe]! + 1)),
      isAwake: () => (this.registers(address)[0]! & 0x10) === 0,
      outputs: new OutputHistory(this.state, 'i2c', address, this.bus),
    };
  }

  registers(address: number): Buffer {
    return this.state.bytes(this.#place(address) + CHIP.registers, 256);
  }

  setVolts(input: number, volts: number, address = 0x48): void {
    this.state.setUint32(this.#place(address) + CHIP.inputs + 4 * input, Math.round(volts * 1e6));
  }

  touch(input: number, address = 0x28): void {
    this.#press(input, address, true);
  }

  release(input: number, address = 0x28): void {
    this.#press(input, address, false);
  }

  /** The chip counts changes: odd while touched. */
  #press(input: number, address: number, touched: boolean): void {
    const at = this.#place(address) + CHIP.inputs + 4 * input;
    const changes = this.state.uint32(at);
    if ((changes % 2 === 1) !== touched) this.state.setUint32(at, changes + 1);
  }

  unplug(address: number): void {
    this.state.setUint32(this.#place(address) + CHIP.present, 0);
  }

  plug(address: number): void {
    this.state.setUint32(this.#place(address) + CHIP.present, 1);
  }

  powerLoss(address: number): void {
    this.state.setUint64(this.#place(address) + CHIP.powerRequestNs, process.hrtime.bigint());
    this.settle();
  }

  inject(effect: Effect & I2cTarget): Fault {
    return injectFault(this.state, 'i2c', effect, effect);
  }

  clearFaults(): void {
    clearFaults(this.state);
  }

  refuseOpen(code: string | null): void {
    this.state.setUint32(HEADER.openError, code === null ? 0 : errorNumber(code));
  }

  log(): Transaction[] {
    return readLog(this.state, this.#logFrom);
  }

  clearLog(): void {
    this.#logFrom = logCount(this.state);
  }

  inFlight(): number {
    const transfers = this.state.bytes(TRANSFERS.at, TRANSFERS.size * TRANSFERS.count);
    let count = 0;
    for (let i = 0; i < TRANSFERS.count; i++) {
      const transferState = transfers.readUInt32LE(i * TRANSFERS.size);
      if (transferState === TRANSFER_STATES.queued || transferState === TRANSFER_STATES.running) count += 1;
    }
    return count;
  }

  settle(): void {
    // A process with the library does what is due when it starts, and when it opens a bus.
    if (process.env.CHIPS_STATE === this.state.path) {
      const refused = this.state.uint32(HEADER.openError);
      this.refuseOpen(null);
      closeSync(openSync(`/dev/i2c-${this.bus}`, 'r'));
      this.state.setUint32(HEADER.openError, refused);
      return;
    }
    const { status } = spawnSync('true', { env: { ...process.env, ...this.env } });
    if (status !== 0) throw new Error('Expected a process with the emulation of the chips to run');
  }
}
