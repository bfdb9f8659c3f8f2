import { setTimeout as pause } from 'node:timers/promises';
import { merge } from 'rxjs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { loadConfig } from '../../config/load.ts';
import { createPipeline } from '../../firmware/command/pipeline.ts';
import type { Drivetrain } from '../../firmware/drive/drivetrain.ts';
import { openI2cBus } from '../../firmware/drive/i2c.ts';
import { readAds1015 } from '../../firmware/telemetry/ads1015.ts';
import { openSensors } from '../../firmware/telemetry/open.ts';
import { sampleFaults } from '../../firmware/telemetry/rules.ts';
import type { Samples } from '../../firmware/telemetry/sensor.ts';
import { createTelemetry } from '../../firmware/telemetry/telemetry.ts';
import { type Chips, type ChipsOptions, ownChips } from '../chips/chips.ts';
import { ada } from '../command/helpers.ts';
import { until } from '../teleop/rig.ts';
import { collectLog } from './time.ts';

/** The emulated chips of test/chips, reached through the real i2c-bus addon by the real sensors. */
const test = suite('sensors on I2C');
const ADC = 0x48;
const TOUCH = 0x28;
const clock = { nowMs: () => performance.now(), wallMs: () => Date.now() };
const forward = { drive: { linear: 1, angular: 0 } };
const back = { drive: { linear: -1, angular: 0 } };
const release = { drive: { linear: 0, angular: 0 } };

/** Wheels that only remember, and when they were stopped. */
function recorder() {
  const state = { left: 0, right: 0, stoppedNs: [] as bigint[] };
  const drivetrain: Drivetrain = {
    async set(left, right) {
      Object.assign(state, { left, right });
    },
    async stop() {
      Object.assign(state, { left: 0, right: 0 });
      state.stoppedNs.push(process.hrtime.bigint());
    },
    close: async () => undefined,
    describe: () => ({ name: 'recorder', capabilities: { brake: false, reverse: true }, silence: [] }),
  };
  return { state, drivetrain };
}

/** Sensors, rules and pipeline put together as the robot does. For `hurry` ms of the rules a real one passes. */
async function begin(options: ChipsOptions, overrides: Record<string, unknown>, { hurry = 1 } = {}) {
  const chips = ownChips(options);
  const all = { 'telemetry.everyMs': 100, 'limits.setAfterMs': 0, 'drive.rampPerS': 100, ...overrides };
  const { config } = loadConfig({ overrides: all });
  const { logger, lines } = collectLog();
  const wheels = recorder();
  const pipeline = createPipeline({
    drivetrain: wheels.drivetrain,
    settings: { ...config.drive, ...config.command, limits: config.limits },
    writeTimeoutMs: 1000,
    clock,
  });
  return {
    chips,
    lines,
    wheels: wheels.state,
    pipeline,
    /** While `body` runs, an operator holds the control forward, until `hold` says otherwise. */
    async run(body: (running: Running) => Promise<void>) {
      const nowMs = () => clock.nowMs() * hurry;
      const sensors = await openSensors(config, { logger, nowMs, simulated: null });
      const telemetry = createTelemetry({ sensors: sensors.all, everyMs: config.telemetry.everyMs, logger });
      const faults$ = merge(sensors.faults$, sampleFaults(telemetry.samples$, config.limits, nowMs));
      const listening = faults$.subscribe(({ code, active }) => pipeline.fault(code, active));
      let held = forward;
      const hold = (wish: typeof forward) => {
        held = wish;
        pipeline.send(ada, held);
      };
      const holding = setInterval(() => pipeline.send(ada, held), 50);
      try {
        await body({ samples: () => telemetry.latest(), hold });
      } finally {
        clearInterval(holding);
        listening.unsubscribe();
        await telemetry.close();
        await sensors.close();
        await pipeline.close();
        chips.close();
      }
    },
  };
}

interface Running {
  samples(): Samples;
  hold(wish: typeof forward): void;
}

test('the four inputs are told apart, to a step of 3 mV, up to both ends of the range', async () => {
  const chips = ownChips({ ads1015: [ADC] });
  const bus = await openI2cBus(1);
  for (const [input, volts] of [1.23, 3.3, 0.003, 5.0].entries()) chips.setVolts(input, volts);
  for (const [channel, volts] of [
    [0, 1.23],
    [1, 3.3],
    [2, 0.003],
    [3, 5.0],
  ] as const) {
    const measured = await readAds1015(bus, ADC, channel, pause);
    assert.ok(Math.abs(measured - volts) <= 0.0015, `${measured} V instead of ${volts} V at AIN${channel}`);
  }
  chips.setVolts(0, -0.3);
  assert.ok(Math.abs((await readAds1015(bus, ADC, 0, pause)) + 0.3) <= 0.0015);
  chips.setVolts(0, 7);
  assert.ok(Math.abs((await readAds1015(bus, ADC, 0, pause)) - 6.141) < 0.001);
  await bus.close();
  chips.close();
});

test('a result is read only when its conversion is over', async () => {
  const chips = ownChips({ ads1015: [ADC] });
  const bus = await openI2cBus(1);
  chips.setVolts(0, 4);
  const hasty = await readAds1015(bus, ADC, 0, async () => undefined).catch((error: Error) => error.message);
  // On a slow machine four looks may take as long as a conversion.
  if (typeof hasty === 'number') assert.ok(Math.abs(hasty - 4) < 0.002, `${hasty} V`);
  else assert.match(hasty, 'Expected the ADS1015 at 0x48 to convert within 5 ms');
  chips.setVolts(0, 2);
  chips.clearLog();
  assert.ok(Math.abs((await readAds1015(bus, ADC, 0, pause)) - 2) < 0.002);
  const log = chips.log();
  const started = log.find(({ written }) => written[0] === 1 && written.length === 3)!;
  const read = log.findLast(({ written, readLength }) => written[0] === 0 && readLength === 2)!;
  const waitedNs = read.beginNs - started.endNs;
  assert.ok(waitedNs >= 4_000_000n, `read ${waitedNs} ns after its start`);
  await bus.close();
  chips.close();
});

test('a battery that runs down limits, then stops, and drives again only after charge and reset', async () => {
  const { chips, wheels, pipeline, run } = await begin(
    { ads1015: [ADC] },
    { 'battery.dividerRatio': 3, 'battery.cells': 3, 'battery.channel': 1, 'limits.clearAfterMs': 1000 },
    { hurry: 200 },
  );
  const reasons = () => pipeline.report().reasons.map(({ code }) => code);
  // Three cells behind a divider by three: the input sees the volts of one.
  const cellsAt = (volts: number) => chips.setVolts(1, volts);
  cellsAt(3.84);
  await run(async ({ samples, hold }) => {
    await until(() => wheels.left === 1, 'full speed');
    await until(() => samples().batteryRatio === 0.5, 'half charged');
    assert.is(samples().batteryVolts, 11.52);
    cellsAt(3.7);
    await until(() => wheels.left === 0.5, 'half speed', 5000);
    assert.ok(reasons().includes('battery_low'));
    cellsAt(3.3);
    await until(() => reasons().includes('battery_empty') && wheels.left === 0, 'stopped', 5000);
    cellsAt(3.84);
    await until(() => (samples().batteryRatio ?? 0) > 0.45, 'charged', 5000);
    await until(() => !reasons().includes('battery_low'), 'no longer low', 5000);
    assert.ok(reasons().includes('battery_empty'));
    assert.is(wheels.left, 0);
    hold(release);
    pipeline.send(ada, { reset: true });
    hold(forward);
    await until(() => wheels.left === 1, 'drives again');
  });
});

test('NACK, EIO, a chip that is gone and a bus that hangs are no reading, and no end of it', async () => {
  const { chips, lines, run } = await begin({ ads1015: [ADC] }, { 'battery.enabled': 'on' });
  chips.setVolts(0, 3.84);
  await run(async ({ samples }) => {
    const gone = (what: string) => until(() => samples().batteryVolts === undefined, what, 5000);
    const back = (after: string) =>
      until(() => samples().batteryVolts === 7.68, `read again after ${after}`, 5000);
    await back('the start');
    for (const error of ['EREMOTEIO', 'ENXIO', 'EIO', 'ETIMEDOUT']) {
      const fault = chips.inject({ error, address: ADC });
      await gone(error);
      fault.clear();
      await back(error);
    }
    chips.unplug(ADC);
    await gone('unplugged');
    chips.plug(ADC);
    await back('plugging in');
    const hang = chips.inject({ hang: 'call', address: ADC });
    await gone('a hanging call');
    assert.ok((samples().loadRatio ?? -1) >= 0, 'the others are read on');
    hang.clear();
    await back('the hang');
  });
  assert.is(lines.filter((line) => line === 'warn the battery is not measured').length, 5);
});

test('a touched bumper stops the robot with the first reading that shows it, and lets it drive away', async () => {
  const { chips, wheels, pipeline, run } = await begin(
    { cap1208: [TOUCH] },
    { 'bumper.frontPads': '1,2', 'bumper.rearPads': '8' },
  );
  const waits: number[] = [];
  await run(async ({ hold }) => {
    for (const pad of [1, 2, 1, 2]) {
      await until(() => wheels.left === 1, 'drives ahead');
      chips.clearLog();
      wheels.stoppedNs = [];
      const touchedNs = process.hrtime.bigint();
      chips.touch(pad + 3);
      await until(() => wheels.stoppedNs.length > 0, 'stopped');
      const stoppedNs = wheels.stoppedNs[0]!;
      waits.push(Number(stoppedNs - touchedNs) / 1e6);
      const readings = readingsOf(chips).filter(({ beginNs }) => beginNs > touchedNs && beginNs < stoppedNs);
      // One may have been under way while the test touched the pad; the next one shows it.
      assert.ok(readings.length <= 2, `${readings.length} readings before the stop`);

      await until(
        () => pipeline.report().reasons.some(({ code }) => code === 'release_first'),
        'interlocked',
      );
      hold(release);
      hold(forward);
      await pause(100);
      assert.is(wheels.left, 0, 'not against the wall, also after letting go');
      hold(back);
      await until(() => wheels.left === -1, 'drives away');
      chips.release(pad + 3);
      await until(() => pipeline.report().reasons.every(({ code }) => code !== 'bumper_front'), 'free');
      hold(forward);
    }
  });
  const slowest = Math.max(...waits);
  console.log(`touch to stop: ${waits.map((ms) => ms.toFixed(1)).join(', ')} ms`);
  // A poll (20 ms), a transfer and a busy machine.
  assert.ok(slowest < 250, `${slowest} ms from touch to stop`);
});

test('a tap between two readings stops too', async () => {
  const { chips, wheels, run } = await begin(
    { cap1208: [TOUCH] },
    { 'bumper.frontPads': '5', 'touch.pollMs': 200 },
  );
  await run(async () => {
    await until(() => wheels.left === 1, 'drives ahead');
    await until(() => readingsOf(chips).length > 0, 'was read');
    wheels.stoppedNs = [];
    chips.touch(0);
    chips.release(0);
    await until(() => wheels.stoppedNs.length > 0, 'stopped');
  });
});

test('bumpers that fall silent slow the robot down until they answer; a glitch does not', async () => {
  const { chips, wheels, lines, run } = await begin({ cap1208: [TOUCH] }, { 'bumper.frontPads': '1' });
  await run(async () => {
    await until(() => wheels.left === 1, 'drives ahead');
    const glitch = chips.inject({ error: 'EIO', address: TOUCH, times: 2 });
    await until(() => glitch.hits() === 2, 'disturbed');
    await pause(100);
    assert.is(wheels.left, 1);
    assert.equal(
      lines.filter((line) => line.includes('touch pads')),
      [],
    );
    chips.unplug(TOUCH);
    await until(() => wheels.left === 0.5, 'half speed');
    chips.powerLoss(TOUCH);
    chips.plug(TOUCH);
    await until(() => wheels.left === 1, 'full speed again', 5000);
    assert.is(chips.registers(TOUCH)[0x2a], 0, 'set up again, to feel several pads at a time');
    chips.touch(4);
    await until(() => wheels.left === 0, 'stops again');
  });
});

/** Transactions that read what is touched. */
function readingsOf(chips: Chips) {
  return chips.log().filter(({ address, readLength }) => address === TOUCH && readLength >= 4);
}

test.run();
