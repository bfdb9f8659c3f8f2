import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { packageRoot } from '../../config/paths.ts';
import { guardiansOf, until } from '../native/guardian-rig.ts';
import { type ProcessOptions, type RobotProcess, startProcess } from '../robot-process.ts';
import { type ChipMotors, nowNs } from './motors.ts';
import { Operator, WATCHDOG_MS } from './operator.ts';
import type { Bench, Stage } from './row.ts';

/** What inject.mjs does to the runtime it is preloaded into. */
export type Order =
  /** Blocks the event loop, asleep. */
  | { readonly blockMs: number }
  /** The same, busy. */
  | { readonly spinMs: number }
  /** An exception nobody catches. */
  | { readonly throw: string }
  /** Takes memory until there is none. */
  | { readonly exhaust: true }
  /** Answered by Counted. */
  | { readonly count: true };

export interface Counted {
  readonly resources: readonly string[];
  readonly heapBytes: number;
}

export const TOKEN = 'a-fixed-token-for-the-operator';

/** The built runtime on the motors of a stage; without a ramp, so that it is at full speed at once. */
export async function startRobot(
  { chips }: Pick<Stage, 'chips'>,
  { settings = {}, env = {}, nodeOptions = '', preload, via = [], ...rest }: RobotOptions = {},
): Promise<RobotProcess> {
  return startProcess({
    ...rest,
    simulate: false,
    channel: true,
    // Should this process be ended in the middle, nobody would be left to end a runtime that is frozen.
    via: [...via, 'setpriv', '--pdeathsig', 'KILL'],
    env: {
      ...chips.env,
      ...(preload && { LD_PRELOAD: `${chips.env.LD_PRELOAD}:${preload}` }),
      ...env,
      NODE_OPTIONS: `--import=${join(packageRoot(), 'test/faults/inject.mjs')} ${nodeOptions}`,
    },
    settings: {
      'drive.driver': 'motor-hat',
      'drive.rampPerS': 100,
      'command.watchdogMs': WATCHDOG_MS,
      'teleop.token': TOKEN,
      'video.enabled': false,
      // A busy machine answers late: that would keep the robot from full speed.
      'limits.roundTripMs': 60_000,
      'limits.videoAgeMs': 60_000,
      ...settings,
    },
  });
}

export interface RobotOptions extends Omit<ProcessOptions, 'simulate' | 'channel'> {
  readonly nodeOptions?: string;
  /** A library beside the chips'. */
  readonly preload?: string;
}

/** A robot and its operator on loopback. */
export class RobotBench implements Bench {
  readonly robot: RobotProcess;
  readonly #motors: ChipMotors;
  readonly #closers: (() => Promise<void> | void)[] = [];
  #operator: Operator | null = null;

  private constructor(robot: RobotProcess, motors: ChipMotors) {
    this.robot = robot;
    this.#motors = motors;
  }

  static async start(stage: Stage, options?: RobotOptions): Promise<RobotBench> {
    return new RobotBench(await startRobot(stage, options), stage.motors);
  }

  get operator(): Operator {
    if (!this.#operator) throw new Error('Expected someone to drive');
    return this.#operator;
  }

  /** After a fault a held control counts again only when it was let go: so until it does. */
  async drive(): Promise<void> {
    const endMs = performance.now() + 20_000;
    for (;;) {
      this.#operator ??= await Operator.connect(this.robot.url, TOKEN);
      this.#operator.hold();
      if (await this.#reachesFullSpeed()) return;
      this.#operator.letGo();
      if (performance.now() > endMs) throw new Error(`does not drive: ${this.robot.log().slice(-2000)}`);
      await sleep(20);
    }
  }

  async #reachesFullSpeed(): Promise<boolean> {
    try {
      return await until('full speed', () => this.#motors.atFullSpeed(), 100);
    } catch {
      return false;
    }
  }

  /** The next time another one drives. */
  dropOperator(): void {
    this.#operator?.drop();
    this.#operator = null;
  }

  rest(): void {
    this.#operator?.letGo();
  }

  /** @returns the moment right before */
  order(order: Order): bigint {
    const atNs = nowNs();
    this.robot.child.send(order);
    return atNs;
  }

  async count(): Promise<Counted> {
    const answered = once(this.robot.child, 'message');
    this.order({ count: true });
    return (await answered)[0] as Counted;
  }

  /** @returns the moment right before */
  signal(name: NodeJS.Signals): bigint {
    const atNs = nowNs();
    process.kill(this.robot.pid, name);
    return atNs;
  }

  guardian(): number {
    const [pid] = guardiansOf(this.robot.pid);
    if (pid === undefined) throw new Error('Expected a guardian');
    return pid;
  }

  async exited(): Promise<void> {
    await until('the end of the runtime', () => this.#hasEnded());
  }

  #hasEnded(): boolean {
    return this.robot.child.exitCode !== null || this.robot.child.signalCode !== null;
  }

  /** To be done after the robot has ended. */
  closing(close: () => Promise<void> | void): this {
    this.#closers.push(close);
    return this;
  }

  async close(): Promise<void> {
    this.dropOperator();
    if (this.#hasEnded()) this.robot.clean();
    else {
      this.signal('SIGCONT');
      await this.robot.end();
    }
    for (const close of this.#closers) await close();
  }
}
