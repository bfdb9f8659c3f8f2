import { setTimeout as sleep } from 'node:timers/promises';
import { FREEZE_BOUND_MS } from './bounds.ts';
import { nowNs } from './motors.ts';
import { RobotBench } from './robot.ts';
import { type AnyRow, row } from './row.ts';

const BLOCK_MS = 5_000;
/** A heap that is full soon. */
const SMALL_HEAP = '--max-old-space-size=64';
/** No core file of a runtime that is killed on purpose. */
const WITHOUT_CORE = ['sh', '-c', 'ulimit -c 0; exec "$@"', 'sh'];

/** The runtime itself dies, hangs or goes wrong. */
export const runtimeRows: readonly AnyRow[] = [
  row({
    ...killedBy('SIGKILL', 'the runtime is killed (SIGKILL)'),
    trials: 1000,
  }),
  row({
    fault: 'the runtime is frozen (SIGSTOP)',
    measured: 'from the signal; it does not move on SIGCONT, though the control is held',
    boundMs: FREEZE_BOUND_MS,
    trials: 1000,
    shortTrials: 3,
    lanes: 4,
    open: (stage) => RobotBench.start(stage),
    inject: async (bench) => bench.signal('SIGSTOP'),
    mend: async (bench) => void bench.signal('SIGCONT'),
  }),
  row({ ...killedBy('SIGTERM', 'the runtime is told to end (SIGTERM)') }),
  row({ ...killedBy('SIGSEGV', 'the runtime crashes (SIGSEGV, as from an encoder)') }),
  row({
    fault: `the event loop is blocked for ${BLOCK_MS / 1000} s`,
    measured: 'from the order to block; it does not move afterwards, though the control is held',
    boundMs: FREEZE_BOUND_MS,
    trials: 200,
    shortTrials: 2,
    lanes: 8,
    open: (stage) => RobotBench.start(stage),
    inject: async (bench) => bench.order({ blockMs: BLOCK_MS }),
    mend: () => sleep(BLOCK_MS),
  }),
  row({
    fault: 'an exception nobody catches',
    measured: 'from the order to throw',
    boundMs: FREEZE_BOUND_MS,
    trials: 200,
    shortTrials: 2,
    lanes: 2,
    lasts: 1,
    open: (stage) => RobotBench.start(stage),
    inject: async (bench) => bench.order({ throw: 'thrown by the test' }),
  }),
  row({
    fault: 'out of memory',
    measured: 'from the order to take memory without end',
    boundMs: FREEZE_BOUND_MS,
    trials: 200,
    shortTrials: 2,
    lanes: 2,
    lasts: 1,
    open: (stage) => RobotBench.start(stage, { nodeOptions: SMALL_HEAP, via: WITHOUT_CORE }),
    inject: async (bench) => bench.order({ exhaust: true }),
    mend: (bench) => bench.exited(),
  }),
];

/** The guardian dies or hangs: nothing but the runtime stops the motors then. */
export const guardianRows: readonly AnyRow[] = [
  row(guardianGets('SIGKILL', 'the guardian is killed (SIGKILL)')),
  row(guardianGets('SIGSTOP', 'the guardian is frozen (SIGSTOP)')),
];

function killedBy(signal: NodeJS.Signals, fault: string) {
  return {
    fault,
    measured: 'from the signal',
    boundMs: FREEZE_BOUND_MS,
    trials: 200,
    shortTrials: 3,
    lanes: 2,
    lasts: 1,
    open: (stage: Parameters<typeof RobotBench.start>[0]) => RobotBench.start(stage, { via: WITHOUT_CORE }),
    inject: async (bench: RobotBench) => bench.signal(signal),
  };
}

function guardianGets(signal: NodeJS.Signals, fault: string) {
  return {
    fault,
    measured: 'from the signal; the robot drives again with another guardian, when the control was let go',
    boundMs: FREEZE_BOUND_MS,
    trials: 200,
    shortTrials: 2,
    lanes: 4,
    // The time until it starts another one doubles.
    lasts: 3,
    open: (stage: Parameters<typeof RobotBench.start>[0]) => RobotBench.start(stage),
    async inject(bench: RobotBench) {
      const guardian = bench.guardian();
      const atNs = nowNs();
      process.kill(guardian, signal);
      return atNs;
    },
  };
}
