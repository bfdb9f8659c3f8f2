import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { machineSensors } from '../../firmware/telemetry/machine.ts';
import type { Samples } from '../../firmware/telemetry/sensor.ts';

const test = suite('machine sensors');
const roots: string[] = [];
test.after(() => {
  for (const root of roots) rmSync(root, { recursive: true });
});

/** A machine that has just these files. */
function machine(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), 'roverd-machine-'));
  roots.push(root);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return root;
}

async function readAll(files: Record<string, string>): Promise<Samples> {
  const samples = await Promise.all(
    machineSensors({ root: machine(files), cores: 4 }).map((sensor) => sensor.read()),
  );
  return Object.assign({}, ...samples);
}

test('reads a Pi', async () => {
  const samples = await readAll({
    'sys/class/thermal/thermal_zone0/type': 'cpu-thermal\n',
    'sys/class/thermal/thermal_zone0/temp': '48312\n',
    'proc/meminfo': 'MemTotal:        3884376 kB\nMemFree:         2500000 kB\nMemAvailable:    2913282 kB\n',
    'proc/loadavg': '0.52 0.58 0.59 1/187 2014\n',
    'proc/self/status': 'Name:\tnode\nVmPeak:\t 1200000 kB\nVmRSS:\t   65536 kB\n',
  });
  assert.is(samples.cpuCelsius, 48.312);
  assert.is(samples.memoryUsedRatio?.toFixed(3), '0.250');
  assert.is(samples.loadRatio, 0.13);
  assert.is(samples.residentMiB, 64);
  assert.is(samples.wifiDbm, undefined);
});

test('prefers the processor among several thermal zones', async () => {
  const zone = (n: number, type: string, temp: number) => ({
    [`sys/class/thermal/thermal_zone${n}/type`]: `${type}\n`,
    [`sys/class/thermal/thermal_zone${n}/temp`]: `${temp}\n`,
  });
  const pc = { ...zone(0, 'acpitz', 20_000), ...zone(1, 'x86_pkg_temp', 61_000) };
  assert.is((await readAll(pc)).cpuCelsius, 61);
  const unknown = { ...zone(0, 'acpitz', 20_000), ...zone(1, 'iwlwifi', 61_000) };
  assert.is((await readAll(unknown)).cpuCelsius, 20);
  assert.is((await readAll(zone(0, 'cpu-thermal', -5000))).cpuCelsius, -5);
});

test('gives null for all that a machine has not', async () => {
  for (const sensor of machineSensors({ root: machine({ 'proc/version': 'x' }) })) {
    assert.is(await sensor.read(), null, sensor.name);
  }
});

test('gives null for files that hold something else', async () => {
  const samples = await readAll({
    'sys/class/thermal/thermal_zone0/temp': 'none\n',
    'proc/meminfo': 'MemTotal: 0 kB\nMemAvailable: 0 kB\n',
    'proc/loadavg': '\n',
    'proc/self/status': 'Name:\tnode\n',
    'proc/net/wireless': 'Inter-| sta-|   Quality\n face | tus | link level noise\n',
  });
  assert.equal(samples, {});
});

test('reads the machine it runs on', async () => {
  const samples: Samples = Object.assign({}, ...(await Promise.all(machineSensors().map((s) => s.read()))));
  assert.ok(samples.residentMiB! > 10 && samples.residentMiB! < 4096, `${samples.residentMiB} MiB`);
  assert.ok(samples.memoryUsedRatio! > 0 && samples.memoryUsedRatio! < 1);
  assert.ok(samples.loadRatio! >= 0);
});

test.run();
