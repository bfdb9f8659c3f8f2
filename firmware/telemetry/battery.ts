import type { Config } from '../../config/schema.ts';
import type { I2cBus } from '../drive/i2c.ts';
import { type AnalogChannel, readAds1015 } from './ads1015.ts';
import { cellCharge, restingCellVolts } from './battery-curves.ts';
import type { Logger } from './log.ts';
import type { Samples, Sensor } from './sensor.ts';

/** A battery that sags under a starting motor rests again within some seconds; one that is discharged doesn't. */
const FALL_MS = 10_000;
const RISE_MS = 2_000;
/** Below this share of an empty battery's voltage, none is connected: no robot would run on it. */
const ABSENT_BELOW = 0.5;
/** `auto` believes in a battery that is first seen within this of empty and full. */
const TOLERANCE = 0.1;

export interface BatteryDeps {
  readonly bus: () => Promise<I2cBus>;
  readonly nowMs: () => number;
  readonly pause: (ms: number) => Promise<unknown>;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
}

/**
 * The battery behind a voltage divider on an ADS1015. `batteryVolts` is as just measured, `batteryRatio` the charge
 * by the voltage evened out over time (FALL_MS), so that the current of a starting motor does not pass for an empty
 * battery. Null while the converter does not answer or no battery is connected; told once in the log.
 */
export function createBatterySensor(config: Config['battery'], deps: BatteryDeps): Sensor {
  const { address, channel, dividerRatio, cells, chemistry } = config;
  const emptyVolts = cells * restingCellVolts(chemistry, 0);
  const fullVolts = cells * restingCellVolts(chemistry, 1);
  const settle = createSettling();
  let believed = config.enabled === 'on';
  let silent = false;

  const judge = (volts: number): Samples | null => {
    if (volts < emptyVolts * ABSENT_BELOW) return null;
    if (!believed) {
      if (volts < emptyVolts * (1 - TOLERANCE) || volts > fullVolts * (1 + TOLERANCE)) return null;
      believed = true;
      deps.logger.info({ batteryVolts: volts, cells, chemistry }, 'battery found');
    }
    const batteryRatio = cellCharge(chemistry, settle(volts, deps.nowMs()) / cells);
    return { batteryVolts: round(volts, 3), batteryRatio: round(batteryRatio, 4) };
  };

  return {
    name: 'battery',
    async read() {
      try {
        const input = await readAds1015(await deps.bus(), address, channel as AnalogChannel, deps.pause);
        if (silent) deps.logger.info({ sensor: 'battery' }, 'the battery is measured again');
        silent = false;
        return judge(input * dividerRatio);
      } catch (error) {
        if (!silent) deps.logger.warn({ error: String(error) }, 'the battery is not measured');
        silent = true;
        return null;
      }
    },
  };
}

/** Follows a value with one lag downwards and a shorter one upwards. */
function createSettling(): (value: number, nowMs: number) => number {
  let settled: number | null = null;
  let atMs = 0;
  return (value, nowMs) => {
    if (settled === null) settled = value;
    const lagMs = value < settled ? FALL_MS : RISE_MS;
    settled += (value - settled) * (1 - Math.exp(-Math.max(0, nowMs - atMs) / lagMs));
    atMs = nowMs;
    return settled;
  };
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
