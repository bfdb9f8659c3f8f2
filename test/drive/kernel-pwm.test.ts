import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { findPwmGpios, kernelPwmPin } from '../../firmware/drive/kernel-pwm.ts';
import { cells, pwmFolder } from './pwm-folder.ts';

const NOBODY = 65_534;
const noPause = async () => {};

test('finds the chip of each GPIO by its device tree node, and no chip of another kind', async () => {
  const folder = pwmFolder([26, 4, 19]);
  const other = join(folder.root, 'pwmchip7/device/of_node');
  mkdirSync(other, { recursive: true });
  writeFileSync(join(other, 'compatible'), 'brcm,bcm2835-pwm\0');
  writeFileSync(join(other, 'gpios'), cells(1, 20, 0));
  mkdirSync(join(folder.root, 'pwmchip8/device'), { recursive: true });
  mkdirSync(join(folder.root, 'pwmchip9/device/of_node'), { recursive: true });
  writeFileSync(join(folder.root, 'pwmchip9/device/of_node/compatible'), 'pwm-gpio\0');
  writeFileSync(join(folder.root, 'pwmchip9/device/of_node/gpios'), cells(1));
  const found = await findPwmGpios(folder.root);
  assert.equal(
    [...found].map(([gpio, chip]) => [gpio, chip.slice(folder.root.length)]),
    [
      [26, '/pwmchip0'],
      [4, '/pwmchip1'],
      [19, '/pwmchip2'],
    ],
  );
  folder.remove();
  assert.equal(await findPwmGpios(folder.root), new Map());
});

for (const [what, chip, compatible, gpios, found] of [
  ['of many digits', 'pwmchip120', 'pwm-gpio\0', cells(1, 20), true],
  ['of several kinds', 'pwmchip1', 'vendor,pwm\0pwm-gpio\0', cells(1, 20, 0), true],
  ['whose name goes on', 'pwmchip1-old', 'pwm-gpio\0', cells(1, 20, 0), false],
  ['whose name begins otherwise', 'my-pwmchip1', 'pwm-gpio\0', cells(1, 20, 0), false],
  ['without a number', 'pwmchip', 'pwm-gpio\0', cells(1, 20, 0), false],
  ['of a kind whose name goes on', 'pwmchip1', 'pwm-gpio-2\0', cells(1, 20, 0), false],
  ['without a GPIO', 'pwmchip1', 'pwm-gpio\0', null, false],
] as const) {
  test(`a chip ${what} is ${found ? '' : 'not '}taken`, async () => {
    const folder = pwmFolder([]);
    const node = join(folder.root, chip, 'device/of_node');
    mkdirSync(node, { recursive: true });
    writeFileSync(join(node, 'compatible'), compatible);
    if (gpios) writeFileSync(join(node, 'gpios'), gpios);
    assert.equal([...(await findPwmGpios(folder.root))], found ? [[20, join(folder.root, chip)]] : []);
    folder.remove();
  });
}

test('opens low and enabled with its period, writes duties in ns, and closes low and off', async () => {
  const folder = pwmFolder([20]);
  const pin = kernelPwmPin(join(folder.root, 'pwmchip0'), 100, noPause);
  await pin.open();
  assert.is(readFileSync(join(folder.root, 'pwmchip0/export'), 'utf8'), '0');
  assert.equal(
    ['period', 'duty_cycle', 'enable'].map((name) => folder.number(20, name)),
    [10_000_000, 0, 1],
  );
  await pin.write(1);
  assert.is(folder.number(20, 'duty_cycle'), 10_000_000);
  await pin.close();
  assert.is(folder.number(20, 'enable'), 0);
  assert.is(readFileSync(join(folder.pin(20), 'duty_cycle'), 'utf8')[0], '0');
  await pin.close();
  folder.remove();
});

test('its silence names the files, duty first', () => {
  const pin = kernelPwmPin('/sys/class/pwm/pwmchip3', 100, noPause);
  assert.equal(pin.silence, [
    { kind: 'file-write', path: '/sys/class/pwm/pwmchip3/pwm0/duty_cycle', text: '0' },
    { kind: 'file-write', path: '/sys/class/pwm/pwmchip3/pwm0/enable', text: '0' },
  ]);
});

/** Files that this process has open in a folder. */
const openFiles = (folder: string) =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(folder);
    } catch {
      return false;
    }
  }).length;

test('says what it can’t use, and keeps no file of it open', async () => {
  const folder = pwmFolder([20]);
  rmSync(join(folder.pin(20), 'enable'));
  let pauses = 0;
  const pin = kernelPwmPin(join(folder.root, 'pwmchip0'), 100, async () => {
    pauses += 1;
  });
  const failure = await pin.open().catch((error: Error) => error);
  assert.match(String(failure), /^Error: Can't use the PWM of .*pwmchip0: ENOENT.*enable'$/);
  assert.is(((failure as Error).cause as NodeJS.ErrnoException).code, 'ENOENT');
  assert.is(pauses, 0, 'no file comes by waiting');
  assert.is(openFiles(folder.root), 0);
  assert.match(String(await pin.write(1).catch((error: Error) => error.message)), /is closed/);
  folder.remove();
});

test('a chip that can’t export is told as such', async () => {
  const folder = pwmFolder([]);
  const pin = kernelPwmPin(join(folder.root, 'pwmchip5'), 100, noPause);
  assert.match(
    String(await pin.open().catch(String)),
    /^Error: Can't use the PWM of .*pwmchip5: ENOENT.*export'$/,
  );
  folder.remove();
});

test('a period that is refused leaves nothing open', async () => {
  const folder = pwmFolder([20]);
  rmSync(join(folder.pin(20), 'period'));
  mkdirSync(join(folder.pin(20), 'period'));
  const pin = kernelPwmPin(join(folder.root, 'pwmchip0'), 100, noPause);
  assert.match(String(await pin.open().catch(String)), /^Error: Can't use the PWM of .*: EISDIR/);
  assert.is(openFiles(folder.root), 0);
  folder.remove();
});

test('closing closes its files', async () => {
  const folder = pwmFolder([20]);
  const pin = kernelPwmPin(join(folder.root, 'pwmchip0'), 100, noPause);
  await pin.open();
  assert.is(openFiles(folder.root), 2);
  await pin.close();
  assert.is(openFiles(folder.root), 0);
  folder.remove();
});

test('waits until udev has given the files to the user', async () => {
  const folder = pwmFolder([20]);
  const duty = join(folder.pin(20), 'duty_cycle');
  chmodSync(duty, 0);
  // Root may open everything, so it is somebody else meanwhile.
  const asRoot = process.geteuid?.() === 0;
  if (asRoot) execFileSync('chown', ['-R', `${NOBODY}`, folder.root]);
  if (asRoot) process.seteuid?.(NOBODY);
  let pauses = 0;
  const pin = kernelPwmPin(join(folder.root, 'pwmchip0'), 100, async () => {
    pauses += 1;
    if (pauses === 3) chmodSync(duty, 0o600);
  });
  try {
    await pin.open();
    assert.is(pauses, 3);
    await pin.close();
    chmodSync(duty, 0);
    pauses = 10;
    const never = await pin.open().catch((error: Error) => error.message);
    assert.match(String(never), /EACCES.*Add the user to the group gpio/);
    assert.is(pauses, 10 + 199);
  } finally {
    if (asRoot) process.seteuid?.(0);
  }
  folder.remove();
});

test.run();
