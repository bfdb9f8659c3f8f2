import { setTimeout as pause } from 'node:timers/promises';
import { EMPTY, ignoreElements, type Observable } from 'rxjs';
import type { Config } from '../../config/schema.ts';
import { type I2cBus, openI2cBus } from '../drive/i2c.ts';
import { createBatterySensor } from './battery.ts';
import { type BumperFault, bumperFaults, hasBumper } from './bumper.ts';
import { CAP1208_ADDRESS } from './cap1208.ts';
import type { Logger } from './log.ts';
import { type MachineOptions, machineSensors } from './machine.ts';
import type { FaultChange } from './rules.ts';
import type { Sensor } from './sensor.ts';
import { createPowerSensor } from './throttled.ts';
import { createTouch } from './touch.ts';

export interface SensorDeps {
  readonly logger: Logger;
  readonly nowMs: () => number;
  /** In simulation: the sensors that are there instead of those on I2C. */
  readonly simulated: readonly Sensor[] | null;
  readonly openBus?: (busNumber: number) => Promise<I2cBus>;
  readonly machine?: MachineOptions;
}

export interface Sensors {
  readonly all: readonly Sensor[];
  /** What the bumpers say, as soon as they do; reads them for as long as somebody listens. */
  readonly faults$: Observable<FaultChange<BumperFault>>;
  /** To be called when nobody reads or listens any more. */
  close(): Promise<void>;
}

/**
 * The sensors of this machine, and those on its I2C buses that the configuration names or that answer (`auto`).
 * Never throws for one that is missing: that is what its samples and the log are for.
 */
export async function openSensors(
  config: Pick<Config, 'battery' | 'touch' | 'bumper' | 'telemetry'>,
  deps: SensorDeps,
): Promise<Sensors> {
  const { logger, nowMs } = deps;
  const buses = createBuses(deps.openBus ?? openI2cBus);
  const answers = (busNumber: number, address: number) =>
    buses.get(busNumber).then(
      (bus) => bus.probe(address).catch(() => false),
      () => false,
    );
  const close = () => buses.close();
  const all = [...machineSensors(deps.machine), createPowerSensor({ ...deps.machine, nowMs })];
  if (deps.simulated) return { all: [...all, ...deps.simulated], faults$: EMPTY, close };

  const { battery, touch, bumper } = config;
  if (await isWanted(battery.enabled, () => answers(battery.bus, battery.address))) {
    all.push(createBatterySensor(battery, { bus: () => buses.get(battery.bus), nowMs, pause, logger }));
  }
  const touchEnabled = hasBumper(bumper) ? 'on' : touch.enabled;
  if (!(await isWanted(touchEnabled, () => answers(touch.bus, CAP1208_ADDRESS)))) {
    return { all, faults$: EMPTY, close };
  }
  // Pads that stop nothing need not be read more often than they are told of: the chip keeps a touch until then.
  const pollMs = hasBumper(bumper) ? touch.pollMs : config.telemetry.everyMs;
  const { pads$, sensor } = createTouch({ bus: () => buses.get(touch.bus), pollMs, nowMs, logger });
  return {
    all: [...all, sensor],
    faults$: hasBumper(bumper) ? bumperFaults(pads$, bumper) : pads$.pipe(ignoreElements()),
    close,
  };
}

type Wish = Config['battery']['enabled'];

async function isWanted(wish: Wish, answers: () => Promise<boolean>): Promise<boolean> {
  return wish === 'on' || (wish === 'auto' && (await answers()));
}

/** Buses opened when first asked for, one of each number; one that could not be opened is tried again. */
function createBuses(open: (busNumber: number) => Promise<I2cBus>) {
  const opened = new Map<number, Promise<I2cBus>>();
  return {
    get(busNumber: number): Promise<I2cBus> {
      const known = opened.get(busNumber);
      if (known) return known;
      const opening = open(busNumber);
      opened.set(busNumber, opening);
      opening.catch(() => opened.delete(busNumber));
      return opening;
    },
    async close(): Promise<void> {
      const all = await Promise.allSettled(opened.values());
      await Promise.all(all.map((bus) => (bus.status === 'fulfilled' ? bus.value.close() : undefined)));
    },
  };
}
