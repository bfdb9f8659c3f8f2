import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createPowerSensor, parseThrottled, throttledSamples } from '../../firmware/telemetry/throttled.ts';

const test = suite('power');
const roots: string[] = [];
test.after(() => {
  for (const root of roots) rmSync(root, { recursive: true });
});

const FIRMWARE = 'sys/devices/platform/soc/soc:firmware/get_throttled';
const monitor = (number: number, name: string, alarm: string) => ({
  [`sys/class/hwmon/hwmon${number}/name`]: `${name}\n`,
  [`sys/class/hwmon/hwmon${number}/in0_lcrit_alarm`]: `${alarm}\n`,
});

/** A machine with these files, and a vcgencmd that is this script (of sh), or none. */
function machine(files: Record<string, string>, script: string | null = null) {
  const root = mkdtempSync(join(tmpdir(), 'roverd-power-'));
  roots.push(root);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  const vcgencmd = join(root, 'vcgencmd');
  const install = (text: string) => {
    writeFileSync(vcgencmd, `#!/bin/sh\n${text}\n`);
    chmodSync(vcgencmd, 0o755);
  };
  if (script !== null) install(script);
  const time = { nowMs: 0 };
  return { root, time, install, sensor: createPowerSensor({ root, vcgencmd, nowMs: () => time.nowMs }) };
}

const texts: [string, number | null][] = [
  ['throttled=0x0\n', 0],
  ['throttled=0x50005\n', 0x50005],
  ['50000\n', 0x50000],
  ['0', 0],
  ['', null],
  ['error=1 error_msg="Command not registered"', null],
  ['VCHI initialization failed', null],
];
for (const [text, bits] of texts) {
  test(`${JSON.stringify(text)} is ${bits}`, () => assert.is(parseThrottled(text), bits));
}

const bits: [number, Partial<ReturnType<typeof throttledSamples>>][] = [
  [0x0, {}],
  [0x1, { underVoltage: 1 }],
  [0x2, { frequencyCapped: 1 }],
  [0x4, { throttled: 1 }],
  [0x8, { temperatureLimited: 1 }],
  [0x10000, { underVoltageSinceStart: 1 }],
  [0x20000, { throttledSinceStart: 1 }],
  [0x40000, { throttledSinceStart: 1 }],
  [0x80000, { throttledSinceStart: 1 }],
];
for (const [value, set] of bits) {
  test(`bits 0x${value.toString(16)} mean ${Object.keys(set).join() || 'nothing'}`, () => {
    assert.equal(throttledSamples(value), { ...NOTHING, ...set });
  });
}
const NOTHING = throttledSamples(0);

test('another machine than a Pi has no such reading', async () => {
  assert.is(await machine({}).sensor.read(), null);
  assert.is(await machine(monitor(0, 'coretemp', '1')).sensor.read(), null);
});

test("the kernel's file goes before the command", async () => {
  const { sensor, root } = machine({ [FIRMWARE]: '1\n' }, 'touch "$0.ran"; echo throttled=0x4');
  assert.equal(await sensor.read(), { ...NOTHING, underVoltage: 1 });
  assert.throws(() => readFileSync(join(root, 'vcgencmd.ran')));
});

test('the command is asked for get_throttled where there is no file', async () => {
  const { sensor } = machine({}, '[ "$1" = get_throttled ] && echo throttled=0x50004');
  assert.equal(await sensor.read(), {
    ...NOTHING,
    throttled: 1,
    underVoltageSinceStart: 1,
    throttledSinceStart: 1,
  });
});

test('a command that fails or says something else is no reading', async () => {
  assert.is(await machine({}, 'echo "VCHI initialization failed"; exit 255').sensor.read(), null);
  assert.is(await machine({}, 'echo nonsense').sensor.read(), null);
});

test('a command that hangs is killed, and not waited for', async () => {
  const { sensor, root } = machine({}, 'echo $$ > "$0.pid"; exec sleep 60');
  assert.is(await sensor.read(), null);
  const pid = Number(readFileSync(join(root, 'vcgencmd.pid'), 'utf8'));
  assert.throws(() => process.kill(pid, 0), 'it is gone');
});

test('a missing command is looked for again after a minute', async () => {
  const { sensor, install, time } = machine({});
  assert.is(await sensor.read(), null);
  install('echo throttled=0x1');
  time.nowMs = 59_999;
  assert.is(await sensor.read(), null);
  time.nowMs = 60_000;
  assert.is((await sensor.read())?.underVoltage, 1);
});

test('the voltage monitor is found by name, whatever its number', async () => {
  const files = { ...monitor(0, 'cpu_thermal', '1'), ...monitor(3, 'rpi_volt', '0') };
  const { sensor, root } = machine(files);
  assert.equal(await sensor.read(), { underVoltage: 0 });
  writeFileSync(join(root, 'sys/class/hwmon/hwmon3/in0_lcrit_alarm'), '1\n');
  assert.equal(await sensor.read(), { underVoltage: 1 });
  writeFileSync(join(root, 'sys/class/hwmon/hwmon3/in0_lcrit_alarm'), 'what\n');
  assert.is(await sensor.read(), null);
});

test('either of the two may raise the alarm', async () => {
  for (const [file, alarm, expected] of [
    ['0', '1', 1],
    ['1', '0', 1],
    ['0', '0', 0],
  ] as const) {
    const { sensor } = machine({ [FIRMWARE]: file, ...monitor(1, 'rpi_volt', alarm) });
    assert.is((await sensor.read())?.underVoltage, expected, `${file} and ${alarm}`);
  }
});

test.run();
