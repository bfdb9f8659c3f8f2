import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type MotorHatOptions, openMotorHat, outputBytes } from '../../firmware/drive/motor-hat.ts';
import type { OrderOptions } from '../../firmware/drive/ordered.ts';
import { motorState, outputDuty, wheelsOf } from './chip-wheels.ts';
import { drivetrainContract } from './contract.ts';
import { FakeI2cBus, PCA9685_RESET } from './fake-i2c.ts';

const OPTIONS = {
  bus: 1,
  address: 0x60,
  leftMotor: 1,
  rightMotor: 2,
  whenStopped: 'brake',
  invertLeft: false,
  invertRight: false,
} as const;

async function openHat(options: Partial<MotorHatOptions & OrderOptions> = {}) {
  const bus = new FakeI2cBus();
  const registers = bus.addChip(0x60, PCA9685_RESET);
  const warnings: string[] = [];
  const logger = { warn: (text: string) => void warnings.push(text) } as never;
  const deps = { logger, pause: async () => {}, openBus: async () => bus };
  const drivetrain = await openMotorHat({ ...OPTIONS, ...options }, deps);
  bus.written();
  return { bus, registers, warnings, drivetrain };
}

for (const whenStopped of ['brake', 'coast'] as const) {
  drivetrainContract(
    `motor-hat over a bus of registers (${whenStopped})`,
    async () => {
      const { bus, registers, drivetrain } = await openHat({ whenStopped });
      let comeBack = () => {};
      return {
        drivetrain,
        motors: () => wheelsOf(registers),
        breakOutputs: () => {
          bus.fault = () => 'EIO';
        },
        hangSet: () => {
          let hung = false;
          bus.fault = ({ kind }) => {
            if (hung || kind !== 'write') return null;
            hung = true;
            return new Promise((resolve) => {
              comeBack = resolve;
            });
          };
        },
        repair: () => {
          bus.fault = () => null;
          comeBack();
        },
      };
    },
    { resolutionRatio: 1 / 4096 },
  );
}

const OFF = [0, 0, 0, 0x10];
const ON = [0, 0x10, 0, 0];
const HALF = [0, 0, 0, 8];

/** From the lowest output to the highest. */
for (const [left, right, pair, whenStopped, first, outputs] of [
  [0.5, 0.5, [1, 2], 'brake', 8, [HALF, ON, OFF, ON, OFF, HALF]],
  [-0.5, 0.5, [1, 2], 'brake', 8, [HALF, OFF, ON, ON, OFF, HALF]],
  [0.5, -1, [1, 2], 'brake', 8, [HALF, ON, OFF, OFF, ON, ON]],
  [0, 0, [1, 2], 'brake', 8, [OFF, ON, ON, ON, ON, OFF]],
  [0, 0, [1, 2], 'coast', 8, [OFF, OFF, OFF, OFF, OFF, OFF]],
  [0.5, 0, [1, 2], 'coast', 8, [HALF, ON, OFF, OFF, OFF, OFF]],
  [0.5, -0.5, [2, 1], 'brake', 8, [HALF, OFF, ON, ON, OFF, HALF]],
  [0.5, 0.5, [3, 4], 'brake', 2, [HALF, ON, OFF, ON, OFF, HALF]],
  [-0.5, 0.5, [1, 4], 'brake', 5, [ON, OFF, HALF, HALF, OFF, ON]],
  [0.5, 0.5, [3, 1], 'brake', 2, [HALF, ON, OFF, OFF, OFF, OFF, HALF, ON, OFF]],
  [0.5, 0.5, [4, 2], 'brake', 5, [ON, OFF, HALF, OFF, OFF, OFF, ON, OFF, HALF]],
  [0.5, 0.5, [3, 2], 'brake', 2, [HALF, ON, OFF, OFF, OFF, OFF, OFF, OFF, OFF, ON, OFF, HALF]],
] as const) {
  test(`${left} and ${right} on M${pair.join(' and M')} (${whenStopped}) are these bytes`, () => {
    const [leftMotor, rightMotor] = pair;
    const options = { address: 0x60, leftMotor, rightMotor, whenStopped };
    assert.equal(outputBytes(options, left, right), { first, bytes: outputs.flat() });
  });
}

test('a command is one write of 25 bytes, and so is a stop', async () => {
  const { bus, drivetrain } = await openHat();
  await drivetrain.set(0.5, 1);
  await drivetrain.set(0.25, 1);
  await drivetrain.stop();
  assert.equal(bus.log.filter(({ kind }) => kind === 'read').length, 0);
  const written = bus.written();
  assert.is(written.length, 3);
  assert.equal(written[0], [0x06 + 4 * 8, ...HALF, ...ON, ...OFF, ...ON, ...OFF, ...ON]);
  assert.equal(written[2], [0x06 + 4 * 8, ...OFF, ...ON, ...ON, ...ON, ...ON, ...OFF]);
  assert.ok(written.every((bytes) => bytes.length === 25));
});

test('each motor, and each pair, goes the way it is told, inverted or not', async () => {
  for (const leftMotor of [1, 2, 3, 4]) {
    for (const rightMotor of [1, 2, 3, 4].filter((motor) => motor !== leftMotor)) {
      for (const invertLeft of [false, true]) {
        const { registers, drivetrain } = await openHat({ leftMotor, rightMotor, invertLeft });
        await drivetrain.set(0.5, -0.25);
        assert.equal(wheelsOf(registers, leftMotor, rightMotor), {
          left: invertLeft ? -0.5 : 0.5,
          right: -0.25,
        });
        await drivetrain.close();
      }
    }
  }
});

test('says what it is and can', async () => {
  for (const whenStopped of ['brake', 'coast'] as const) {
    const { name, capabilities } = (await openHat({ whenStopped })).drivetrain.describe();
    assert.equal(
      { name, capabilities },
      {
        name: 'motor-hat',
        capabilities: { brake: whenStopped === 'brake', reverse: true },
      },
    );
  }
});

test('a standing motor brakes or coasts as told', async () => {
  for (const [whenStopped, state] of [
    ['brake', 'brakes'],
    ['coast', 'coasts'],
  ] as const) {
    const { registers, drivetrain } = await openHat({ whenStopped });
    await drivetrain.set(1, 0);
    assert.is(motorState((channel) => outputDuty(registers, channel), 2).state, state);
    await drivetrain.stop();
    for (const motor of [1, 2]) {
      assert.is(motorState((channel) => outputDuty(registers, channel), motor).state, state);
    }
  }
});

test('its silence is one write that turns every output off, also in a sleeping chip', async () => {
  const { drivetrain, bus } = await openHat({});
  assert.equal(drivetrain.describe().silence, [
    { kind: 'i2c-write', bus: 1, address: 0x60, bytes: [0xfd, 0x10] },
  ]);
  assert.not(bus.closed);
  await drivetrain.close();
  assert.ok(bus.closed);
});

test('a stop whose write fails turns all outputs off instead', async () => {
  const { bus, registers, drivetrain } = await openHat();
  await drivetrain.set(1, 1);
  bus.written();
  bus.fault = ({ bytes }) => (bytes.length > 2 ? 'EIO' : null);
  await drivetrain.stop();
  assert.equal(bus.written().at(-1), [0xfd, 0x10]);
  assert.is(registers[0xfd], 0x10);
});

test('a stop that can’t be brought through names both failures', async () => {
  const { bus, drivetrain } = await openHat();
  bus.fault = () => 'EIO';
  const error = await rejection(drivetrain.stop());
  assert.instance(error, AggregateError);
  assert.is((error as AggregateError).errors.length, 2);
  assert.is(error.message, 'failed: EIO');
});

test('one failed write costs one command', async () => {
  const { bus, registers, warnings, drivetrain } = await openHat();
  bus.fault = () => {
    bus.fault = () => null;
    return 'EIO';
  };
  assert.match((await rejection(drivetrain.set(1, 1))).message, /EIO/);
  bus.written();
  await drivetrain.set(0.5, 0.5);
  assert.equal(wheelsOf(registers), { left: 0.5, right: 0.5 });
  assert.is(bus.written().length, 1, 'a chip that has its settings is not set up again');
  assert.equal(warnings, []);
});

test('after a failed write the chip is asked before the next', async () => {
  const { bus, registers, warnings, drivetrain } = await openHat();
  bus.fault = () => {
    bus.fault = () => null;
    for (const [register, value] of Object.entries(PCA9685_RESET)) registers[Number(register)] = value;
    return 'EIO';
  };
  assert.match((await rejection(drivetrain.set(1, 1))).message, /EIO/);
  await drivetrain.set(0.5, 0.5);
  assert.equal(wheelsOf(registers), { left: 0.5, right: 0.5 });
  assert.is(warnings.length, 1);
});

test('a chip that lost its power is set up again with the next start from rest, and says so', async () => {
  const { bus, registers, warnings, drivetrain } = await openHat();
  await drivetrain.set(1, 1);
  for (const [register, value] of Object.entries(PCA9685_RESET)) registers[Number(register)] = value;
  await drivetrain.stop();
  bus.written();
  await drivetrain.set(0.5, 0.5);
  assert.equal(bus.written().slice(0, 5), [
    [0xfd, 0x10],
    [0x00, 0x30],
    [0xfe, 3],
    [0x01, 0x04],
    [0x00, 0x20],
  ]);
  assert.equal(wheelsOf(registers), { left: 0.5, right: 0.5 });
  assert.is(warnings.length, 1);
});

test('also without a stop, within a hundred commands', async () => {
  const { bus, registers, warnings, drivetrain } = await openHat();
  for (const [register, value] of Object.entries(PCA9685_RESET)) registers[Number(register)] = value;
  for (let i = 1; i <= 100; i += 1) await drivetrain.set(i / 101, 1);
  assert.is(bus.log.filter(({ kind }) => kind === 'read').length, 0);
  await drivetrain.set(1, 1);
  assert.is(warnings.length, 1);
  assert.equal(wheelsOf(registers), { left: 1, right: 1 });
});

test('a stop while the chip is set up again keeps the motors still', async () => {
  const bus = new FakeI2cBus();
  const registers = bus.addChip(0x60, PCA9685_RESET);
  let pausing = () => {};
  let paused: Promise<void> = Promise.resolve();
  const deps = { logger: { warn() {} } as never, pause: () => paused, openBus: async () => bus };
  const drivetrain = await openMotorHat(OPTIONS, deps);
  await drivetrain.stop();
  registers[0] = 0x11;
  paused = new Promise((resolve) => {
    pausing = resolve;
  });
  const set = drivetrain.set(1, 1);
  for (let turns = 0; registers[0] !== 0x20; turns += 1) {
    assert.ok(turns < 1000, 'it is not set up again');
    await new Promise((resolve) => setImmediate(resolve));
  }
  await drivetrain.stop();
  bus.written();
  pausing();
  await set;
  for (const bytes of bus.written()) assert.equal(bytes.slice(1, 5), OFF, 'no PWM for the left motor');
  assert.equal(wheelsOf(registers), { left: 0, right: 0 });
});

for (const [what, prepare, expected] of [
  ['silent', (bus: FakeI2cBus) => bus.chips.clear(), /Nothing answers at 96/],
  ['another', (bus: FakeI2cBus) => bus.addChip(0x60).fill(0xff), /is no PCA9685/],
  ['disturbed', (bus: FakeI2cBus) => Object.assign(bus, { fault: () => 'EIO' }), /EIO/],
] as const) {
  test(`a chip that is ${what} is an error at start, and the bus is closed`, async () => {
    const bus = new FakeI2cBus();
    bus.addChip(0x60, PCA9685_RESET);
    prepare(bus);
    const deps = { logger: { warn() {} } as never, pause: async () => {}, openBus: async () => bus };
    assert.match((await rejection(openMotorHat(OPTIONS, deps))).message, expected);
    assert.ok(bus.closed);
  });
}

async function rejection(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => {
      throw new Error('Expected a rejection but the call resolved');
    },
    (error: Error) => error,
  );
}

test.run();
