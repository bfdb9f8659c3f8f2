import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { loadConfig } from '../../config/load.ts';
import { checkPermissions, judgeClock } from '../../firmware/cli/doctor-machine.ts';
import { checkMotors } from '../../firmware/cli/doctor-motors.ts';
import { I2cError } from '../../firmware/drive/i2c.ts';
import { FakeI2cBus, PCA9685_RESET } from '../drive/fake-i2c.ts';
import { pwmFolder } from '../drive/pwm-folder.ts';

const NOBODY = 65_534;
const DAY_MS = 86_400_000;
const NOW_MS = Date.UTC(2026, 5, 1);

function motors(overrides: Record<string, unknown>, bus: FakeI2cBus, pwmRoot = '/nowhere') {
  // One bus for several openings.
  bus.close = async () => {};
  return checkMotors(loadConfig({ overrides }).config, { openBus: async () => bus, pwmRoot });
}

test('a Motor HAT in order, without a write to it', async () => {
  const bus = new FakeI2cBus();
  bus.addChip(0x60, PCA9685_RESET);
  const findings = await motors({}, bus);
  assert.equal(findings, [
    { what: 'I2C bus 1', detail: 'open' },
    { what: 'motors', detail: 'motor-hat: the Motor HAT answers' },
    { what: 'motor chip', detail: 'a PCA9685 at 0x60' },
  ]);
  assert.equal(bus.written(), []);
});

for (const [what, prepare, overrides, detail, mend] of [
  [
    'nothing on the bus',
    () => {},
    {},
    /^no motor driver answers/,
    /seat the HAT on all its pins; or name the driver by drive\.driver/,
  ],
  [
    'a silent Motor HAT',
    () => {},
    { 'drive.driver': 'motor-hat' },
    /^Nothing answers at 96/,
    /i2cdetect -y 1 .* motorHat\.address/,
  ],
  [
    'another chip at its address',
    (bus: FakeI2cBus) => bus.addChip(0x60).fill(0xff),
    {},
    /is no PCA9685/,
    /something else answers at 0x60/,
  ],
  [
    'an Explorer pHAT without the overlay',
    (bus: FakeI2cBus) => bus.addChip(0x48),
    { 'drive.driver': 'explorer-hat' },
    /^GPIO 19, 20, 21, 26 have no PWM/,
    /dtoverlay=pwm-gpio,gpio=N.*restart/,
  ],
  [
    'a basic Explorer HAT',
    (bus: FakeI2cBus) => bus.addChip(0x28),
    {},
    /it has no motor driver/,
    /seat the HAT/,
  ],
] as const) {
  test(`${what} is broken and has a mend`, async () => {
    const bus = new FakeI2cBus();
    prepare(bus);
    const broken = (await motors(overrides, bus)).filter((finding) => finding.mend !== undefined);
    assert.is(broken.length, 1);
    assert.match(broken[0]!.detail, detail);
    assert.match(broken[0]!.mend!, mend);
  });
}

test('a bus that is not there is the one finding', async () => {
  const openBus = async () => {
    throw new I2cError('ENOENT', 1, null, 'it is not there', { mend: 'switch it on' });
  };
  const findings = await checkMotors(loadConfig().config, { openBus });
  assert.equal(findings, [
    { what: 'I2C bus 1', detail: 'it is not there: switch it on', mend: 'switch it on' },
  ]);
});

test('an Explorer HAT with its overlay is in order', async () => {
  const bus = new FakeI2cBus();
  bus.addChip(0x48);
  const folder = pwmFolder([19, 20, 21, 26]);
  const findings = await motors({}, bus, folder.root);
  assert.not.ok(findings.some(({ mend }) => mend));
  assert.match(findings.at(-1)!.detail, /overlay pwm-gpio/);
  folder.remove();
});

test('names the devices a user may not open, and the groups to join', () => {
  const root = mkdtempSync(join(tmpdir(), 'roverd-devices-'));
  for (const folder of ['dev/dma_heap', 'sys/class/pwm/pwmchip0'])
    mkdirSync(join(root, folder), { recursive: true });
  for (const name of ['dev/i2c-1', 'dev/video0', 'dev/ttyS0', 'sys/class/pwm/pwmchip0/export']) {
    writeFileSync(join(root, name), '');
  }
  const { config } = loadConfig();
  const asRoot = process.geteuid?.() === 0;
  if (asRoot) execFileSync('chown', ['-R', `${NOBODY}`, root]);
  if (asRoot) process.seteuid?.(NOBODY);
  try {
    assert.is(checkPermissions(config, root).mend, undefined);
    for (const name of ['dev/i2c-1', 'dev/ttyS0', 'sys/class/pwm/pwmchip0/export']) {
      chmodSync(join(root, name), 0o400);
    }
    const { detail, mend } = checkPermissions(config, root);
    assert.match(mend!, /^sudo usermod -aG i2c,gpio \S+, then log in again$/);
    assert.ok(detail.includes(join(root, 'dev/i2c-1')));
    assert.ok(detail.includes(join(root, 'sys/class/pwm/pwmchip0/export')));
    assert.not.ok(detail.includes('ttyS0'));
    chmodSync(join(root, 'dev/video0'), 0o400);
    assert.match(checkPermissions(config, root).mend!, 'i2c,gpio,video');
    const blind = loadConfig({ overrides: { 'video.enabled': false } }).config;
    assert.not.match(checkPermissions(blind, root).mend!, 'video');
  } finally {
    if (asRoot) process.seteuid?.(0);
  }
  rmSync(root, { recursive: true });
});

for (const [what, nowMs, synchronised, isBroken] of [
  ['set and followed', NOW_MS, true, false],
  ['set by nobody', NOW_MS, false, true],
  ['of a system that does not tell', NOW_MS, null, false],
  ['before the files of roverd', NOW_MS - 2 * DAY_MS, true, true],
] as const) {
  test(`a clock ${what} is ${isBroken ? 'broken' : 'in order'}`, () => {
    const { mend, detail } = judgeClock({ nowMs, pastMs: NOW_MS - DAY_MS, synchronised });
    assert.is(mend !== undefined, isBroken);
    if (isBroken) assert.match(mend!, 'timedatectl set-ntp true');
    assert.match(detail, /^2026-/);
  });
}

test.run();
