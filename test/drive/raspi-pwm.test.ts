import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openExplorerHat } from '../../firmware/drive/explorer-hat.ts';
import { openRaspiPwm } from '../../firmware/drive/raspi-pwm.ts';
import { BoardIo } from './board-io.ts';
import { drivetrainContract } from './contract.ts';
import { explorerWheels } from './pwm-folder.ts';

/** The HAT over an IO plugin as raspi-io is one: pins named GPIO20, 255 steps. */
async function openHat(io = new BoardIo()) {
  setImmediate(() => io.becomeReady());
  const options = {
    leftMotor: 1,
    rightMotor: 2,
    whenStopped: 'coast',
    invertLeft: false,
    invertRight: false,
  } as const;
  const pinOf = await openRaspiPwm(async () => io);
  return { io, drivetrain: await openExplorerHat('explorer-hat (raspi-io)', options, pinOf) };
}

drivetrainContract(
  'explorer-hat over an IO plugin',
  async () => {
    const { io, drivetrain } = await openHat();
    return {
      drivetrain,
      motors: () => explorerWheels((gpio) => (io.levels.get(`GPIO${gpio}`) ?? Number.NaN) / 255),
      breakOutputs: () => {
        io.failure = new Error('pigpio is gone');
      },
      repair: () => {
        io.failure = null;
      },
    };
  },
  { resolutionRatio: 0.5 / 255 },
);

test('has no silence that another process could send', async () => {
  const { drivetrain } = await openHat();
  assert.equal(drivetrain.describe().silence, []);
});

test('a plugin that does not start says why', async () => {
  const io = new BoardIo();
  const opening = openRaspiPwm(async () => io).then(String, (error: Error) => error.message);
  setImmediate(() => io.emit('error', new Error('pigpio needs root')));
  assert.is(await opening, 'raspi-io does not start: pigpio needs root');
});

test.run();
