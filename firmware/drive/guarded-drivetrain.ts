import { join } from 'node:path';
import type { Observable } from 'rxjs';
import { packageRoot } from '../../config/paths.ts';
import type { Drivetrain } from './drivetrain.ts';
import { type Guardian, type GuardianReport, startGuardian } from './guardian.ts';
import { keepSilence, silenceFile } from './silence.ts';

/** A drivetrain whose guardian knows when its motors turn. `close` ends the guardian after the drivetrain. */
export interface GuardedDrivetrain extends Drivetrain {
  readonly guardian: Pick<Guardian, 'notify'> & { readonly reports$: Observable<GuardianReport> };
  /** To be called after every finished control tick. */
  tick(nowMs: number): void;
}

export interface GuardOptions {
  /** Where the steps are kept for stopping without a runtime. */
  readonly stateDir: string;
  readonly timeoutMs: number;
  readonly nowMs: () => number;
  /** Whether a service manager wants to hear from this process; the guardian speaks to it. */
  readonly notifies?: boolean;
  readonly program?: string;
}

/** Built beside the addon. */
export const guardianProgram = (): string => join(packageRoot(), 'build', 'Release', 'roverd_guardian');

/**
 * Puts a guardian behind a drivetrain, before its first motion. Where nothing outside this process turns (the
 * simulator), and no service manager listens, none is needed: null. The guardian silences as it starts, as at any
 * other time; a stop before the next set tells the driver to begin afresh.
 * @throws GuardianError, or Error when the steps can't be kept
 */
export async function guardDrivetrain(
  drivetrain: Drivetrain,
  options: GuardOptions,
): Promise<GuardedDrivetrain | null> {
  const { silence } = drivetrain.describe();
  keepSilence(silenceFile(options.stateDir), silence);
  if (silence.length === 0 && !options.notifies) return null;
  const guardian = await startGuardian({
    program: options.program ?? guardianProgram(),
    silence,
    timeoutMs: options.timeoutMs,
    nowMs: options.nowMs,
  });
  return withGuardian(drivetrain, guardian, options);
}

/** The same with a guardian that runs already. */
export function withGuardian(
  drivetrain: Drivetrain,
  guardian: Guardian,
  { nowMs, timeoutMs }: Pick<GuardOptions, 'nowMs' | 'timeoutMs'>,
): GuardedDrivetrain {
  // Nobody knows what the motors did before the first stop.
  let moving = true;
  let stopAskedMs: number | null = null;
  let setsUnderWay = 0;
  let orders = 0;

  return {
    guardian,

    async set(left, right) {
      orders += 1;
      setsUnderWay += 1;
      moving = true;
      stopAskedMs = null;
      // Before the write: a program that freezes right after it has finished no tick that would tell.
      guardian.beat('moving');
      try {
        await drivetrain.set(left, right);
      } finally {
        setsUnderWay -= 1;
      }
    },

    async stop() {
      stopAskedMs ??= nowMs();
      orders += 1;
      const order = orders;
      const overtakes = setsUnderWay > 0;
      await drivetrain.stop();
      // Which of a stop and a set that was under way the hardware took last, nobody knows.
      if (overtakes || order !== orders) return;
      moving = false;
      stopAskedMs = null;
      guardian.beat('still');
    },

    async close() {
      try {
        await drivetrain.close();
      } finally {
        await guardian.close();
      }
    },

    describe: () => drivetrain.describe(),

    tick(atMs) {
      const unheeded = moving && stopAskedMs !== null && atMs - stopAskedMs > timeoutMs;
      guardian.beat(unheeded ? 'unheeded' : moving ? 'moving' : 'still');
    },
  };
}
