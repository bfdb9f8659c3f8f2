import { writeFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { loadConfig } from '../../config/load.ts';
import { kernelPwmPin } from '../../firmware/drive/kernel-pwm.ts';
import { openDrivetrain } from '../../firmware/drive/open.ts';
import { ownChips } from '../chips/chips.ts';
import { createPwmTree, type PwmTreeOptions } from '../chips/pwm-tree.ts';
import { drivetrainContract } from './contract.ts';
import { explorerWheels } from './pwm-folder.ts';

const GPIOS = [26, 21, 20, 19];
const PINS = GPIOS.map((gpio) => ({ name: 'pwm-gpio', gpio }) as const);

/** An Explorer pHAT: its converter on the bus, four pins of the kernel's PWM, and a hardware PWM besides. */
async function openHat(
  overrides: Readonly<Record<string, unknown>> = {},
  options: Partial<PwmTreeOptions> = {},
  prepare: (tree: ReturnType<typeof createPwmTree>) => void = () => {},
) {
  const chips = ownChips({ ads1015: [0x48] });
  const tree = createPwmTree(chips, { chips: [{ name: 'brcm,bcm2835-pwm', npwm: 2 }, ...PINS], ...options });
  prepare(tree);
  const { config } = loadConfig({ overrides });
  const logger = { info() {}, warn() {} } as never;
  const drivetrain = await openDrivetrain(config, { logger, pwmRoot: tree.root });
  const close = async () => {
    await drivetrain.close();
    tree.close();
    chips.close();
  };
  return { chips, tree, drivetrain, close };
}

for (const whenStopped of ['brake', 'coast'] as const) {
  drivetrainContract(
    `explorer-hat on emulated kernel PWM (${whenStopped})`,
    async () => {
      const { chips, tree, drivetrain } = await openHat({ 'drive.whenStopped': whenStopped });
      return {
        drivetrain,
        motors: () => explorerWheels(tree.duty),
        breakOutputs: () => void tree.inject({ error: 'EIO', attribute: 'duty_cycle' }),
        // The pin that makes the left motor go ahead.
        hangSet: () => void tree.inject({ hang: 'call', gpio: 20, attribute: 'duty_cycle', times: 1 }),
        repair: () => chips.clearFaults(),
        dispose: async () => {
          tree.close();
          chips.close();
        },
      };
    },
    { resolutionRatio: 1e-6 },
  );
}

test('runs at its frequency', async () => {
  const { tree, close } = await openHat();
  for (const gpio of GPIOS) assert.is(tree.periodNs(gpio), 10_000_000);
  await close();
  const fast = await openHat({ 'explorerHat.frequencyHz': 1000 });
  assert.is(fast.tree.periodNs(20), 1_000_000);
  await fast.close();
});

test('waits for udev to give the files to the group', async () => {
  const { tree, drivetrain, close } = await openHat({}, { groupAfterMs: 120 });
  await drivetrain.set(0.5, 0.5);
  assert.equal(explorerWheels(tree.duty), { left: 0.5, right: 0.5 });
  await close();
});

test('takes over pins that an earlier run left on, with another period', async () => {
  const { tree, close } = await openHat({}, {}, ({ chip }) => {
    for (const gpio of GPIOS) {
      writeFileSync(`${chip(gpio)}/export`, '0');
      writeFileSync(`${chip(gpio)}/pwm0/period`, '40000000');
      writeFileSync(`${chip(gpio)}/pwm0/duty_cycle`, '40000000');
      writeFileSync(`${chip(gpio)}/pwm0/enable`, '1');
    }
  });
  assert.equal(GPIOS.map(tree.duty), [0, 0, 0, 0]);
  assert.equal(GPIOS.map(tree.periodNs), [10e6, 10e6, 10e6, 10e6]);
  await close();
});

test('its silence, sent by somebody else, switches all pins off; the next start from rest drives', async () => {
  const { tree, drivetrain, close } = await openHat();
  await drivetrain.set(1, -1);
  for (const step of drivetrain.describe().silence) {
    if (step.kind === 'file-write') writeFileSync(step.path, step.text);
  }
  assert.equal(GPIOS.map(tree.duty), [0, 0, 0, 0]);
  await drivetrain.set(1, 1);
  assert.equal(GPIOS.map(tree.duty), [0, 0, 0, 0], 'stays off until it has been stopped');
  await drivetrain.stop();
  await drivetrain.set(0.5, -0.25);
  assert.equal(explorerWheels(tree.duty), { left: 0.5, right: -0.25 });
  await close();
});

test('one pin that fails keeps none of the others from stopping', async () => {
  const { chips, tree, drivetrain, close } = await openHat({ 'drive.whenStopped': 'coast' });
  await drivetrain.set(1, 1);
  tree.inject({ error: 'EIO', gpio: 20, attribute: 'duty_cycle' });
  const error = await drivetrain.stop().then(String, (caught: Error) => caught);
  assert.instance(error, AggregateError);
  assert.equal([19, 20, 21, 26].map(tree.duty), [0, 1, 0, 0]);
  chips.clearFaults();
  await drivetrain.stop();
  assert.equal(GPIOS.map(tree.duty), [0, 0, 0, 0]);
  await close();
});

test('a pin that can’t be turned off is closed all the same, and says so', async () => {
  const { chips, tree, close } = await openHat();
  const pin = kernelPwmPin(tree.chip(20), 100, async () => {});
  await pin.open();
  tree.inject({ error: 'EIO', gpio: 20, attribute: 'duty_cycle' });
  assert.match(String(await pin.close().catch(String)), /EIO/);
  assert.match(String(await pin.write(1).catch(String)), /is closed/);
  chips.clearFaults();
  await close();
});

test('closing leaves all pins off', async () => {
  const { tree, drivetrain, close } = await openHat();
  await drivetrain.set(1, 1);
  await drivetrain.close();
  assert.equal(GPIOS.map(tree.duty), [0, 0, 0, 0]);
  await close();
});

test.run();
