import { type I2cBus, I2cError } from '../../firmware/drive/i2c.ts';

/** A chip as its bus sees it: what is written, beginning with a register, and what it answers to one. */
interface FakeChip {
  write(bytes: readonly number[]): void;
  read(register: number, length: number): readonly number[];
}

/** A bus with chips put at addresses; time passes only by `pause`. */
export class FakeBus implements I2cBus {
  readonly number = 1;
  readonly chips = new Map<number, FakeChip>();
  readonly calls: string[] = [];
  /** What every call fails with. */
  failing: string | null = null;
  /** What every call waits for. */
  hanging: Promise<void> | null = null;
  closed = 0;

  async write(address: number, bytes: readonly number[]): Promise<void> {
    (await this.#reach('write', address)).write(bytes);
  }

  async read(): Promise<Uint8Array> {
    throw new Error('not used');
  }

  async writeRead(address: number, [register]: readonly [number], length: number): Promise<Uint8Array> {
    return Uint8Array.from((await this.#reach('read', address)).read(register, length));
  }

  async probe(address: number): Promise<boolean> {
    if (this.failing) throw new I2cError(this.failing, 1, address, this.failing);
    return this.chips.has(address);
  }

  async close(): Promise<void> {
    this.closed += 1;
  }

  async #reach(call: string, address: number): Promise<FakeChip> {
    this.calls.push(`${call} ${address.toString(16)}`);
    await this.hanging;
    if (this.failing) throw new I2cError(this.failing, 1, address, `failed: ${this.failing}`);
    const chip = this.chips.get(address);
    if (!chip) throw new I2cError('EREMOTEIO', 1, address, `Nothing answers at ${address}`);
    return chip;
  }
}

/** An ADS1015 with ±6.144 V, and what it was asked for. */
export function fakeAds1015(volts: readonly number[] = [0, 0, 0, 0]) {
  const state = { volts: [...volts], configs: [] as number[], looksToWait: 1, result: 0 };
  let looks = 0;
  return {
    state,
    write([register, high = 0, low = 0]: readonly number[]) {
      if (register !== 1) throw new Error(`not a register to write: ${register}`);
      const config = (high << 8) | low;
      state.configs.push(config);
      looks = 0;
      state.result = Math.round((state.volts[(config >> 12) & 3] ?? 0) / 0.003) << 4;
    },
    read(register: number) {
      const busy = register === 1 && ++looks < state.looksToWait;
      const value = register === 1 ? (state.configs.at(-1)! & 0x7fff) | (busy ? 0 : 0x8000) : state.result;
      return [(value >> 8) & 0xff, value & 0xff];
    },
  };
}

/** A CAP1208: inputs latch until the interrupt is cleared, and stay while they are touched. */
export function fakeCap1208(product = 0x6b) {
  const registers = new Uint8Array(256);
  registers[0xfd] = product;
  let touched = 0;
  const press = (inputs: number) => {
    touched = inputs;
    registers[3]! |= inputs;
    registers[0]! |= 1;
  };
  return {
    registers,
    press,
    /** Touched and let go before anybody looks. */
    tap(inputs: number) {
      press(inputs);
      touched = 0;
    },
    write([register = 0, value = 0]: readonly number[]) {
      registers[register] = value;
      if (register === 0 && !(value & 1)) registers[3] = touched;
    },
    read: (register: number, length: number) => [...registers.slice(register, register + length)],
  };
}
