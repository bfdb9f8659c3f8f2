import type { I2cBus } from '../drive/i2c.ts';

/** The one address of a CAP1208. */
export const CAP1208_ADDRESS = 0x28;
export const PADS = 8;

/** Registers of the Microchip CAP1208 (data sheet DS00001570, table 5-1). */
const MAIN_CONTROL = 0x00;
const SENSOR_INPUT_STATUS = 0x03;
const AVERAGING_AND_SAMPLING = 0x24;
const MULTIPLE_TOUCH = 0x2a;
const PRODUCT_ID = 0xfd;
const PRODUCT = 0x6b;
/** Main control: set by a touch and by its end; the touches stay latched until it is cleared. */
const INT = 0x01;
/** 8 samples of 1.28 ms a pad, all pads every 35 ms instead of 70: twice as quick to feel something. */
const EVERY_35_MS = 0x38;
/** As the chip starts, it takes one touch at a time and is blind to the others. */
const ANY_NUMBER = 0x00;

/**
 * Sees that the chip is a CAP1208 and sets it up: every pad felt, also several at a time.
 * @throws I2cError when it does not answer; Error when something else answers
 */
export async function setUpCap1208(bus: I2cBus): Promise<void> {
  const [product] = await bus.writeRead(CAP1208_ADDRESS, [PRODUCT_ID], 1);
  if (product !== PRODUCT) {
    const received = `0x${(product ?? 0).toString(16).padStart(2, '0')}`;
    throw new Error(`Expected a CAP1208 (product 0x6b) at 0x28 but received product ${received}`);
  }
  await bus.write(CAP1208_ADDRESS, [MULTIPLE_TOUCH, ANY_NUMBER]);
  await bus.write(CAP1208_ADDRESS, [AVERAGING_AND_SAMPLING, EVERY_35_MS]);
}

/**
 * Pads touched now or since the last reading: bit 0 is pad 1 as the Explorer HAT counts them. Releases the latch, so
 * that the next reading tells whether they still are.
 */
export async function readCap1208(bus: I2cBus): Promise<number> {
  const registers = await bus.writeRead(CAP1208_ADDRESS, [MAIN_CONTROL], SENSOR_INPUT_STATUS + 1);
  const control = registers[MAIN_CONTROL] ?? 0;
  const inputs = registers[SENSOR_INPUT_STATUS] ?? 0;
  if (control & INT) await bus.write(CAP1208_ADDRESS, [MAIN_CONTROL, control & ~INT]);
  // Pads 1 to 4 are inputs 5 to 8 of the chip, pads 5 to 8 its inputs 1 to 4.
  return ((inputs >> 4) | (inputs << 4)) & 0xff;
}
