import { readdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { readOrNull } from './read-file.ts';
import type { Samples, Sensor } from './sensor.ts';
import { parseWireless } from './wireless.ts';

export interface MachineOptions {
  /** Folder in place of `/`, with `proc` and `sys` below it. */
  readonly root?: string;
  /** Cores the load is spread over. */
  readonly cores?: number;
}

/** What a Linux machine tells about itself under /proc and /sys. What a machine has not, is null. */
export function machineSensors({
  root = '/',
  cores = availableParallelism(),
}: MachineOptions = {}): Sensor[] {
  const read = (path: string) => readOrNull(join(root, path));
  return [
    { name: 'cpu temperature', read: () => readCpuTemperature(root) },
    {
      name: 'memory',
      read: async () => {
        const text = await read('proc/meminfo');
        const totalKiB = field(text, 'MemTotal');
        const availableKiB = field(text, 'MemAvailable');
        return totalKiB && availableKiB !== null ? { memoryUsedRatio: 1 - availableKiB / totalKiB } : null;
      },
    },
    {
      name: 'load',
      read: async () => {
        const oneMinute = Number.parseFloat((await read('proc/loadavg')) ?? '');
        return Number.isFinite(oneMinute) ? { loadRatio: oneMinute / cores } : null;
      },
    },
    {
      name: 'resident memory',
      read: async () => {
        const residentKiB = field(await read('proc/self/status'), 'VmRSS');
        return residentKiB === null ? null : { residentMiB: residentKiB / 1024 };
      },
    },
    {
      name: 'wifi',
      read: async () => {
        const text = await read('proc/net/wireless');
        return text === null ? null : parseWireless(text);
      },
    },
  ];
}

/** Millidegrees (kernel, Documentation/driver-api/thermal/sysfs-api.rst). The zone of the processor, else the first. */
async function readCpuTemperature(root: string): Promise<Samples | null> {
  const folder = join(root, 'sys/class/thermal');
  const zones = await readdir(folder).then(
    (names) => names.filter((name) => /^thermal_zone\d+$/.test(name)).sort(),
    () => [],
  );
  let chosen = zones[0];
  for (const zone of zones) {
    // "cpu-thermal" on a Pi, "x86_pkg_temp" on a PC.
    if (/cpu|pkg|soc/i.test((await readOrNull(join(folder, zone, 'type'))) ?? '')) {
      chosen = zone;
      break;
    }
  }
  if (chosen === undefined) return null;
  const milliCelsius = Number.parseInt((await readOrNull(join(folder, chosen, 'temp'))) ?? '', 10);
  return Number.isFinite(milliCelsius) ? { cpuCelsius: milliCelsius / 1000 } : null;
}

/** The number behind `name:`, in the file's unit (kB, which is KiB). */
function field(text: string | null, name: string): number | null {
  const match = new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(text ?? '');
  return match ? Number(match[1]) : null;
}
