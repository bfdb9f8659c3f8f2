import type { I2cBus } from '../drive/i2c.ts';

/** Registers and bits of the TI ADS1015 (data sheet SBAS473E, sections 8.6.2 and 8.6.3). */
const CONVERSION = 0x00;
const CONFIG = 0x01;
const START = 0x8000;
/** Against ground; the channel's number goes in above bit 12. */
const SINGLE_ENDED = 0x4000;
const SINGLE_SHOT = 0x0100;
/** 250 a second: long enough to even out the ripple of a motor's current. */
const RATE_250 = 0x0020;
const COMPARATOR_OFF = 0x0003;
/** A conversion at that rate, 10 % slow, with 25 µs to wake up. */
const CONVERSION_MS = 5;
/** Looks at a converter that is not done when it should be. */
const MORE_LOOKS = 3;
/** Full scale ±6.144 V (gain bits 000) over 2048 steps. */
const VOLTS_PER_STEP = 0.003;

/** Channels are AIN0..AIN3. On the Explorer HAT analog one to four are AIN3, 2, 1, 0. */
export type AnalogChannel = 0 | 1 | 2 | 3;

/**
 * Measures one input of an ADS1015 against ground: starts a single conversion, waits for it, reads it. The chip
 * sleeps in between. Not to be called again for the same chip before it has answered.
 * @returns volts, -6.144..6.141; the input bears no more than the chip's own supply
 * @throws I2cError when the chip or the bus does not answer; Error when the conversion does not end
 */
export async function readAds1015(
  bus: I2cBus,
  address: number,
  channel: AnalogChannel,
  pause: (ms: number) => Promise<unknown>,
): Promise<number> {
  const config = START | SINGLE_ENDED | (channel << 12) | SINGLE_SHOT | RATE_250 | COMPARATOR_OFF;
  await bus.write(address, [CONFIG, config >> 8, config & 0xff]);
  for (let look = 0; look <= MORE_LOOKS; look++) {
    await pause(CONVERSION_MS);
    // The same bit that starts a conversion tells when none is under way.
    if ((await readRegister(bus, address, CONFIG)) & START) {
      const steps = ((await readRegister(bus, address, CONVERSION)) << 16) >> 20;
      return steps * VOLTS_PER_STEP;
    }
  }
  throw new Error(`Expected the ADS1015 at 0x${address.toString(16)} to convert within ${CONVERSION_MS} ms`);
}

/** 16 bits, high byte first. */
async function readRegister(bus: I2cBus, address: number, register: number): Promise<number> {
  const [high = 0, low = 0] = await bus.writeRead(address, [register], 2);
  return (high << 8) | low;
}
