import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startClient } from '../bench/client.ts';
import { startSpinners } from '../bench/load.ts';
import { FREEZE_BOUND_MS, LINK_BOUND_MS, STOP_BOUND_MS } from './bounds.ts';
import { nowNs } from './motors.ts';
import { RobotBench, TOKEN } from './robot.ts';
import { type AnyRow, type Row, row, type Stage } from './row.ts';
import { World } from './world.ts';

const HOUR_MS = 3_600_000;
const DRIVE_ON_MS = 300;
/** The clocks of two processes are read one after the other. */
const CLOCK_MARGIN_MS = 5_000;
const FLOOD_PER_S = 20_000;
const ALL_DAY_MS = 86_400_000;

/** Something goes wrong around the robot that is none of its motors' business: driving and stopping go on. */
export const surroundingsRows: readonly AnyRow[] = [
  row(clockStep('the wall clock is set forward an hour', HOUR_MS)),
  row(clockStep('the wall clock is set back an hour', -HOUR_MS)),
  row({
    fault: 'the disk is full',
    measured: 'from letting go; state folder and log are on the full disk',
    boundMs: STOP_BOUND_MS,
    trials: 200,
    shortTrials: 2,
    missing: mountMissing,
    open: onFullDisk,
    async inject(bench) {
      if (bench.takesMore()) throw new Error('Expected a full disk');
      return letGo(bench);
    },
  }),
  row({
    fault: 'a flood of messages',
    measured: `from letting go, under ${FLOOD_PER_S} drive commands a second of another client`,
    boundMs: STOP_BOUND_MS,
    trials: 200,
    shortTrials: 2,
    async open(stage) {
      const bench = await RobotBench.start(stage);
      await bench.drive();
      const flooder = await startClient(`${bench.robot.url.replace('http', 'ws')}/teleop?token=${TOKEN}`);
      void flooder.ask({
        flood: { drive: { linear: -1, angular: 0 } },
        perS: FLOOD_PER_S,
        forMs: ALL_DAY_MS,
      });
      return bench.closing(() => flooder.end());
    },
    inject: letGo,
  }),
  row({
    ...onBusyCores('every core is busy', 'from letting go'),
    boundMs: STOP_BOUND_MS,
    inject: letGo,
  }),
  row({
    ...onBusyCores('every core is busy and the runtime is frozen', 'from SIGSTOP'),
    boundMs: FREEZE_BOUND_MS,
    inject: async (bench) => bench.signal('SIGSTOP'),
    mend: async (bench) => void bench.signal('SIGCONT'),
  }),
];

async function letGo(bench: RobotBench): Promise<bigint> {
  const atNs = nowNs();
  bench.operator.letGo();
  return atNs;
}

function clockStep(fault: string, byMs: number): Row<RobotBench & { world: World }> {
  return {
    fault,
    measured: `from the operator's last command; before, driving goes on through the step for ${DRIVE_ON_MS} ms`,
    boundMs: LINK_BOUND_MS,
    trials: 200,
    shortTrials: 2,
    lanes: 4,
    async open(stage) {
      const world = new World();
      const bench = await RobotBench.start(stage, { preload: world.preload, env: world.env });
      return Object.assign(
        bench.closing(() => world.close()),
        { world },
      );
    },
    async inject(bench, { motors }) {
      // What carries the time it was given at is too old after a step: it stops the robot, as it should.
      bench.operator.stamps = false;
      bench.operator.hold();
      bench.world.stepClock(byMs);
      const steppedNs = nowNs();
      await sleep(DRIVE_ON_MS);
      if (motors.hasStoodSince(steppedNs)) throw new Error('Expected driving to go on');
      const aheadMs = (await bench.robot.state()).atMs - Date.now();
      if (Math.abs(aheadMs - bench.world.stepMs) > CLOCK_MARGIN_MS) {
        throw new Error(`Expected a wall clock ahead by ${bench.world.stepMs} ms but it is ${aheadMs} ms`);
      }
      bench.operator.fallSilent();
      return bench.operator.lastSentNs;
    },
  };
}

/** A mount namespace; whoever is not root needs one of users, too. */
const UNSHARE = ['--mount', ...(process.getuid?.() === 0 ? [] : ['--map-root-user'])];

function mountMissing(): string | null {
  const { status, stderr } = spawnSync('unshare', [...UNSHARE, 'true'], { encoding: 'utf8' });
  return status === 0 ? null : `no mount namespaces: ${stderr?.trim()}`;
}

/** The robot has a disk of its own, in a mount namespace that ends with it: reached by way of /proc. */
async function onFullDisk(stage: Stage) {
  const folder = mkdtempSync(join(tmpdir(), 'roverd-disk-'));
  const script = 'mount -t tmpfs -o size=256k none "$0" && exec "$@" 2>"$0/log"';
  const bench = await RobotBench.start(stage, {
    via: ['unshare', ...UNSHARE, 'sh', '-c', script, folder],
    stateDir: join(folder, 'state'),
  });
  const filler = join('/proc', String(bench.robot.pid), 'root', folder, 'filler');
  const takesMore = () => {
    try {
      appendFileSync(filler, Buffer.alloc(4096));
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      return false;
    }
  };
  while (takesMore());
  return Object.assign(
    bench.closing(() => rmSync(folder, { recursive: true, force: true })),
    { takesMore },
  );
}

function onBusyCores(fault: string, measured: string) {
  return {
    fault,
    measured,
    trials: 200,
    shortTrials: 2,
    async open(stage: Stage) {
      const bench = await RobotBench.start(stage);
      return bench.closing(startSpinners());
    },
  };
}
