import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type AddonBus, openAddon } from './addon.ts';
import { type Chips, ownChips } from './chips.ts';

const ADDRESS = 0x28;
const MAIN_CONTROL = 0x00;
const GENERAL_STATUS = 0x02;
const INPUT_STATUS = 0x03;
const INPUT_ENABLE = 0x21;
const INTERRUPT_ENABLE = 0x27;
const MULTIPLE_TOUCH = 0x2a;

const test = suite('emulated CAP1208');
let chips: Chips;
let bus: AddonBus;
test.before.each(async () => {
  chips = ownChips({ cap1208: [ADDRESS] });
  bus = await openAddon(1);
});
test.after.each(async () => {
  await bus.close();
  chips.close();
});

const read = (register: number) => bus.readByte(ADDRESS, register);
const write = (register: number, value: number) => bus.writeByte(ADDRESS, register, value);
const clearInterrupt = () => write(MAIN_CONTROL, 0);

test('tells product, manufacturer and revision', async () => {
  const { buffer } = await bus.readI2cBlock(ADDRESS, 0xfd, 3, Buffer.alloc(3));
  assert.equal([...buffer], [0x6b, 0x5d, 0x00]);
});

test('has the reset values of its register table', async () => {
  const expected: [number, number][] = [
    [MAIN_CONTROL, 0x00],
    [0x1f, 0x2f],
    [0x20, 0x20],
    [INPUT_ENABLE, 0xff],
    [0x22, 0xa4],
    [0x24, 0x39],
    [INTERRUPT_ENABLE, 0xff],
    [MULTIPLE_TOUCH, 0x80],
    [0x30, 0x40],
    [0x44, 0x40],
    [0x57, 0xc8],
  ];
  for (const [register, value] of expected)
    assert.is(await read(register), value, `0x${register.toString(16)}`);
});

test('a touch sets its bit and INT', async () => {
  chips.touch(4);
  assert.is(await read(INPUT_STATUS), 0x10);
  assert.is(await read(MAIN_CONTROL), 0x01);
  assert.is(await read(GENERAL_STATUS), 0x01);
  assert.is(await read(0x14), 0x7f);
});

test('the bit outlives a touch that was over before anyone looked, until INT is cleared', async () => {
  chips.touch(0);
  chips.release(0);
  assert.is(await read(INPUT_STATUS), 0x01);
  assert.is(await read(INPUT_STATUS), 0x01);
  await clearInterrupt();
  assert.is(await read(INPUT_STATUS), 0x00);
  assert.is(await read(GENERAL_STATUS), 0x00);
});

test('clearing INT keeps the bit of an input that is still touched, without a new INT', async () => {
  chips.touch(2);
  assert.is(await read(INPUT_STATUS), 0x04);
  await clearInterrupt();
  assert.is(await read(INPUT_STATUS), 0x04);
  assert.is(await read(MAIN_CONTROL), 0x00);
  chips.release(2);
  assert.is(await read(INPUT_STATUS), 0x04);
  assert.is(await read(MAIN_CONTROL), 0x01);
  await clearInterrupt();
  assert.is(await read(INPUT_STATUS), 0x00);
});

test('INT can be written to 0 only', async () => {
  await write(MAIN_CONTROL, 0x01);
  assert.is(await read(MAIN_CONTROL), 0x00);
});

test('by default it takes one touch at a time, without the block all', async () => {
  chips.touch(1);
  assert.is(await read(INPUT_STATUS), 0x02);
  chips.touch(3);
  assert.is(await read(INPUT_STATUS), 0x02);
  assert.is(await read(GENERAL_STATUS), 0x05);
  await write(MULTIPLE_TOUCH, 0x00);
  for (const input of [0, 7]) chips.touch(input);
  assert.is(await read(INPUT_STATUS), 0x83);
});

test('inputs that are not enabled are not felt', async () => {
  await write(INPUT_ENABLE, 0xfe);
  chips.touch(0);
  assert.is(await read(INPUT_STATUS), 0x00);
});

test('without its interrupt enabled a touch sets the bit but not INT', async () => {
  await write(INTERRUPT_ENABLE, 0x00);
  chips.touch(5);
  assert.is(await read(INPUT_STATUS), 0x20);
  assert.is(await read(MAIN_CONTROL), 0x00);
});

test('read-only registers and unused bits stay', async () => {
  await write(0xfd, 0x00);
  await write(INPUT_STATUS, 0xff);
  await write(0x1f, 0xff);
  assert.is(await read(0xfd), 0x6b);
  assert.is(await read(INPUT_STATUS), 0x00);
  assert.is(await read(0x1f), 0x7f);
});

test('deep sleep feels nothing', async () => {
  chips.touch(6);
  assert.is(await read(INPUT_STATUS), 0x40);
  await write(MAIN_CONTROL, 0x10);
  assert.is(await read(INPUT_STATUS), 0x00);
  chips.touch(7);
  assert.is(await read(INPUT_STATUS), 0x00);
});

test.run();
