import type { I2cBus } from './i2c.ts';
import type { Pause } from './pause.ts';

/**
 * The PCA9685: 16 PWM outputs of 12 bits behind I2C. Sections and tables are those of NXP's data sheet, rev. 4.
 */

/** Table 4, register summary. */
const MODE1 = 0x00;
const MODE2 = 0x01;
const SUBADR1 = 0x02;
const ALLCALLADR = 0x05;
const LED0_ON_L = 0x06;
const ALL_LED_ON_L = 0xfa;
const ALL_LED_OFF_H = 0xfd;
const PRE_SCALE = 0xfe;

/** Table 5. ALLCALL stays 0: at its shared address 0x70 a bus multiplexer may sit. */
const SLEEP = 0x10;
const AUTO_INCREMENT = 0x20;
/** Table 6: totem pole outputs, which change together on STOP, at the end of a write. */
const OUTDRV = 0x04;

/** Table 7: bit 4 of a high byte. Full off wins over full on. */
const FULL = 0x10;
export const STEPS = 4096;
export const CHANNELS = 16;

const OSCILLATOR_HZ = 25_000_000;
/** 7.3.1.1: the oscillator needs 500 µs after SLEEP; the maker's library waits 5 ms. */
const OSCILLATOR_START_MS = 5;

/** One write that turns every output off, whatever state the chip is in (7.3.4): no auto-increment is needed. */
export const ALL_OFF: readonly number[] = [ALL_LED_OFF_H, FULL];

/** 7.3.5, equation 1. 3..255: the chip takes no less, 1526 Hz. @throws RangeError for a frequency it can't make */
export function prescaleFor(frequencyHz: number): number {
  const prescale = Math.floor(OSCILLATOR_HZ / STEPS / frequencyHz + 0.5) - 1;
  if (prescale >= 3 && prescale <= 255) return prescale;
  throw new RangeError(`Expected a frequency in 24..1600 Hz but received ${frequencyHz}`);
}

/** The four registers of one output (7.3.3): on from step 0 to step `duty * 4096`. @param dutyRatio 0..1 */
export function dutyBytes(dutyRatio: number): readonly [number, number, number, number] {
  const steps = Math.round(dutyRatio * STEPS);
  if (steps <= 0) return [0, 0, 0, FULL];
  if (steps >= STEPS) return [0, FULL, 0, 0];
  return [0, 0, steps & 0xff, steps >> 8];
}

export class Pca9685 {
  readonly #bus: I2cBus;
  readonly #address: number;
  readonly #prescale: number;
  readonly #pause: Pause;

  /** @throws RangeError for a frequency the chip can't make */
  constructor(bus: I2cBus, address: number, frequencyHz: number, pause: Pause) {
    this.#bus = bus;
    this.#address = address;
    this.#prescale = prescaleFor(frequencyHz);
    this.#pause = pause;
  }

  /**
   * Sees that the chip is one before anything is written to it: at this address there may also be a clock
   * generator or an EEPROM. There is no identification register, but bits that always read the same: MODE2
   * 7..5 and bit 0 of the four addresses are 0 (tables 6, 9, 10), PRE_SCALE is 3 or more, ALL_LED reads 0.
   * @throws Error naming the register that a PCA9685 would not have
   */
  async identify(): Promise<void> {
    const expectations: readonly (readonly [number, string, (value: number) => boolean])[] = [
      [MODE2, 'bits 7 to 5 of MODE2 as 0', (value) => (value & 0xe0) === 0],
      [SUBADR1, 'bit 0 of SUBADR1 as 0', (value) => (value & 1) === 0],
      [ALLCALLADR, 'bit 0 of ALLCALLADR as 0', (value) => (value & 1) === 0],
      [PRE_SCALE, 'PRE_SCALE of 3 or more', (value) => value >= 3],
      [ALL_LED_ON_L, 'ALL_LED_ON_L as 0', (value) => value === 0],
      [ALL_LED_OFF_H, 'ALL_LED_OFF_H as 0', (value) => value === 0],
    ];
    for (const [register, expected, fits] of expectations) {
      const value = await this.#read(register);
      if (!fits(value)) throw new Error(`${this} is no PCA9685: expected ${expected} but read ${hex(value)}`);
    }
  }

  /**
   * All outputs off, then frequency and mode, then everything read back.
   * Turning them off first also makes it an orderly shutdown (7.3.1.1): RESTART has nothing to bring back.
   * @throws I2cError, or Error when the chip has not kept what it was told
   */
  async setUp(): Promise<void> {
    await this.allOff();
    await this.#write(MODE1, AUTO_INCREMENT | SLEEP);
    // Writable only while asleep.
    await this.#write(PRE_SCALE, this.#prescale);
    await this.#write(MODE2, OUTDRV);
    await this.#write(MODE1, AUTO_INCREMENT);
    await this.#pause(OSCILLATOR_START_MS);
    for (const [register, name, expected] of this.#settings()) {
      const value = await this.#read(register);
      if (value === expected) continue;
      throw new Error(
        `${this} has not kept its settings: expected ${name} to be ${hex(expected)} but read ${hex(value)}`,
      );
    }
  }

  /** False after the chip has lost its power: it wakes up asleep and without auto-increment (table 5). */
  async isSetUp(): Promise<boolean> {
    return (await this.#read(MODE1)) === AUTO_INCREMENT;
  }

  /** One write for neighbouring outputs, from `first` on; they change together. @param bytes four an output */
  writeOutputs(first: number, bytes: readonly number[]): Promise<void> {
    return this.#bus.write(this.#address, [LED0_ON_L + 4 * first, ...bytes]);
  }

  allOff(): Promise<void> {
    return this.#bus.write(this.#address, ALL_OFF);
  }

  toString(): string {
    return `the chip at ${hex(this.#address)} on I2C bus ${this.#bus.number}`;
  }

  #settings() {
    return [
      [MODE1, 'MODE1', AUTO_INCREMENT],
      [MODE2, 'MODE2', OUTDRV],
      [PRE_SCALE, 'PRE_SCALE', this.#prescale],
    ] as const;
  }

  #write(register: number, value: number): Promise<void> {
    return this.#bus.write(this.#address, [register, value]);
  }

  async #read(register: number): Promise<number> {
    return (await this.#bus.writeRead(this.#address, [register], 1))[0] ?? 0;
  }
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(2, '0')}`;
}
