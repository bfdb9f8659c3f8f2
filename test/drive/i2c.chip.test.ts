import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type I2cBus, I2cError, openI2cBus } from '../../firmware/drive/i2c.ts';
import { type ChipsOptions, ownChips } from '../chips/chips.ts';

async function withBus(
  options: ChipsOptions,
  body: (bus: I2cBus, chips: ReturnType<typeof ownChips>) => Promise<void>,
) {
  const chips = ownChips(options);
  const bus = await openI2cBus(1);
  try {
    await body(bus, chips);
  } finally {
    chips.clearFaults();
    await bus.close();
    chips.close();
  }
}

test('writes and reads a real chip’s registers, each in one transaction', () =>
  withBus({ pca9685: [0x60] }, async (bus, chips) => {
    chips.clearLog();
    await bus.write(0x60, [0x00, 0x20]);
    assert.is(chips.registers(0x60)[0], 0x20);
    assert.equal([...(await bus.writeRead(0x60, [0x02], 4))], [0xe2, 0xe4, 0xe8, 0xe0]);
    assert.is((await bus.read(0x60, 1)).length, 1);
    assert.equal(
      chips.log().map(({ writtenLength, readLength }) => [writtenLength, readLength]),
      [
        [2, 0],
        [1, 4],
        [0, 1],
      ],
    );
  }));

for (const adapter of ['bcm2835', 'designware'] as const) {
  test(`tells who answers and who does not, on ${adapter}`, () =>
    withBus({ pca9685: [0x60], ads1015: [0x48], adapter }, async (bus, chips) => {
      const before = Buffer.from(chips.registers(0x60));
      const answering: number[] = [];
      for (let address = 0x08; address <= 0x77; address += 1) {
        if (await bus.probe(address)) answering.push(address);
      }
      // 0x70 is the address at which every PCA9685 listens after power-up.
      assert.equal(answering, [0x48, 0x60, 0x70]);
      assert.equal(chips.registers(0x60), before);
      for (const call of [
        () => bus.write(0x61, [0, 0]),
        () => bus.read(0x61, 1),
        () => bus.writeRead(0x61, [0], 1),
      ]) {
        const error = await failure(call());
        assert.ok(['EREMOTEIO', 'ENXIO'].includes(error.code), error.code);
        assert.equal([error.bus, error.address], [1, 0x61]);
        assert.match(error.message, /^Nothing answers at 0x61 on I2C bus 1 \(E\w+\)$/);
      }
    }));
}

for (const [code, expected] of [
  ['EIO', /^A transfer with 0x60 on I2C bus 1 failed: the bus is disturbed \(EIO\)/],
  ['ETIMEDOUT', /held by something \(ETIMEDOUT\)/],
] as const) {
  test(`${code} comes with its code, and the next call works`, () =>
    withBus({ pca9685: [0x60] }, async (bus, chips) => {
      for (const call of [
        () => bus.write(0x60, [0, 0x20]),
        () => bus.read(0x60, 1),
        () => bus.writeRead(0x60, [0], 1),
        () => bus.probe(0x60),
      ]) {
        chips.inject({ error: code, times: 1 });
        const error = await failure(call());
        assert.is(error.code, code);
        assert.match(error.message, expected);
        await call();
      }
    }));
}

test('a call that hangs keeps neither other calls nor close', () =>
  withBus({ pca9685: [0x60] }, async (bus, chips) => {
    await bus.write(0x60, [0x00, 0x20]);
    chips.inject({ hang: 'call', register: 0x06, times: 1 });
    let settled = false;
    const hanging = bus.write(0x60, [0x06, 1, 2, 3, 4]).then(() => {
      settled = true;
    });
    await bus.write(0x60, [0x0a, 5]);
    assert.is(chips.registers(0x60)[0x0a], 5);
    assert.not(settled);
    await bus.close();
    assert.is((await failure(bus.write(0x60, [0, 0]))).code, 'CLOSED');
    chips.clearFaults();
    await hanging;
    assert.is(chips.registers(0x60)[0x06], 1);
  }));

test('calls at once are all done', () =>
  withBus({ pca9685: [0x60], ads1015: [0x48] }, async (bus, chips) => {
    await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        i % 2 === 0 ? bus.write(0x60, [0x00, 0x20]) : bus.writeRead(0x48, [1], 2),
      ),
    );
    assert.is(chips.log().length, 50);
  }));

test('a bus that may not be opened, or is not there, says what to do', async () => {
  const chips = ownChips({ pca9685: [0x60] });
  chips.refuseOpen('EACCES');
  assert.match((await failure(openI2cBus(1))).message, /usermod -aG i2c/);
  chips.refuseOpen(null);
  const missing = await failure(openI2cBus(7));
  assert.equal([missing.code, missing.bus, missing.address], ['ENOENT', 7, null]);
  assert.match(missing.message, /Can't use I2C bus 7 \(\/dev\/i2c-7\), which is not there: switch I2C on/);
  chips.close();
});

test('what no chip could take is refused before it goes anywhere', () =>
  withBus({ pca9685: [0x60] }, async (bus, chips) => {
    chips.clearLog();
    for (const call of [
      () => bus.write(0x07, [0]),
      () => bus.write(0x80, [0]),
      () => bus.write(0x60, []),
      () => bus.write(0x60, [256]),
      () => bus.write(0x60, [0.5]),
      () => bus.read(0x60, 0),
      () => bus.writeRead(0x60, [0], 33),
      () => bus.writeRead(0x60, [0, 1] as never, 1),
      () => bus.probe(Number.NaN),
    ]) {
      assert.instance(await call().then(String, (error: Error) => error), RangeError);
    }
    assert.equal(chips.log(), []);
  }));

async function failure(promise: Promise<unknown>): Promise<I2cError> {
  const outcome = await promise.then(String, (error: Error) => error);
  assert.instance(outcome, I2cError);
  return outcome as I2cError;
}

test.run();
