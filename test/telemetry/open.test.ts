import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { firstValueFrom } from 'rxjs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { loadConfig } from '../../config/load.ts';
import { openSensors, type SensorDeps } from '../../firmware/telemetry/open.ts';
import type { Samples } from '../../firmware/telemetry/sensor.ts';
import { FakeBus, fakeAds1015, fakeCap1208 } from './fake-bus.ts';
import { collectLog } from './time.ts';

const test = suite('openSensors');
const root = mkdtempSync(join(tmpdir(), 'roverd-sensors-'));
test.after(() => rmSync(root, { recursive: true }));

/** On a machine without anything under /proc and /sys, with this bus (or none). */
async function open(overrides: Record<string, unknown>, bus: FakeBus | null, deps: Partial<SensorDeps> = {}) {
  const { logger, lines } = collectLog();
  const opened: number[] = [];
  const sensors = await openSensors(loadConfig({ overrides }).config, {
    logger,
    nowMs: () => performance.now(),
    simulated: null,
    machine: { root },
    openBus: async (number) => {
      opened.push(number);
      if (bus === null) throw new Error(`no bus ${number}`);
      return bus;
    },
    ...deps,
  });
  const names = sensors.all.map(({ name }) => name);
  const read = async (): Promise<Samples> =>
    Object.assign({}, ...(await Promise.all(sensors.all.map((sensor) => sensor.read()))));
  return { sensors, names, read, opened, lines };
}

function busWith({ volts, touch = false }: { volts?: number; touch?: boolean }): FakeBus {
  const bus = new FakeBus();
  if (volts !== undefined) bus.chips.set(0x48, fakeAds1015([volts, 0, 0, 0]));
  if (touch) bus.chips.set(0x28, fakeCap1208());
  return bus;
}

test('auto takes what answers, over one bus, and gives it back', async () => {
  const bus = busWith({ volts: 3.84, touch: true });
  const { sensors, names, read, opened } = await open({}, bus);
  assert.ok(names.includes('battery') && names.includes('touch'));
  assert.is((await read()).batteryRatio, 0.5);
  assert.equal(opened, [1]);
  await sensors.close();
  assert.is(bus.closed, 1);
});

test('auto without a bus, with a bus that fails, or with nothing on it: neither sensor nor complaint', async () => {
  const failing = busWith({ volts: 3.84, touch: true });
  failing.failing = 'ETIMEDOUT';
  for (const bus of [null, failing, new FakeBus()]) {
    const { names, read, lines, sensors } = await open({}, bus);
    assert.not.ok(names.includes('battery') || names.includes('touch'));
    assert.equal(await read(), {});
    assert.equal(lines, []);
    await sensors.close();
  }
});

test('off leaves alone what is there', async () => {
  const bus = busWith({ volts: 3.84, touch: true });
  const { names, read } = await open({ 'battery.enabled': 'off', 'touch.enabled': 'off' }, bus);
  assert.not.ok(names.includes('battery') || names.includes('touch'));
  await read();
  assert.equal(bus.calls, []);
});

test('on is there without a bus too, says so once, and reads when there is one', async () => {
  const bus = busWith({ volts: 3.84 });
  let there = false;
  const openBus = async () => {
    if (!there) throw new Error('no such bus');
    return bus;
  };
  const { names, read, lines } = await open({ 'battery.enabled': 'on' }, null, { openBus });
  assert.ok(names.includes('battery'));
  assert.equal(await read(), {});
  assert.equal(await read(), {});
  there = true;
  assert.is((await read()).batteryVolts, 7.68);
  assert.equal(lines, ['warn the battery is not measured', 'info the battery is measured again']);
});

test('in simulation there are the sensors of the simulator, and no bus is touched', async () => {
  const simulated = [{ name: 'simulated battery', read: async () => ({ batteryRatio: 0.7 }) }];
  const bus = busWith({ volts: 3.84, touch: true });
  const { names, read, opened } = await open({ 'battery.enabled': 'on' }, bus, { simulated });
  assert.ok(names.includes('simulated battery'));
  assert.not.ok(names.includes('battery'));
  assert.is((await read()).batteryRatio, 0.7);
  assert.equal(opened, []);
});

test('pads that are bumpers are read whatever touch.enabled says, and tell of themselves', async () => {
  const bus = busWith({ touch: true });
  const chip = fakeCap1208();
  bus.chips.set(0x28, chip);
  const settings = { 'bumper.frontPads': '1', 'touch.enabled': 'off', 'touch.pollMs': 5 };
  const { sensors } = await open(settings, bus);
  const told: string[] = [];
  const waiting = new Promise<void>((resolve) => {
    const listening = sensors.faults$.subscribe(({ code, active }) => {
      told.push(`${active ? '+' : '-'}${code}`);
      if (told.length === 1) chip.press(0);
      if (told.length < 2) return;
      listening.unsubscribe();
      resolve();
    });
  });
  chip.press(0b0001_0000);
  await waiting;
  assert.equal(told, ['+bumper_front', '-bumper_front']);
  await sensors.close();
});

test('bumpers without their chip are told of', async () => {
  const { sensors } = await open({ 'bumper.rearPads': '8' }, null);
  const told = await firstValueFrom(sensors.faults$);
  assert.equal(told, { code: 'bumper_silent', active: true });
});

test.run();
