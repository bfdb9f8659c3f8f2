import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import pino from 'pino';
import { interval } from 'rxjs';
import { heedGuardian } from '../../firmware/command/guarding.ts';
import { createPipeline } from '../../firmware/command/pipeline.ts';
import type { CommandReport, CounterName } from '../../firmware/command/report.ts';
import type { Drivetrain, SilenceStep } from '../../firmware/drive/drivetrain.ts';
import { guardDrivetrain } from '../../firmware/drive/guarded-drivetrain.ts';
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
  const bare = motors === 'i2c' ? await motorHat() : fileMotors(motors);
  const drivetrain = await guardDrivetrain(bare, { stateDir, timeoutMs: 250, nowMs });
  if (drivetrain === null) throw new Error('Expected a guardian');
  const clock = { nowMs, wallMs: () => Date.now() };
  const pipeline = createPipeline({ drivetrain, settings, writeTimeoutMs: 100, clock });
  const heeding = heedGuardian(pipeline, drivetrain, pino({ level: 'silent' }));

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

interface Bus {
  i2cWrite(address: number, length: number, bytes: Buffer): Promise<unknown>;
}

/** M1 and M2 of a Motor HAT (PCA9685 at 0x60, channels 8 to 13), full ahead or off. */
async function motorHat(): Promise<Drivetrain> {
  const { openPromisified } = createRequire(import.meta.url)('i2c-bus') as {
    openPromisified(bus: number): Promise<Bus>;
  };
  const bus = await openPromisified(1);
  const write = async (...bytes: number[]) => {
    await bus.i2cWrite(0x60, bytes.length, Buffer.from(bytes));
  };
  const on = [0, 0x10, 0, 0];
  const off = [0, 0, 0, 0x10];
  const silence: SilenceStep[] = [{ kind: 'i2c-write', bus: 1, address: 0x60, bytes: [0xfd, 0x10] }];
  await write(0x00, 0x21);
  return {
    set: () => write(0x26, ...on, ...on, ...off, ...off, ...on, ...on),
    stop: () => write(0x26, ...off, ...off, ...off, ...off, ...off, ...off),
    close: () => write(0xfd, 0x10),
    describe: () => ({ name: 'motor hat', capabilities: { brake: false, reverse: true }, silence }),
  };
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
