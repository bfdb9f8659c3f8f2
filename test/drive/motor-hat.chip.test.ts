import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { loadConfig } from '../../config/load.ts';
import { openI2cBus } from '../../firmware/drive/i2c.ts';
import { openDrivetrain } from '../../firmware/drive/open.ts';
import { type Chips, type ChipsOptions, ownChips } from '../chips/chips.ts';
import { motorState } from './chip-wheels.ts';
import { drivetrainContract } from './contract.ts';

const MOTOR_CHANNELS = [8, 9, 10, 11, 12, 13];

async function openHat(overrides: Readonly<Record<string, unknown>> = {}, options: ChipsOptions = {}) {
  const chips = ownChips({ pca9685: [0x60], ...options });
  const warnings: string[] = [];
  const logger = { info() {}, warn: (text: string) => void warnings.push(text) } as never;
  const { config } = loadConfig({ overrides });
  const drivetrain = await openDrivetrain(config, { logger });
  chips.clearLog();
  return { chips, drivetrain, warnings };
}

/** By the levels at the pins, not by what was written. */
function wheels(chips: Chips, address = 0x60) {
  const chip = chips.pca9685(address);
  return { left: motorState(chip.duty, 1).ratio, right: motorState(chip.duty, 2).ratio };
}

for (const whenStopped of ['brake', 'coast'] as const) {
  drivetrainContract(
    `motor-hat on an emulated chip (${whenStopped})`,
    async () => {
      const { chips, drivetrain } = await openHat({ 'drive.whenStopped': whenStopped });
      return {
        drivetrain,
        motors: () => wheels(chips),
        breakOutputs: () => void chips.inject({ error: 'EIO', address: 0x60 }),
        hangSet: () => void chips.inject({ hang: 'call', address: 0x60, times: 1 }),
        repair: () => chips.clearFaults(),
        dispose: async () => chips.close(),
      };
    },
    { resolutionRatio: 1 / 4096 },
  );
}

test('runs at the maker’s frequency', async () => {
  const { chips, drivetrain } = await openHat();
  assert.is(Math.round(chips.pca9685().frequencyHz()), 1526);
  await drivetrain.close();
});

test('a command is one transaction of 25 bytes; the first after a stop asks the chip first', async () => {
  const { chips, drivetrain } = await openHat();
  await drivetrain.set(0.5, 0.5);
  await drivetrain.set(0.6, 0.5);
  await drivetrain.stop();
  await drivetrain.set(0.7, 0.5);
  assert.equal(
    chips.log().map(({ writtenLength, readLength }) => [writtenLength, readLength]),
    [
      [25, 0],
      [25, 0],
      [25, 0],
      [1, 1],
      [25, 0],
    ],
  );
  await drivetrain.close();
});

test('both motors change in the same moment', async () => {
  const { chips, drivetrain } = await openHat({ 'drive.whenStopped': 'coast' });
  await drivetrain.set(1, 1);
  await drivetrain.stop();
  const on = (1 << 8) | (1 << 9) | (1 << 11) | (1 << 13);
  const changes = chips.pca9685().outputs.changes();
  assert.equal(
    changes.slice(-2).map(({ outputs }) => outputs),
    [on, 0],
  );
  await drivetrain.close();
});

test('its silence, sent by somebody else, turns everything off; then it drives on', async () => {
  const { chips, drivetrain } = await openHat();
  await drivetrain.set(1, -1);
  const bus = await openI2cBus(1);
  for (const step of drivetrain.describe().silence) {
    if (step.kind === 'i2c-write') await bus.write(step.address, step.bytes);
  }
  assert.ok(MOTOR_CHANNELS.every((channel) => !chips.pca9685().isOn(channel)));
  await drivetrain.set(0.5, 0.5);
  assert.equal(wheels(chips), { left: 0.5, right: 0.5 });
  await bus.close();
  await drivetrain.close();
});

test('its silence works on a chip that has lost its power, and on one that sleeps', async () => {
  const { chips, drivetrain } = await openHat();
  await drivetrain.set(1, 1);
  chips.powerLoss(0x60);
  const bus = await openI2cBus(1);
  await bus.write(0x60, [0xfd, 0x10]);
  await bus.write(0x60, [0x00, 0x01]);
  assert.ok(MOTOR_CHANNELS.every((channel) => !chips.pca9685().isOn(channel)));
  await bus.close();
  await drivetrain.close();
});

test('a loss of power leaves the motors off, and the next start from rest sets the chip up again', async () => {
  const { chips, drivetrain, warnings } = await openHat();
  await drivetrain.set(1, 1);
  chips.powerLoss(0x60);
  await drivetrain.set(0.9, 0.9);
  assert.equal(wheels(chips), { left: 0, right: 0 });
  await drivetrain.stop();
  await drivetrain.set(0.5, -0.5);
  assert.equal(wheels(chips), { left: 0.5, right: -0.5 });
  assert.is(warnings.length, 1);
  assert.is(Math.round(chips.pca9685().frequencyHz()), 1526);
  await drivetrain.close();
});

test('a HAT pulled off and put back is an error for as long as it is off', async () => {
  const { chips, drivetrain } = await openHat();
  await drivetrain.set(1, 1);
  chips.unplug(0x60);
  const message = (promise: Promise<unknown>) =>
    promise.then(
      () => 'done',
      (error: Error) => error.message,
    );
  assert.match(await message(drivetrain.set(0.5, 0.5)), /^Nothing answers at 0x60/);
  assert.match(await message(drivetrain.stop()), /^Nothing answers at 0x60/);
  chips.plug(0x60);
  chips.powerLoss(0x60);
  await drivetrain.stop();
  await drivetrain.set(0.5, 0.5);
  assert.equal(wheels(chips), { left: 0.5, right: 0.5 });
  await drivetrain.close();
});

test('one disturbed transfer costs one command', async () => {
  const { chips, drivetrain } = await openHat();
  chips.inject({ error: 'EIO', times: 1 });
  assert.match(await drivetrain.set(1, 1).then(String, (error: Error) => error.message), /EIO/);
  await drivetrain.set(0.5, 0.5);
  assert.equal(wheels(chips), { left: 0.5, right: 0.5 });
  await drivetrain.close();
});

test('a bus that is held ends the set with ETIMEDOUT, and a stop after it works', async () => {
  const { chips, drivetrain } = await openHat();
  await drivetrain.set(1, 1);
  chips.inject({ hang: 'bus', timeoutMs: 50, times: 1 });
  assert.match(await drivetrain.set(0.5, 0.5).then(String, (error: Error) => error.message), /ETIMEDOUT/);
  await drivetrain.stop();
  assert.equal(wheels(chips), { left: 0, right: 0 });
  await drivetrain.close();
});

test('another chip at the address is not written to', async () => {
  const chips = ownChips({ ads1015: [0x60] });
  const { config } = loadConfig({ overrides: { 'drive.driver': 'motor-hat' } });
  const opening = openDrivetrain(config, { logger: { info() {}, warn() {} } as never });
  assert.match(await opening.then(String, (error: Error) => error.message), /is no PCA9685: expected /);
  // Naming a register to read it is all that was written.
  assert.ok(chips.log().every(({ writtenLength, readLength }) => writtenLength === 1 && readLength === 1));
  chips.close();
});

test('a chip that refuses its prescale is an error at start', async () => {
  const chips = ownChips({ pca9685: [0x60] });
  chips.inject({ error: 'EIO', register: 0xfe, direction: 'write' });
  const { config } = loadConfig({ overrides: { 'drive.driver': 'motor-hat' } });
  const opening = openDrivetrain(config, { logger: { info() {}, warn() {} } as never });
  assert.match(await opening.then(String, (error: Error) => error.message), /EIO/);
  chips.close();
});

test.run();
