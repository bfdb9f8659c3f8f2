import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openI2cBus } from '../../firmware/drive/i2c.ts';
import { openJohnnyFive } from '../../firmware/drive/johnny-five.ts';
import { ownChips } from '../chips/chips.ts';
import { I2cBusIo } from '../chips/johnny-five-io.ts';
import { motorState } from './chip-wheels.ts';
import { drivetrainContract } from './contract.ts';

/** johnny-five gives all chips to the first board of a process, and keeps a chip it has seen: one board, other addresses. */
let io: I2cBusIo | null = null;
let address = 0x60;

async function openShield(whenStopped: 'brake' | 'coast') {
  address += 1;
  const chips = ownChips({ pca9685: [address] });
  const motor = (name: string) => ({ shield: `ADAFRUIT_V2.${name}`, address, frequency: 1526 });
  io ??= Object.assign(new I2cBusIo().setMaxListeners(0), { close() {} });
  const plugin = io;
  const options = { io: 'i2c-bus-io', ioOptions: {}, port: '', left: motor('M1'), right: motor('M2') };
  const drivetrain = await openJohnnyFive(
    // What the maker's current library calls forward in M2 is backward here.
    { ...options, whenStopped, invertLeft: false, invertRight: true },
    { logger: { info() {}, warn() {} } as never, loadPlugin: async () => plugin as never },
  );
  // johnny-five waits 5 µs for the oscillator, which takes up to 500.
  await new Promise((resolve) => setTimeout(resolve, 5));
  return { chips, drivetrain };
}

for (const whenStopped of ['brake', 'coast'] as const) {
  drivetrainContract(
    `johnny-five on an emulated chip (${whenStopped})`,
    async () => {
      const { chips, drivetrain } = await openShield(whenStopped);
      const chip = chips.pca9685(address);
      return {
        drivetrain,
        motors: () => ({ left: motorState(chip.duty, 1).ratio, right: motorState(chip.duty, 2).ratio }),
        breakOutputs: () => void chips.inject({ error: 'EIO' }),
        repair: () => chips.clearFaults(),
        dispose: async () => chips.close(),
      };
    },
    { resolutionRatio: 1.5 / 255 },
  );
}

test('its silence turns the chip’s outputs off', async () => {
  const { chips, drivetrain } = await openShield('brake');
  await drivetrain.set(1, 1);
  const chip = chips.pca9685(address);
  assert.ok([8, 13].every(chip.isOn));
  const bus = await openI2cBus(1);
  const { silence } = drivetrain.describe();
  assert.is(silence.length, 1);
  for (const step of silence) if (step.kind === 'i2c-write') await bus.write(step.address, step.bytes);
  assert.not.ok([8, 9, 10, 11, 12, 13].some(chip.isOn));
  await bus.close();
  await drivetrain.close();
  chips.close();
});

test.run();
