import { existsSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Chips, ownChips } from './chips.ts';
import { createPwmTree, type PwmTree, readAttribute } from './pwm-tree.ts';
import { startSecond, until } from './second-process.ts';

const test = suite('emulated kernel PWM');
let chips: Chips;
let tree: PwmTree;
let chip: string;
test.before.each(() => {
  chips = ownChips();
  tree = createPwmTree(chips, {
    chips: [
      { name: 'raspberrypi,rp1-pwm', npwm: 4 },
      { name: 'pwm-gpio', gpio: 20 },
      { name: 'pwm-gpio', gpio: 19 },
    ],
  });
  chip = tree.chip(20);
});
test.after.each(() => {
  chips.clearFaults();
  tree.close();
  chips.close();
});

const set = (name: string, value: string | number, at = chip) =>
  writeFileSync(join(at, 'pwm0', name), String(value));
function exported(periodNs = 10_000_000): void {
  writeFileSync(join(chip, 'export'), '0');
  set('period', periodNs);
}

test('the device tree tells which GPIO is behind a chip', () => {
  const ofNode = join(chip, 'device/of_node');
  assert.is(readFileSync(join(ofNode, 'compatible'), 'latin1'), 'pwm-gpio\0');
  const gpios = readFileSync(join(ofNode, 'gpios'));
  assert.is(gpios.length, 12);
  assert.is(gpios.readUInt32BE(4), 20);
  assert.match(realpathSync(chip), /\/devices\/platform\/pwm_gpio@14\/pwm\/pwmchip1$/);
  assert.is(readFileSync(join(tree.root, 'pwmchip0/npwm'), 'utf8'), '4\n');
});

test('an export makes the files of its channel, an unexport removes them', () => {
  assert.not(existsSync(join(chip, 'pwm0')));
  writeFileSync(join(chip, 'export'), '0\n');
  for (const [name, value] of Object.entries({
    period: '0',
    duty_cycle: '0',
    enable: '0',
    polarity: 'normal',
  })) {
    assert.is(readAttribute(chip, name), value);
  }
  assert.throws(() => writeFileSync(join(chip, 'export'), '0'), /EBUSY/);
  writeFileSync(join(chip, 'unexport'), '0');
  assert.not(existsSync(join(chip, 'pwm0')));
  assert.throws(() => writeFileSync(join(chip, 'unexport'), '0'), /ENODEV/);
  assert.throws(() => writeFileSync(join(chip, 'export'), '1'), /ENODEV/);
  assert.throws(() => writeFileSync(join(chip, 'export'), 'x'), /EINVAL/);
  writeFileSync(join(tree.root, 'pwmchip0/export'), '3');
  assert.ok(existsSync(join(tree.root, 'pwmchip0/pwm3/period')));
});

test('a duty is high for its share of the period while enabled', () => {
  exported(10_000_000);
  set('duty_cycle', 2_500_000);
  assert.is(tree.duty(20), 0);
  set('enable', 1);
  assert.is(tree.duty(20), 0.25);
  assert.is(tree.periodNs(20), 10_000_000);
  set('polarity', 'inversed\n');
  assert.is(tree.duty(20), 0.75);
  set('enable', 0);
  assert.is(tree.duty(20), 0);
  assert.is(readAttribute(chip, 'polarity'), 'inversed');
  assert.is(readAttribute(chip, 'duty_cycle'), '2500000');
});

test('what the kernel refuses changes nothing', () => {
  writeFileSync(join(chip, 'export'), '0');
  // Without a period nothing is valid, not even switching off.
  for (const [name, value] of [
    ['duty_cycle', '0'],
    ['enable', '0'],
    ['enable', '1'],
    ['period', '0'],
  ] as const) {
    assert.throws(() => set(name, value), /EINVAL/, `${name} ${value}`);
  }
  set('period', 1000);
  set('duty_cycle', 400);
  for (const [name, value, code] of [
    ['duty_cycle', '1001', /EINVAL/],
    ['period', '399', /EINVAL/],
    ['enable', '2', /EINVAL/],
    ['duty_cycle', '-1', /EINVAL/],
    ['duty_cycle', '', /EINVAL/],
    ['duty_cycle', '10 ', /EINVAL/],
    ['duty_cycle', '10\n\n', /EINVAL/],
    ['polarity', 'upside', /EINVAL/],
    ['period', '99999999999999999999', /ERANGE/],
  ] as const) {
    // Nothing is written for an empty text by Node; the kernel would refuse it.
    if (value !== '') assert.throws(() => set(name, value), code, `${name} ${value}`);
  }
  assert.is(readAttribute(chip, 'period'), '1000');
  assert.is(readAttribute(chip, 'duty_cycle'), '400');
  set('duty_cycle', '0x10\n');
  assert.is(readAttribute(chip, 'duty_cycle'), '16');
});

test('no files can be made, and opening does not empty one', async () => {
  exported(1000);
  assert.throws(() => writeFileSync(join(chip, 'pwm0/other'), '1'), /EACCES/);
  await (await open(join(chip, 'pwm0/period'), 'w')).close();
  assert.is(await readFile(join(chip, 'pwm0/period'), 'utf8'), '1000\n');
  const kept = await open(join(realpathSync(chip), 'pwm0/duty_cycle'), 'r+');
  for (const duty of [900, 5, 70]) {
    await kept.write(`${duty}\n`, 0);
    assert.is(readAttribute(chip, 'duty_cycle'), String(duty));
  }
  await kept.close();
});

test('what was set outlives unexport', () => {
  exported(1000);
  set('duty_cycle', 500);
  set('enable', 1);
  writeFileSync(join(chip, 'unexport'), '0');
  assert.is(tree.duty(20), 0.5);
  writeFileSync(join(chip, 'export'), '0');
  assert.is(readAttribute(chip, 'enable'), '1');
});

test('the log has each write, and the history the time when pins went low for good', async () => {
  exported(1000);
  set('duty_cycle', 500);
  const startNs = process.hrtime.bigint();
  set('enable', 1);
  assert.is(tree.offSince(startNs, [20, 19]), null);
  await writeFile(join(chip, 'pwm0/duty_cycle'), '0');
  const { attribute, written, error, endNs, kind, address } = chips.log().at(-1)!;
  assert.equal([kind, address, attribute, String(written), error], ['pwm', 1, 'duty_cycle', '0', null]);
  assert.is(tree.offSince(startNs, [20, 19]), endNs);
  assert.throws(() => set('duty_cycle', 1001));
  assert.is(chips.log().at(-1)!.error, 'EINVAL');
  assert.is(tree.offSince(startNs, [20, 19]), endNs);
});

test('faults: an error at one attribute, a delay, a hang', async () => {
  exported(1000);
  const fault = tree.inject({ error: 'EIO', gpio: 20, attribute: 'duty_cycle', times: 1 });
  set('enable', 1);
  assert.throws(() => set('duty_cycle', 5), /EIO/);
  set('duty_cycle', 5);
  assert.is(fault.hits(), 1);

  tree.inject({ slowMs: 20, attribute: 'enable', times: 1 });
  set('enable', 0);
  const { startNs, endNs } = chips.log().at(-1)!;
  assert.ok(endNs - startNs >= 20_000_000n);

  const hang = tree.inject({ hang: 'call', attribute: 'period' });
  const hung = writeFile(join(chip, 'pwm0/period'), '2000');
  await until('it hangs', () => hang.hits() === 1);
  set('duty_cycle', 6);
  assert.is(tree.periodNs(20), 1000);
  hang.clear();
  await hung;
  assert.is(tree.periodNs(20), 2000);

  tree.inject({ error: 'EIO', direction: 'read', times: 1 });
  assert.throws(() => readAttribute(chip, 'period'), /EIO/);
  assert.is(readAttribute(chip, 'period'), '2000');
});

test('a shell drives it as a program does', async () => {
  const second = startSecond(
    chips,
    `
say(os.system('cd ${chip} && echo 0 > export && echo 1000 > pwm0/period && echo 250 > pwm0/duty_cycle && echo 1 > pwm0/enable'))
say(os.system('echo 2000 > ${chip}/pwm0/duty_cycle 2>/dev/null') != 0)
`,
  );
  assert.equal(await second.rest(), ['0', 'True']);
  assert.is(tree.duty(20), 0.25);
});

test('after an export the files belong to nobody else until udev was there', async () => {
  const onlyAfter = (groupAfterMs: number) => {
    tree.close();
    tree = createPwmTree(chips, { chips: [{ name: 'pwm-gpio', gpio: 20 }], groupAfterMs });
    chip = tree.chip(20);
    writeFileSync(join(chip, 'export'), '0');
  };
  onlyAfter(60_000);
  assert.throws(() => set('period', 1000), /EACCES/);
  assert.throws(() => readAttribute(chip, 'period'), /EACCES/);
  onlyAfter(30);
  const { beginNs } = chips.log().at(-1)!;
  await until('the file can be opened', () => {
    try {
      set('period', 1000);
      return true;
    } catch {
      return false;
    }
  });
  assert.ok(chips.log().at(-1)!.startNs - beginNs >= 30_000_000n);
});

test.run();
