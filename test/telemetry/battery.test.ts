import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { loadConfig } from '../../config/load.ts';
import { createBatterySensor } from '../../firmware/telemetry/battery.ts';
import { cellCharge, restingCellVolts } from '../../firmware/telemetry/battery-curves.ts';
import { FakeBus, fakeAds1015 } from './fake-bus.ts';
import { collectLog } from './time.ts';

const CHEMISTRIES = ['lipo', 'liion', 'nimh', 'lead'] as const;

/** A battery of two LiPo cells behind a divider by 2 on AIN0, read each second of made-up time. */
function begin(overrides: Record<string, unknown> = {}) {
  const { battery } = loadConfig({ overrides: { 'battery.enabled': 'on', ...overrides } }).config;
  const bus = new FakeBus();
  const chip = fakeAds1015();
  bus.chips.set(battery.address, chip);
  const { lines, logger } = collectLog();
  const time = { nowMs: 0, pauses: [] as number[] };
  const sensor = createBatterySensor(battery, {
    bus: async () => bus,
    nowMs: () => time.nowMs,
    pause: async (ms) => void time.pauses.push(ms),
    logger,
  });
  const second = async (batteryVolts: number) => {
    chip.state.volts[battery.channel] = batteryVolts / battery.dividerRatio;
    const samples = await sensor.read();
    time.nowMs += 1000;
    return samples;
  };
  return { bus, chip, lines, time, sensor, second };
}

for (const chemistry of CHEMISTRIES) {
  test(`the curve of ${chemistry} rises, and charge and volts are each other's inverse`, () => {
    let before = 0;
    for (let ratio = 0; ratio <= 1; ratio += 0.01) {
      const volts = restingCellVolts(chemistry, ratio);
      assert.ok(volts > before, `${volts} V at ${ratio}`);
      assert.ok(Math.abs(cellCharge(chemistry, volts) - ratio) < 1e-9);
      before = volts;
    }
    assert.is(cellCharge(chemistry, 0), 0);
    assert.is(cellCharge(chemistry, 5), 1);
    assert.is(restingCellVolts(chemistry, 2), restingCellVolts(chemistry, 1));
  });
}

test('known points of the curves', () => {
  assert.is(cellCharge('lipo', 3.84), 0.5);
  assert.is(cellCharge('lipo', 4.2), 1);
  assert.is(cellCharge('lipo', 3.27), 0);
  assert.ok(Math.abs(cellCharge('lead', 12.24 / 6) - 0.5) < 0.01);
  assert.ok(Math.abs(cellCharge('liion', 3.67) - 0.4) < 1e-9);
});

test('asks for one conversion of the input at ±6.144 V, and for its result when it is done', async () => {
  const { chip, second, time, bus } = begin({ 'battery.channel': 2 });
  chip.state.looksToWait = 3;
  assert.equal(await second(7.68), { batteryVolts: 7.68, batteryRatio: 0.5 });
  // OS, AIN2 against ground, ±6.144 V, single shot, 250 a second, comparator off (SBAS473E table 8-3).
  assert.equal(chip.state.configs, [0b1_110_000_1_001_0_0_0_11]);
  assert.equal(time.pauses, [5, 5, 5]);
  assert.is(bus.calls.length, 1 + 3 + 1);
});

test('a conversion that never ends is no reading, and no endless wait', async () => {
  const { chip, second, bus, lines } = begin();
  chip.state.looksToWait = 1000;
  assert.is(await second(7.68), null);
  assert.ok(bus.calls.length < 10);
  assert.equal(lines, ['warn the battery is not measured']);
});

test('divider, cells and chemistry come from the configuration', async () => {
  const { second } = begin({
    'battery.dividerRatio': 4,
    'battery.cells': 6,
    'battery.chemistry': 'lead',
  });
  const samples = await second(12.24);
  assert.is(samples?.batteryVolts, 12.24);
  assert.ok(Math.abs(samples!.batteryRatio! - 0.5) < 0.01);
});

test('a motor that starts does not empty the battery; one that is empty shows within a minute', async () => {
  const { second } = begin();
  for (let s = 0; s < 5; s++) await second(7.68);
  // Two seconds of a volt less, as a pair of small motors draws at start.
  for (let s = 0; s < 2; s++) {
    const sagging = await second(6.7);
    assert.is(sagging?.batteryVolts, 6.702, 'volts are told as they are, in steps of the converter');
    assert.ok(sagging!.batteryRatio! > 0.2, `${sagging?.batteryRatio}`);
  }
  let ratio = 0;
  for (let s = 0; s < 10; s++) ratio = (await second(7.68))!.batteryRatio!;
  assert.ok(Math.abs(ratio - 0.5) < 0.02, `${ratio} after the sag`);
  for (let s = 0; s < 60; s++) ratio = (await second(6.6))!.batteryRatio!;
  assert.ok(ratio < 0.05, `${ratio} after a minute`);
});

test('null while the chip does not answer, whatever the fault, and tried again; told once', async () => {
  const { second, bus, chip, lines } = begin();
  for (const code of ['EREMOTEIO', 'EIO', 'ETIMEDOUT']) {
    bus.failing = code;
    assert.is(await second(7.68), null);
  }
  bus.failing = null;
  assert.is((await second(7.68))?.batteryRatio, 0.5);
  bus.chips.clear();
  assert.is(await second(7.68), null);
  bus.chips.set(0x48, chip);
  assert.is((await second(7.68))?.batteryRatio, 0.5);
  assert.equal(lines, [
    'warn the battery is not measured',
    'info the battery is measured again',
    'warn the battery is not measured',
    'info the battery is measured again',
  ]);
});

test('a bus that can not be opened is null too', async () => {
  const { battery } = loadConfig({ overrides: { 'battery.enabled': 'on' } }).config;
  const { logger } = collectLog();
  const bus = () => Promise.reject(new Error('no such bus'));
  const sensor = createBatterySensor(battery, { bus, nowMs: () => 0, pause: async () => {}, logger });
  assert.is(await sensor.read(), null);
});

test('an input without a battery is null, not an empty battery', async () => {
  const { second } = begin();
  assert.is(await second(0), null);
  assert.is(await second(3.2), null);
  assert.is((await second(3.4))?.batteryRatio, 0, 'half of the voltage of an empty one is a very empty one');
});

test('auto believes in a battery once it has seen a voltage of one', async () => {
  for (const [volts, seen] of [
    [5.8, false],
    [5.95, true],
    [9.2, true],
    [9.3, false],
  ] as const) {
    const { second, lines } = begin({ 'battery.enabled': 'auto' });
    assert.is((await second(volts)) !== null, seen, `${volts} V`);
    assert.is(lines.length, seen ? 1 : 0);
  }
  const { second } = begin({ 'battery.enabled': 'auto' });
  await second(7.68);
  assert.is((await second(5))?.batteryVolts, 4.998, 'and stays with it');
});

test.run();
