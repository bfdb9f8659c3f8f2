import { restingCellVolts } from '../telemetry/battery-curves.ts';

export interface BatteryOptions {
  /** Charge at the start, 0..1. Default 1. */
  readonly startRatio?: number;
  /** Default 33.5. */
  readonly capacityWh?: number;
  /** What the computer draws. Default 3.5, a Pi 4 with its camera. */
  readonly idleW?: number;
  /** What both motors draw when stalled at full command. Default 120. */
  readonly stallW?: number;
}

export interface Battery {
  /** Lets time pass. @param loadRatio motor current, 0..1 of the stall current */
  advance(dtS: number, loadRatio: number): void;
  /** Charge, 0..1. */
  ratio(): number;
  /** At its poles, under the present load. */
  volts(): number;
}

const DEFAULT_IDLE_W = 3.5;
const DEFAULT_STALL_W = 120;
const CELLS_IN_A_ROW = 2;
const RESISTANCE_OHM = 0.06;

/** @throws RangeError when an option is out of range */
export function createBattery(options: BatteryOptions = {}): Battery {
  const capacityWh = options.capacityWh ?? 33.5;
  const idleW = options.idleW ?? DEFAULT_IDLE_W;
  const stallW = options.stallW ?? DEFAULT_STALL_W;
  let ratio = options.startRatio ?? 1;
  let drawnW = idleW;
  if (!(ratio >= 0 && ratio <= 1))
    throw new RangeError(`Expected startRatio to be in 0..1 but received ${ratio}`);
  for (const [name, value] of Object.entries({ capacityWh, idleW, stallW })) {
    if (!(value > 0 && Number.isFinite(value))) {
      throw new RangeError(`Expected ${name} to be above 0 but received ${value}`);
    }
  }
  return {
    advance(dtS, loadRatio) {
      drawnW = idleW + stallW * loadRatio;
      ratio = Math.max(0, ratio - (drawnW * dtS) / 3600 / capacityWh);
    },
    ratio: () => ratio,
    volts() {
      const resting = CELLS_IN_A_ROW * restingCellVolts('liion', ratio);
      return resting - (drawnW / resting) * RESISTANCE_OHM;
    },
  };
}

/** The capacity that is empty after driving for `minutes` with that load. */
export function capacityForMinutes(minutes: number, loadRatio: number): number {
  return ((DEFAULT_IDLE_W + DEFAULT_STALL_W * loadRatio) * minutes) / 60;
}
