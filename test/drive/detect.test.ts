import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { loadConfig } from '../../config/load.ts';
import {
  canResolve,
  decide,
  decidePwm,
  type Evidence,
  gatherEvidence,
  gatherPwm,
  raspiIoReaches,
} from '../../firmware/drive/detect.ts';
import { I2cError } from '../../firmware/drive/i2c.ts';
import { openDrivetrain } from '../../firmware/drive/open.ts';
import { wheelsOf } from './chip-wheels.ts';
import { FakeI2cBus, PCA9685_RESET } from './fake-i2c.ts';
import { explorerWheels, pwmFolder } from './pwm-folder.ts';

const NOTHING: Evidence = {
  busError: null,
  motorHat: false,
  converter: false,
  touch: false,
  pwmGpios: [],
  raspiIo: false,
};
const ALL_PINS = [26, 21, 20, 19];

for (const [what, evidence, driver, why] of [
  ['nothing', {}, null, /^no motor driver answers on the I2C bus$/],
  ['a broken bus', { busError: 'the bus is away', motorHat: true }, null, /^the bus is away$/],
  ['the Motor HAT', { motorHat: true }, 'motor-hat', /^the Motor HAT answers$/],
  ['both HATs', { motorHat: true, converter: true }, 'motor-hat', /Explorer HAT answers too/],
  [
    'the Pro with kernel PWM',
    { converter: true, touch: true, pwmGpios: ALL_PINS },
    'explorer-hat',
    /^an Explorer HAT Pro answers; the kernel makes its PWM/,
  ],
  [
    'the pHAT with raspi-io',
    { converter: true, raspiIo: true, pwmGpios: [19, 20, 21] },
    'explorer-hat',
    /^an Explorer pHAT answers; raspi-io makes its PWM/,
  ],
  [
    'the pHAT without PWM',
    { converter: true, pwmGpios: [19, 20] },
    null,
    /^an Explorer pHAT answers, but GPIO 21, 26 have no PWM: add .*dtoverlay=pwm-gpio/,
  ],
  [
    'the pHAT with one pin too few',
    { converter: true, pwmGpios: [19, 20, 26] },
    null,
    /^an Explorer pHAT answers, but GPIO 21 has no PWM: add /,
  ],
  [
    'the basic HAT',
    { touch: true, pwmGpios: ALL_PINS },
    null,
    /^a basic Explorer HAT answers .* it has no motor driver$/,
  ],
] as const) {
  test(`${what} leads to ${driver ?? 'no driver'}`, () => {
    const decision = decide({ ...NOTHING, ...evidence }, 'auto');
    assert.is(decision.driver, driver);
    assert.match(decision.why, why);
  });
}

for (const [wish, pwmGpios, raspiIo, kind] of [
  ['auto', ALL_PINS, true, 'kernel'],
  ['auto', [], true, 'raspi-io'],
  ['auto', [], false, null],
  ['kernel', ALL_PINS, false, 'kernel'],
  ['kernel', [20], true, null],
  ['raspi-io', ALL_PINS, false, 'raspi-io'],
] as const) {
  test(`PWM by ${wish} with ${pwmGpios.length} pins of the kernel${raspiIo ? ' and raspi-io' : ''}`, () => {
    assert.is(decidePwm({ pwmGpios, raspiIo }, wish).kind, kind);
  });
}

test('looks at the configured places and changes nothing there', async () => {
  const bus = new FakeI2cBus();
  bus.addChip(0x65, PCA9685_RESET);
  bus.addChip(0x28);
  const folder = pwmFolder([20, 19]);
  const { config } = loadConfig({ overrides: { 'motorHat.address': 0x65 } });
  const evidence = await gatherEvidence(config, { openBus: async () => bus, pwmRoot: folder.root });
  assert.equal(evidence, { ...NOTHING, motorHat: true, touch: true, pwmGpios: [20, 19] });
  assert.equal(
    bus.log.map(({ kind, address }) => [kind, address]),
    [
      ['probe', 0x65],
      ['probe', 0x48],
      ['probe', 0x28],
    ],
  );
  assert.ok(bus.closed);
  folder.remove();
});

test('a bus that fails is told, and nothing counts as found', async () => {
  const { config } = loadConfig();
  const openBus = async () => Promise.reject(new Error('the bus is away'));
  const evidence = await gatherEvidence(config, { openBus, pwmRoot: '/nowhere' });
  assert.equal(evidence, { ...NOTHING, busError: 'the bus is away' });
});

test('chips on two buses: each bus is opened once, and closed also when one fails', async () => {
  const buses = new Map([1, 3].map((number) => [number, new FakeI2cBus()]));
  buses.get(1)!.addChip(0x60, PCA9685_RESET);
  buses.get(3)!.addChip(0x48);
  const opened: number[] = [];
  const openBus = async (number: number) => {
    opened.push(number);
    return buses.get(number)!;
  };
  const { config } = loadConfig({ overrides: { 'explorerHat.bus': 3 } });
  const evidence = await gatherEvidence(config, { openBus, pwmRoot: '/nowhere' });
  assert.equal(evidence, { ...NOTHING, motorHat: true, converter: true });
  assert.equal(opened, [1, 3]);
  assert.ok([...buses.values()].every(({ closed }) => closed));
  const broken = new FakeI2cBus();
  broken.fault = () => 'EIO';
  const { busError } = await gatherEvidence(config, { openBus: async () => broken, pwmRoot: '/nowhere' });
  assert.is(busError, 'failed: EIO');
  assert.ok(broken.closed);
});

for (const [model, reached] of [
  ['Raspberry Pi 4 Model B Rev 1.4', true],
  ['Raspberry Pi Zero 2 W Rev 1.0', true],
  ['Raspberry Pi Compute Module 4 Rev 1.0', true],
  ['Raspberry Pi 5 Model B Rev 1.0', false],
  ['Raspberry Pi 500 Rev 1.0', false],
  ['Raspberry Pi Compute Module 5 Rev 1.0', false],
  ['QEMU, as of a Raspberry Pi 4', false],
  ['', false],
] as const) {
  test(`raspi-io ${reached ? 'reaches' : 'does not reach'} the GPIO of ${model || 'an unknown machine'}`, () => {
    assert.is(raspiIoReaches(model), reached);
  });
}

test('raspi-io counts where it reaches the GPIO and is installed', async () => {
  const folder = pwmFolder([]);
  const modelFile = join(folder.root, 'model');
  const counts = async (isInstalled: (name: string) => boolean) =>
    (await gatherPwm({ pwmRoot: folder.root, modelFile, isInstalled })).raspiIo;
  assert.not(await counts(() => true), 'no model');
  writeFileSync(modelFile, 'Raspberry Pi 4 Model B\0');
  assert.ok(await counts((name) => name === 'raspi-io'));
  assert.not(await counts(() => false));
  writeFileSync(modelFile, 'Raspberry Pi 5 Model B\0');
  assert.not(await counts(() => true));
  folder.remove();
});

test('what is installed can be resolved from here', () => {
  assert.is(canResolve('rxjs'), true);
  assert.is(canResolve('no-such-package'), false);
});

/** Opens with everything but hardware; what was logged comes along. */
async function open(overrides: Readonly<Record<string, unknown>>, bus: FakeI2cBus, pwmRoot = '/nowhere') {
  const logged: object[] = [];
  const logger = { info: (entry: object) => void logged.push(entry), warn() {} } as never;
  const { config } = loadConfig({ overrides });
  const deps = { logger, pause: async () => {}, openBus: async () => bus, pwmRoot };
  return { drivetrain: await openDrivetrain(config, deps), logged };
}

test('auto opens the Motor HAT that answers, and logs what was decided', async () => {
  const bus = new FakeI2cBus();
  const registers = bus.addChip(0x60, PCA9685_RESET);
  bus.close = async () => {};
  const { drivetrain, logged } = await open({ 'drive.invertLeft': true }, bus);
  assert.equal(logged, [{ driver: 'motor-hat', why: 'the Motor HAT answers' }]);
  await drivetrain.set(0.5, 0.5);
  assert.equal(wheelsOf(registers), { left: -0.5, right: 0.5 });
});

test('auto opens the Explorer HAT over the kernel’s PWM', async () => {
  const bus = new FakeI2cBus();
  bus.addChip(0x48);
  const folder = pwmFolder([19, 20, 21, 26]);
  const { drivetrain, logged } = await open({ 'drive.whenStopped': 'coast' }, bus, folder.root);
  assert.match(JSON.stringify(logged), /"driver":"explorer-hat \(kernel\)","why":"an Explorer pHAT answers/);
  await drivetrain.set(1, -0.5);
  assert.equal(explorerWheels(folder.duty), { left: 1, right: -0.5 });
  await drivetrain.close();
  assert.equal([19, 20, 21, 26].map(folder.duty), [0, 0, 0, 0]);
  folder.remove();
});

test('no motors is an error that says what was looked for and what to do', async () => {
  const message = await open({}, new FakeI2cBus()).catch((error: Error) => error.message);
  assert.match(String(message), /^No motors found: no motor driver answers on the I2C bus\. Looked for/);
  assert.match(
    String(message),
    /a Motor HAT at 0x60 on I2C bus 1, an Explorer HAT at 0x48 and 0x28 on bus 1/,
  );
  assert.match(String(message), /--simulate/);
});

test('a bus that can’t be opened is told with its mend', async () => {
  const { config } = loadConfig();
  const openBus = async () => {
    throw new I2cError('ENOENT', 1, null, 'the bus is not there. Switch it on');
  };
  const logger = { info() {}, warn() {} } as never;
  const message = await openDrivetrain(config, { logger, openBus }).catch((error: Error) => error.message);
  assert.match(String(message), /^No motors found: the bus is not there\. Switch it on\. Looked for/);
});

test('a driver that is named is not looked for', async () => {
  const bus = new FakeI2cBus();
  const hat = await open({ 'drive.driver': 'motor-hat' }, bus).catch((error: Error) => error.message);
  assert.match(String(hat), /Nothing answers at 96/);
  assert.not.ok(bus.log.some(({ kind }) => kind === 'probe'));
  const explorer = await open({ 'drive.driver': 'explorer-hat', 'explorerHat.pwm': 'kernel' }, bus).catch(
    (error: Error) => error.message,
  );
  assert.match(String(explorer), /^Can't drive the Explorer HAT: GPIO 19, 20, 21, 26 have no PWM/);
});

test.run();
