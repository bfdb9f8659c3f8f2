import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import pino from 'pino';
import { interval } from 'rxjs';
import { heedGuardian } from '../../firmware/command/guarding.ts';
import { createPipeline } from '../../firmware/command/pipeline.ts';
import type { CommandReport, CounterName } from '../../firmware/command/report.ts';
import type { Drivetrain, SilenceStep } from '../../firmware/drive/drivetrain.ts';
import { guardDrivetrain } from '../../firmware/drive/guarded-drivetrain.ts';
import { openMotorHat } from '../../firmware/drive/motor-hat.ts';
import { ada, forward, release, settings } from '../command/helpers.ts';

/**
 * A runtime in a process of its own, to be killed, frozen and blocked: pipeline, guardian and a drivetrain, without
 * server and camera. A test file runs it when it finds `runtime` as its argument.
 */

export const isRuntime = (): boolean => process.argv[2] === 'runtime';

/** Obeys lines on standard input: `hold`, `let go`, `block MS`, `close`. Tells its situation every 10 ms. */
export async function runRuntime(): Promise<void> {
  const [, , , stateDir = '', motors = ''] = process.argv;
  const nowMs = () => performance.now();
  const logger = pino({ level: 'silent' });
  const bare = motors === 'i2c' ? await motorHat(logger) : fileMotors(motors);
  const drivetrain = await guardDrivetrain(bare, { stateDir, timeoutMs: 250, nowMs });
  if (drivetrain === null) throw new Error('Expected a guardian');
  const clock = { nowMs, wallMs: () => Date.now() };
  const pipeline = createPipeline({ drivetrain, settings, writeTimeoutMs: 100, clock });
  const heeding = heedGuardian(pipeline, drivetrain, logger);

  let held = false;
  interval(50).subscribe(() => held && pipeline.send(ada, forward));
  interval(10).subscribe(() => {
    const { reasons, counters } = pipeline.report();
    process.stdout.write(`${JSON.stringify({ reasons, counters })}\n`);
  });
  createInterface({ input: process.stdin }).on('line', async (line) => {
    const [word, ms] = line.split(' ');
    if (word === 'hold') {
      held = true;
      pipeline.send(ada, forward);
    } else if (word === 'let') {
      held = false;
      pipeline.send(ada, release);
    } else if (word === 'block') {
      for (const endMs = nowMs() + Number(ms); nowMs() < endMs; );
    } else if (word === 'close') {
      heeding.unsubscribe();
      await pipeline.close();
      await drivetrain.close();
      process.exit(0);
    }
  });
}

/** What drives is written to a file. */
function fileMotors(path: string): Drivetrain {
  const silence: SilenceStep[] = [{ kind: 'file-write', path, text: '0\n' }];
  return {
    set: async (left) => writeFileSync(path, `${left}\n`),
    stop: async () => writeFileSync(path, '0\n'),
    close: async () => writeFileSync(path, '0\n'),
    describe: () => ({ name: 'files', capabilities: { brake: false, reverse: true }, silence }),
  };
}

/** Stops by letting the motors run out, so that a stop switches every output off, as the guardian does. */
function motorHat(logger: pino.Logger): Promise<Drivetrain> {
  const motors = { bus: 1, address: 0x60, leftMotor: 1, rightMotor: 2 };
  return openMotorHat({ ...motors, whenStopped: 'coast', invertLeft: false, invertRight: false }, { logger });
}

/** A runtime as a child of this process. */
export class Runtime {
  readonly child: ChildProcess;
  readonly exited: Promise<number | null>;
  situation: Pick<CommandReport, 'reasons' | 'counters'> | null = null;
  errors = '';

  /** @param motors path of the file that stands for the motors, or `i2c` for the chip on the bus of `env` */
  constructor(stateDir: string, motors: string, env: Readonly<Record<string, string>> = {}) {
    this.child = spawn(process.execPath, [process.argv[1]!, 'runtime', stateDir, motors], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    this.child.stdin?.on('error', () => undefined);
    this.child.stderr?.on('data', (chunk) => (this.errors += chunk));
    createInterface({ input: this.child.stdout! }).on('line', (line) => {
      this.situation = JSON.parse(line) as typeof this.situation;
    });
    this.exited = new Promise((resolve) => this.child.on('exit', (code) => resolve(code)));
  }

  get pid(): number {
    return this.child.pid!;
  }

  say(line: string): void {
    this.child.stdin?.write(`${line}\n`);
  }

  signal(name: NodeJS.Signals): void {
    process.kill(this.pid, name);
  }

  has(code: string): boolean {
    return this.situation?.reasons.some((reason) => reason.code === code) ?? false;
  }

  count(name: CounterName): number {
    return this.situation?.counters[name] ?? 0;
  }

  async end(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL');
    await this.exited;
  }
}
