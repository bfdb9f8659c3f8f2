import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type AddonBus, openAddon } from './addon.ts';
import { type Chips, ownChips } from './chips.ts';

const ADDRESS = 0x48;
const CONVERSION = 0;
const CONFIG = 1;
const START = 0x8000;
const SINGLE = 0x0100;
const MUX = (input: number) => (4 + input) << 12;
const PGA_6V = 0x0000;
const PGA_2V = 0x0400;
const RATE_3300 = 0x00c0;
const RATE_128 = 0x0000;

const test = suite('emulated ADS1015');
let chips: Chips;
let bus: AddonBus;
test.before.each(async () => {
  chips = ownChips({ ads1015: [ADDRESS] });
  bus = await openAddon(1);
});
test.after.each(async () => {
  await bus.close();
  chips.close();
});

/** The most significant byte comes first, other than in SMBus words. */
async function read(register: number): Promise<number> {
  const { buffer } = await bus.readI2cBlock(ADDRESS, register, 2, Buffer.alloc(2));
  return buffer.readUInt16BE();
}
const write = (register: number, value: number) =>
  bus.i2cWrite(ADDRESS, 3, Buffer.from([register, value >> 8, value & 0xff]));

/** Starts a conversion and waits as a driver does; gives the signed code of twelve bits. */
async function convert(config: number): Promise<number> {
  await write(CONFIG, START | SINGLE | config);
  while (!((await read(CONFIG)) & START));
  return ((await read(CONVERSION)) << 16) >> 20;
}

test('after power-up it is idle with the reset values', async () => {
  assert.is(await read(CONFIG), 0x8583);
  assert.is(await read(CONVERSION), 0);
  assert.is(await read(2), 0x8000);
  assert.is(await read(3), 0x7fff);
});

test('each input is measured against ground, by the range that was asked for', async () => {
  for (const [input, volts] of [3.3, 0.5, 1.0, 2.0].entries()) chips.setVolts(input, volts);
  assert.is(await convert(MUX(0) | PGA_6V | RATE_3300), 1100);
  assert.is(await convert(MUX(3) | PGA_6V | RATE_3300), 667);
  assert.is(await convert(MUX(1) | PGA_2V | RATE_3300), 500);
});

test('differences are signed, and what is out of range is held at its ends', async () => {
  chips.setVolts(0, 0.5);
  chips.setVolts(1, 1.5);
  assert.is(await convert(PGA_2V | RATE_3300), -1000);
  chips.setVolts(1, 5);
  assert.is(await convert(PGA_2V | RATE_3300), -2048);
  assert.is(await convert(MUX(1) | PGA_2V | RATE_3300), 2047);
});

test('a conversion takes its time; until then the old value is read and OS is 0', async () => {
  chips.setVolts(0, 1);
  assert.is(await convert(MUX(0) | PGA_2V | RATE_3300), 1000);
  let looks = 0;
  // On a busy machine nobody may have looked before it was done: then once more.
  for (let tries = 0; looks === 0 && tries < 20; tries++) {
    const [before, after] = tries % 2 ? [2000, 1000] : [1000, 2000];
    chips.setVolts(0, after / 1000);
    await write(CONFIG, START | SINGLE | MUX(0) | PGA_2V | RATE_128);
    const readyNs = chips.log().at(-1)!.endNs + 7_812_500n; // 1/128 s
    for (let done = false; !done; ) {
      const status = (await read(CONFIG)) & START;
      assert.is(status, chips.log().at(-1)!.endNs < readyNs ? 0 : START);
      const code = (await read(CONVERSION)) >> 4;
      done = chips.log().at(-1)!.endNs >= readyNs;
      assert.is(code, done ? after : before);
      if (!done) looks += 1;
    }
  }
  assert.ok(looks > 0);
});

test('starting again while it converts has no effect on that conversion', async () => {
  chips.setVolts(0, 1);
  chips.setVolts(1, 2);
  await write(CONFIG, START | SINGLE | MUX(0) | PGA_2V | RATE_128);
  await write(CONFIG, START | SINGLE | MUX(1) | PGA_2V | RATE_128);
  while (!((await read(CONFIG)) & START));
  assert.is((await read(CONVERSION)) >> 4, 1000);
});

test('continuous conversions follow the input', async () => {
  chips.setVolts(2, 0.25);
  await write(CONFIG, MUX(2) | PGA_2V | RATE_3300);
  while ((await read(CONVERSION)) >> 4 !== 250);
  chips.setVolts(2, 0.75);
  while ((await read(CONVERSION)) >> 4 !== 750);
  assert.is((await read(CONFIG)) & START, 0);
});

test('the pointer is kept, and a third byte reads as 0xFF', async () => {
  await bus.sendByte(ADDRESS, CONFIG);
  const { buffer } = await bus.i2cRead(ADDRESS, 3, Buffer.alloc(3));
  assert.equal([...buffer], [0x85, 0x83, 0xff]);
});

test('the conversion register can not be written', async () => {
  await write(CONVERSION, 0x1230);
  assert.is(await read(CONVERSION), 0);
});

test('general call reset puts the configuration back', async () => {
  await write(CONFIG, SINGLE | MUX(2));
  await bus.sendByte(0x00, 0x06);
  assert.is(await read(CONFIG), 0x8583);
});

test.run();
