import { type I2cBus, I2cError } from '../../firmware/drive/i2c.ts';

export interface Transfer {
  readonly kind: 'write' | 'read' | 'probe';
  readonly address: number;
  readonly bytes: readonly number[];
}

/** Registers behind each address: what a write of `[register, ...values]` puts there, one after the other. */
export class FakeI2cBus implements I2cBus {
  readonly number = 1;
  readonly log: Transfer[] = [];
  readonly chips = new Map<number, Uint8Array>();
  closed = false;
  /** Asked before each transfer: a code fails it, a promise delays it. */
  fault: (transfer: Transfer) => string | Promise<void> | null = () => null;

  addChip(address: number, registers: Readonly<Record<number, number>> = {}): Uint8Array {
    const chip = new Uint8Array(256);
    for (const [register, value] of Object.entries(registers)) chip[Number(register)] = value;
    this.chips.set(address, chip);
    return chip;
  }

  async write(address: number, bytes: readonly number[]): Promise<void> {
    const chip = await this.#transfer({ kind: 'write', address, bytes });
    const [register = 0, ...values] = bytes;
    for (const [index, value] of values.entries()) chip[(register + index) & 0xff] = value;
  }

  async read(address: number, length: number): Promise<Uint8Array> {
    return (await this.#transfer({ kind: 'read', address, bytes: [] })).slice(0, length);
  }

  async writeRead(address: number, bytes: readonly [number], length: number): Promise<Uint8Array> {
    const chip = await this.#transfer({ kind: 'read', address, bytes });
    return chip.slice(bytes[0], bytes[0] + length);
  }

  async probe(address: number): Promise<boolean> {
    try {
      await this.#transfer({ kind: 'probe', address, bytes: [] });
      return true;
    } catch (error) {
      if ((error as I2cError).code === 'EREMOTEIO') return false;
      throw error;
    }
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  /** What was written since the last call. */
  written(): (readonly number[])[] {
    return this.log
      .splice(0)
      .filter(({ kind }) => kind === 'write')
      .map(({ bytes }) => bytes);
  }

  async #transfer(transfer: Transfer): Promise<Uint8Array> {
    const { address } = transfer;
    if (this.closed) throw new I2cError('CLOSED', this.number, address, 'the bus is closed');
    this.log.push(transfer);
    const fault = this.fault(transfer);
    if (typeof fault === 'string') throw new I2cError(fault, this.number, address, `failed: ${fault}`);
    await fault;
    const chip = this.chips.get(address);
    if (!chip) throw new I2cError('EREMOTEIO', this.number, address, `Nothing answers at ${address}`);
    return chip;
  }
}

/** Power-up values of the PCA9685 (NXP data sheet rev. 4, table 4) that drivers look at. */
export const PCA9685_RESET: Readonly<Record<number, number>> = {
  0: 0x11,
  1: 0x04,
  2: 0xe2,
  3: 0xe4,
  4: 0xe8,
  5: 0xe0,
  254: 0x1e,
};
