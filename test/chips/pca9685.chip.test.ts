import { setTimeout as delay } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type AddonBus, openAddon } from './addon.ts';
import { type Chips, ownChips, type Pca9685 } from './chips.ts';
import { bridgesStill } from './log.ts';

const ADDRESS = 0x60;
const MODE1 = 0x00;
const ALL_LED_OFF_H = 0xfd;
const PRE_SCALE = 0xfe;
const AWAKE = 0x21;
const led = (channel: number) => 0x06 + 4 * channel;

const test = suite('emulated PCA9685');
let chips: Chips;
let chip: Pca9685;
let bus: AddonBus;
test.before.each(async () => {
  chips = ownChips({ pca9685: [ADDRESS, 0x61] });
  chip = chips.pca9685(ADDRESS);
  bus = await openAddon(1);
});
test.after.each(async () => {
  await bus.close();
  chips.close();
});

const write = (...bytes: number[]) => bus.i2cWrite(ADDRESS, bytes.length, Buffer.from(bytes));
const read = async (register: number, length: number) => [
  ...(await bus.readI2cBlock(ADDRESS, register, length, Buffer.alloc(length))).buffer,
];
/** Values of ON and OFF, each 0..4095, or 4096 for the full bit. */
const set = (channel: number, on: number, off: number) =>
  write(led(channel), on & 0xff, on >> 8, off & 0xff, off >> 8);
async function wake(): Promise<void> {
  await write(MODE1, AWAKE);
  await oscillator();
}
/** Waits until it is up; a timer may fire up to 1 ms early. */
async function oscillator(): Promise<void> {
  const upNs = chips.log().at(-1)!.endNs + 500_000n;
  while (process.hrtime.bigint() < upNs) await delay(1);
}

test('after power-up it sleeps, answers to all-call, and every channel is fully off', async () => {
  assert.equal(await read(MODE1, 1), [0x11]);
  await write(MODE1, 0x31);
  assert.equal(await read(MODE1, 6), [0x31, 0x04, 0xe2, 0xe4, 0xe8, 0xe0]);
  for (let channel = 0; channel < 16; channel++) assert.equal(await read(led(channel), 4), [0, 0, 0, 0x10]);
  assert.equal(await read(PRE_SCALE, 1), [0x1e]);
  assert.not(chip.isAwake());
  assert.is(Math.round(chip.frequencyHz()), 197);
});

test('without auto-increment all bytes of a write go to one register, and a read repeats it', async () => {
  await write(led(0), 1, 2, 3);
  assert.equal([...chip.registers().subarray(led(0), led(0) + 4)], [3, 0, 0, 0x10]);
  assert.equal(await read(led(0), 3), [3, 3, 3]);
});

test('with auto-increment it goes on, from 0x45 and from 0xFE to 0', async () => {
  await write(MODE1, 0x31);
  await set(8, 0x123, 0x456);
  assert.equal(await read(led(8), 4), [0x23, 0x01, 0x56, 0x04]);
  assert.equal(await read(0x45, 2), [0x10, 0x31]);
  assert.equal(await read(PRE_SCALE, 2), [0x1e, 0x31]);
  await write(0x45, 0x00, 0x11);
  assert.is(chip.registers()[0x45], 0x00);
  assert.is(chip.registers()[MODE1], 0x11);
});

test('the register pointer is kept between transactions', async () => {
  await write(MODE1, 0x31);
  await bus.sendByte(ADDRESS, 0x02);
  assert.is(await bus.receiveByte(ADDRESS), 0xe2);
  assert.is(await bus.receiveByte(ADDRESS), 0xe4);
});

test('the prescaler is written while asleep only, and is never below 3', async () => {
  await write(PRE_SCALE, 100);
  assert.equal(await read(PRE_SCALE, 1), [100]);
  await write(PRE_SCALE, 1);
  assert.equal(await read(PRE_SCALE, 1), [3]);
  await wake();
  await write(PRE_SCALE, 50);
  assert.equal(await read(PRE_SCALE, 1), [3]);
  assert.is(Math.round(chip.frequencyHz()), 1526);
});

test('reserved bits of the channels read as 0', async () => {
  await write(MODE1, 0x31);
  await write(led(0), 0xff, 0xff, 0xff, 0xff);
  assert.equal(await read(led(0), 4), [0xff, 0x1f, 0xff, 0x1f]);
});

test('duty: a part, over the end of the period, full on, and full off before all', async () => {
  await wake();
  for (const [on, off, duty] of [
    [0, 1024, 0.25],
    [3072, 1024, 0.5],
    [0, 4095, 4095 / 4096],
    [0, 0, 0],
    [7, 7, 0],
    [4096, 0, 1],
    [0, 4096, 0],
    [4096, 4096, 0],
  ] as const) {
    await set(3, on, off);
    assert.is(chip.duty(3), duty, `${on} ${off}`);
    assert.is(chip.isOn(3), duty > 0);
  }
});

test('outputs stand while asleep, and until the oscillator is up 500 us after waking', async () => {
  await write(MODE1, 0x31);
  await set(0, 0, 2048);
  assert.is(chip.duty(0), 0);
  await write(MODE1, AWAKE);
  const { endNs } = chips.log().at(-1)!;
  assert.is(chip.duty(0, endNs + 499_999n), 0);
  assert.is(chip.duty(0, endNs + 500_000n), 0.5);
});

test('sleeping while a channel runs sets RESTART; the channels stand after waking until it is written', async () => {
  await wake();
  await set(0, 0, 2048);
  await write(MODE1, 0x31);
  assert.equal(await read(MODE1, 1), [0xb1]);
  // Together with waking it comes before the oscillator is up.
  await write(MODE1, 0xa1);
  await oscillator();
  assert.equal(await read(MODE1, 1), [0xa1]);
  assert.is(chip.duty(0), 0);
  await write(MODE1, 0xa1);
  assert.equal(await read(MODE1, 1), [0x21]);
  assert.is(chip.duty(0), 0.5);
});

test('a new value ends the standstill too, and with OCH only all four registers of a channel', async () => {
  await wake();
  await set(0, 0, 2048);
  await write(MODE1, 0x31);
  await wake();
  assert.equal(await read(MODE1, 1), [0xa1]);
  await write(0x01, 0x0c);
  await write(led(1), 0);
  assert.equal(await read(MODE1, 1), [0xa1]);
  await set(1, 0, 4096);
  assert.equal(await read(MODE1, 1), [0x21]);
  assert.is(chip.duty(0), 0.5);
});

test('an orderly shutdown before sleeping leaves no RESTART', async () => {
  await wake();
  await set(0, 0, 2048);
  await write(ALL_LED_OFF_H, 0x10);
  await write(MODE1, 0x31);
  assert.equal(await read(MODE1, 1), [0x31]);
});

test('ALL_LED registers set every channel and read as 0', async () => {
  await wake();
  await set(2, 0, 1000);
  await write(0xfa, 0x00, 0x00, 0x00, 0x08);
  assert.equal(await read(0xfa, 4), [0, 0, 0, 0]);
  for (let channel = 0; channel < 16; channel++) assert.is(chip.duty(channel), 0.5);
  await write(ALL_LED_OFF_H, 0x10);
  for (let channel = 0; channel < 16; channel++) assert.is(chip.duty(channel), 0);
});

test('INVRT turns the outputs over, also those that stand', async () => {
  await write(0x01, 0x14);
  assert.is(chip.duty(0), 1);
  await wake();
  await set(0, 0, 1024);
  assert.is(chip.duty(0), 0.75);
});

test('all-call and sub addresses reach every chip that listens to them', async () => {
  await bus.writeByte(0x70, PRE_SCALE, 99);
  assert.is(chips.registers(ADDRESS)[PRE_SCALE], 99);
  assert.is(chips.registers(0x61)[PRE_SCALE], 99);
  await write(MODE1, 0x18);
  await bus.writeByte(0x71, PRE_SCALE, 50);
  assert.is(chips.registers(ADDRESS)[PRE_SCALE], 50);
  assert.is(chips.registers(0x61)[PRE_SCALE], 99);
  await bus.writeByte(0x70, PRE_SCALE, 7);
  assert.is(chips.registers(ADDRESS)[PRE_SCALE], 50);
});

test('software reset by general call puts every chip back, and other general calls do nothing', async () => {
  await wake();
  await set(0, 0, 2048);
  await bus.sendByte(0x00, 0x05);
  assert.is(chip.duty(0), 0.5);
  await bus.sendByte(0x00, 0x06);
  assert.equal(await read(MODE1, 1), [0x11]);
  assert.is(chip.duty(0), 0);
});

test('a loss of power is noticed by no error, but all is as after power-up', async () => {
  await wake();
  await set(0, 0, 2048);
  chips.powerLoss(ADDRESS);
  assert.not(chip.isOn(0));
  assert.equal(await read(MODE1, 1), [0x11]);
});

test('the history tells to the ns from when on channels are off for good', async () => {
  await wake();
  const startNs = process.hrtime.bigint();
  assert.is(chip.outputs.offSince(startNs, [8, 9, 10]), startNs);
  await set(8, 0, 2048);
  assert.is(chip.outputs.offSince(startNs, [8, 9, 10]), null);
  await set(8, 0, 4096);
  await set(9, 4096, 0);
  await set(9, 0, 4096);
  const { endNs } = chips.log().at(-1)!;
  assert.is(chip.outputs.offSince(startNs, [8, 9, 10]), endNs);
  const later = process.hrtime.bigint();
  assert.is(chip.outputs.offSince(later, [8, 9, 10]), later);
  await set(3, 0, 100);
  assert.is(chip.outputs.offSince(startNs, [8, 9, 10]), endNs);
});

test('a bridge is still when its PWM is off or both inputs are equal', async () => {
  await wake();
  const startNs = process.hrtime.bigint();
  const still = bridgesStill([{ pwm: 8, in1: 9, in2: 10 }]);
  await set(9, 4096, 0);
  assert.is(chip.outputs.lastingSince(startNs, still), startNs);
  await set(8, 0, 2048);
  assert.is(chip.outputs.lastingSince(startNs, still), null);
  await set(10, 4096, 0);
  assert.is(chip.outputs.lastingSince(startNs, still), chips.log().at(-1)!.endNs);
});

test.run();
