import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { dutyBytes, Pca9685, prescaleFor } from '../../firmware/drive/pca9685.ts';
import { FakeI2cBus, PCA9685_RESET } from './fake-i2c.ts';

function chipOn(bus: FakeI2cBus) {
  const pauses: number[] = [];
  const pause = async (ms: number) => void pauses.push(ms);
  return { chip: new Pca9685(bus, 0x60, 1600, pause), pauses };
}

test('the prescale is what the data sheet’s formula gives, within what the chip takes', () => {
  // 7.3.5 gives 200 Hz as its example: 30.
  for (const [hz, prescale] of [
    [1600, 3],
    [1526, 3],
    [200, 30],
    [50, 121],
    [24, 253],
    [23.84, 255],
  ] as const) {
    assert.is(prescaleFor(hz), prescale, `${hz} Hz`);
  }
  for (const hz of [23, 23.75, 1750, 2000, 0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => prescaleFor(hz), /Expected a frequency/, `${hz} Hz`);
  }
});

test('a duty becomes four registers, full on and full off by their own bit', () => {
  for (const [duty, bytes] of [
    [0, [0, 0, 0, 0x10]],
    [0.0001, [0, 0, 0, 0x10]],
    [1 / 4096, [0, 0, 1, 0]],
    [0.25, [0, 0, 0, 4]],
    [0.5, [0, 0, 0, 8]],
    [0.7, [0, 0, 0x33, 0x0b]],
    [4095 / 4096, [0, 0, 0xff, 0x0f]],
    [0.99999, [0, 0x10, 0, 0]],
    [1, [0, 0x10, 0, 0]],
  ] as const) {
    assert.equal(dutyBytes(duty), bytes, `${duty}`);
  }
});

test('is set up from off, asleep for the prescale, awake at last, and read back', async () => {
  const bus = new FakeI2cBus();
  bus.addChip(0x60, PCA9685_RESET);
  const { chip, pauses } = chipOn(bus);
  await chip.identify();
  assert.equal(bus.written(), [], 'nothing is written before the chip is known');
  await chip.setUp();
  assert.equal(
    bus.log.filter(({ kind }) => kind === 'read').map(({ bytes }) => bytes[0]),
    [0x00, 0x01, 0xfe],
  );
  assert.equal(bus.written(), [
    [0xfd, 0x10],
    [0x00, 0x30],
    [0xfe, 3],
    [0x01, 0x04],
    [0x00, 0x20],
  ]);
  assert.equal(pauses, [5]);
});

for (const [what, registers, expected] of [
  ['MODE2', { 1: 0x24 }, /no PCA9685: expected bits 7 to 5 of MODE2 as 0 but read 0x24/],
  ['SUBADR1', { 2: 0xe3 }, /SUBADR1/],
  ['ALLCALLADR', { 5: 0x01 }, /ALLCALLADR/],
  ['PRE_SCALE', { 254: 2 }, /PRE_SCALE of 3 or more but read 0x02/],
  ['ALL_LED_ON_L', { 250: 7 }, /ALL_LED_ON_L/],
  ['ALL_LED_OFF_H', { 253: 7 }, /ALL_LED_OFF_H/],
] as const) {
  test(`another chip is told by ${what}, and nothing is written to it`, async () => {
    const bus = new FakeI2cBus();
    bus.addChip(0x60, { ...PCA9685_RESET, ...registers });
    assert.match((await rejection(chipOn(bus).chip.identify())).message, expected);
    assert.equal(bus.written(), []);
  });
}

test('a chip that runs at the highest frequency already is taken for one; another is told with its place', async () => {
  const bus = new FakeI2cBus();
  const registers = bus.addChip(0x60, { ...PCA9685_RESET, 254: 3 });
  await chipOn(bus).chip.identify();
  registers[254] = 2;
  assert.is(
    (await rejection(chipOn(bus).chip.identify())).message,
    'the chip at 0x60 on I2C bus 1 is no PCA9685: expected PRE_SCALE of 3 or more but read 0x02',
  );
});

test('a bus that reads all ones or all zeros is no chip', async () => {
  for (const value of [0xff, 0x00]) {
    const bus = new FakeI2cBus();
    bus.addChip(0x60).fill(value);
    assert.match((await rejection(chipOn(bus).chip.identify())).message, /is no PCA9685/);
  }
});

for (const [what, register, value] of [
  ['MODE1', 0x00, 0x30],
  ['MODE2', 0x01, 0x00],
  ['PRE_SCALE', 0xfe, 0x1e],
] as const) {
  test(`a chip that does not keep ${what} is an error that says so`, async () => {
    const bus = new FakeI2cBus();
    const registers = bus.addChip(0x60, PCA9685_RESET);
    bus.fault = ({ kind }) => {
      if (kind === 'read') registers[register] = value;
      return null;
    };
    const { message } = await rejection(chipOn(bus).chip.setUp());
    assert.match(message, new RegExp(`has not kept its settings: expected ${what} to be .* but read`));
  });
}

test('a chip after a loss of power is not set up', async () => {
  const bus = new FakeI2cBus();
  const registers = bus.addChip(0x60, PCA9685_RESET);
  const { chip } = chipOn(bus);
  assert.not(await chip.isSetUp());
  await chip.setUp();
  assert.ok(await chip.isSetUp());
  registers[0x00] = 0x11;
  assert.not(await chip.isSetUp());
});

async function rejection(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => {
      throw new Error('Expected a rejection but the call resolved');
    },
    (error: Error) => error,
  );
}

test.run();
