import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from '../chips/faults.ts';
import { until } from '../native/guardian-rig.ts';
import { FREEZE_BOUND_MS, STOP_BOUND_MS } from './bounds.ts';
import { nowNs } from './motors.ts';
import { RobotBench } from './robot.ts';
import { type AnyRow, type Row, row, type Stage } from './row.ts';

const OUTAGE_MS = 500;
const LATE_MS = 300;

/** The bus of the motors fails or hangs. Stopping is what has to get through. */
export const busRows: readonly AnyRow[] = [
  row({
    ...letGoOn((stage, pid) => stage.chips.inject({ error: 'EIO', times: 1, pid })),
    fault: 'an I2C error, once',
    measured: 'from letting go of the control; the first write of the stop fails',
    boundMs: STOP_BOUND_MS,
  }),
  row({
    ...letGoOn((stage, pid) => stage.chips.inject({ error: 'EIO', pid })),
    fault: 'I2C errors for good',
    measured: 'from letting go; every write of the runtime fails, the guardian stops the motors',
    boundMs: FREEZE_BOUND_MS,
  }),
  row({
    ...letGoOn((stage, pid) => stage.chips.inject({ hang: 'call', pid })),
    fault: 'I2C writes that hang',
    measured: 'from letting go; every write of the runtime hangs, the guardian stops the motors',
    boundMs: FREEZE_BOUND_MS,
  }),
  row({
    ...onBus(),
    fault: 'an I2C write that hangs while driving',
    measured: 'from asking for half speed, which hangs; its time-out of 100 ms stops the robot',
    boundMs: FREEZE_BOUND_MS,
    lasts: 1,
    inject: async (bench, stage) => askInVain(bench, stage),
    // What hangs ends with its process.
    async mend(bench) {
      bench.signal('SIGKILL');
      await bench.exited();
      bench.fault?.clear();
    },
  }),
  row({
    ...onBus(),
    fault: 'the same write comes through after the stop',
    measured: 'from its reaching the chip',
    boundMs: STOP_BOUND_MS,
    async inject(bench, { chips, motors }) {
      await askInVain(bench, { chips, motors });
      await until('the stop', () => motors.areStill());
      bench.operator.fallSilent();
      await sleep(LATE_MS);
      chips.clearLog();
      bench.fault?.clear();
      const late = await until('the late write', () =>
        chips.log().find(({ pid, outputs }) => pid === bench.robot.pid && motors.drivenBy(outputs)),
      );
      return late.endNs;
    },
  }),
  row(outage('the bus fails for everyone', ({ chips }) => chips.inject({ error: 'EREMOTEIO' }))),
  row(outage('the bus is held by a chip', ({ chips }) => chips.inject({ hang: 'bus' }))),
];

async function askInVain(bench: BusBench, { chips }: Stage): Promise<bigint> {
  bench.fault = chips.inject({ hang: 'call', times: 1, pid: bench.robot.pid });
  const atNs = nowNs();
  bench.operator.hold(0.5);
  return atNs;
}

type BusBench = RobotBench & { fault: Fault | null };

function onBus() {
  return {
    trials: 200,
    shortTrials: 2,
    lanes: 2,
    open: async (stage: Stage): Promise<BusBench> =>
      Object.assign(await RobotBench.start(stage), { fault: null }),
    async mend(bench) {
      // The stop is over before the bus is well again.
      bench.operator.fallSilent();
      bench.fault?.clear();
    },
  } satisfies Partial<Row<BusBench>>;
}

function letGoOn(inject: (stage: Stage, pid: number) => Fault) {
  return {
    ...onBus(),
    async inject(bench: BusBench, stage: Stage) {
      bench.fault = inject(stage, bench.robot.pid);
      const atNs = nowNs();
      bench.operator.letGo();
      return atNs;
    },
  };
}

/** Nothing can stop motors whose bus is dead: they stop when it works again, without anyone asking anew. */
function outage(fault: string, inject: (stage: Stage) => Fault): Row<BusBench> {
  return {
    ...onBus(),
    fault: `${fault}, for ${OUTAGE_MS / 1000} s`,
    measured: 'from the bus working again; the control was let go when it failed',
    boundMs: FREEZE_BOUND_MS,
    async inject(bench, stage) {
      const outage = inject(stage);
      bench.operator.letGo();
      await sleep(OUTAGE_MS);
      if (stage.motors.areStill()) throw new Error('Expected a bus that lets nothing through');
      const atNs = nowNs();
      outage.clear();
      return atNs;
    },
  };
}
