import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openJohnnyFive } from '../../firmware/drive/johnny-five.ts';
import { BoardIo } from './board-io.ts';
import { motorState, outputDuty } from './chip-wheels.ts';
import { drivetrainContract } from './contract.ts';

/** johnny-five gives a chip to the first board of the process, whichever its motor is told. */
const io = new BoardIo().setMaxListeners(0);
const duty = (channel: number) => outputDuty(io.registers, channel);
let chips = 0;

/** It also keeps a chip it has seen: each time another address, on the same registers. */
async function openShield(whenStopped: 'brake' | 'coast') {
  chips += 1;
  const motor = (name: string) => ({ shield: `ADAFRUIT_V2.${name}`, address: 0x40 + chips });
  io.becomeReady();
  return openJohnnyFive(
    {
      io: 'test-io',
      ioOptions: {},
      port: '',
      left: motor('M1'),
      right: motor('M2'),
      whenStopped,
      invertLeft: false,
      // What the maker's current library calls forward in M2 is backward here.
      invertRight: true,
    },
    { logger: { info() {}, warn() {} } as never, loadPlugin: async () => io },
  );
}

for (const whenStopped of ['brake', 'coast'] as const) {
  drivetrainContract(
    `johnny-five with its shield ADAFRUIT_V2 (${whenStopped})`,
    async () => ({
      drivetrain: await openShield(whenStopped),
      motors: () => ({ left: motorState(duty, 1).ratio, right: motorState(duty, 2).ratio }),
      breakOutputs: () => {
        io.failure = new Error('EIO');
      },
      repair: () => {
        io.failure = null;
      },
    }),
    // It has 255 steps, of which each is 16 of the chip's 4096.
    { resolutionRatio: 1.5 / 255 },
  );
}

test('brakes with both inputs high when told, else by PWM alone', async () => {
  for (const [whenStopped, inputs] of [
    ['brake', [1, 1, 1]],
    // A TB6612 brakes then, too: johnny-five has no way to let a motor of this shield run out.
    ['coast', [0, 1, 0]],
  ] as const) {
    const drivetrain = await openShield(whenStopped);
    assert.is(drivetrain.describe().capabilities.brake, whenStopped === 'brake');
    await drivetrain.set(1, 1);
    await drivetrain.stop();
    assert.equal([8, 9, 10].map(duty), inputs);
    await drivetrain.set(1, 1);
    await drivetrain.set(0.001, 0);
    assert.equal([8, 9, 10].map(duty), inputs, 'less than one step of its speed is standing');
    await drivetrain.close();
  }
});

test.run();
