import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readOrNull } from './read-file.ts';
import type { Samples, Sensor } from './sensor.ts';

/** The firmware answers within a few ms; one that does not is not waited for. */
const VCGENCMD_TIMEOUT_MS = 500;
/** A machine without vcgencmd gets none soon. */
const LOOK_AGAIN_MS = 60_000;

export interface PowerOptions {
  /** Folder in place of `/`, with `sys` below it. */
  readonly root?: string;
  /** What is run with `get_throttled` where the kernel has no file for it. */
  readonly vcgencmd?: string;
  readonly nowMs: () => number;
}

/**
 * Whether a Pi lacks voltage or slows itself down: of the firmware (a file of older kernels of Raspberry Pi OS, else
 * `vcgencmd get_throttled`) and of the kernel's voltage monitor. Null on other machines.
 */
export function createPowerSensor({ root = '/', vcgencmd = 'vcgencmd', nowMs }: PowerOptions): Sensor {
  let absentUntilMs = Number.NEGATIVE_INFINITY;

  const askFirmware = async (): Promise<string | null> => {
    if (nowMs() < absentUntilMs) return null;
    try {
      return await run(vcgencmd, ['get_throttled']);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') absentUntilMs = nowMs() + LOOK_AGAIN_MS;
      return null;
    }
  };

  return {
    name: 'power',
    async read() {
      const file = await readOrNull(join(root, 'sys/devices/platform/soc/soc:firmware/get_throttled'));
      const bits = parseThrottled(file ?? (await askFirmware()) ?? '');
      const alarm = await readVoltageAlarm(root);
      if (bits === null) return alarm === null ? null : { underVoltage: alarm };
      const samples = throttledSamples(bits);
      return alarm === null ? samples : { ...samples, underVoltage: Math.max(alarm, samples.underVoltage) };
    },
  };
}

/** `throttled=0x50005`, or the file's bare hexadecimal; null for anything else. */
export function parseThrottled(text: string): number | null {
  const match = /^\s*(?:throttled=)?(?:0x)?([0-9a-f]{1,8})\s*$/i.exec(text);
  return match ? Number.parseInt(match[1]!, 16) : null;
}

/** Bits 0 to 3 are the present, 16 to 19 the same since the start (vcgencmd's documentation). 0 or 1 each. */
export function throttledSamples(bits: number) {
  const bit = (n: number) => (bits >>> n) & 1;
  return {
    underVoltage: bit(0),
    frequencyCapped: bit(1),
    throttled: bit(2),
    temperatureLimited: bit(3),
    underVoltageSinceStart: bit(16),
    throttledSinceStart: bit(17) | bit(18) | bit(19),
  } satisfies Samples;
}

/** The kernel's driver raspberrypi-hwmon; its number among the monitors differs from start to start. */
async function readVoltageAlarm(root: string): Promise<0 | 1 | null> {
  const folder = join(root, 'sys/class/hwmon');
  for (const name of await readdir(folder).catch(() => [])) {
    if ((await readOrNull(join(folder, name, 'name')))?.trim() !== 'rpi_volt') continue;
    const alarm = (await readOrNull(join(folder, name, 'in0_lcrit_alarm')))?.trim();
    if (alarm === '0' || alarm === '1') return Number(alarm) as 0 | 1;
  }
  return null;
}

function run(command: string, args: readonly string[]): Promise<string> {
  const options = { timeout: VCGENCMD_TIMEOUT_MS, killSignal: 'SIGKILL', maxBuffer: 1024 } as const;
  return new Promise((resolve, reject) => {
    execFile(command, args, options, (error, stdout) => (error ? reject(error) : resolve(stdout)));
  });
}
