import { createInterface, type Interface } from 'node:readline/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { isSimulated } from '../../config/rules.ts';
import type { Config } from '../../config/schema.ts';
import type { Drivetrain } from '../drive/drivetrain.ts';
import { guardDrivetrain } from '../drive/guarded-drivetrain.ts';
import { openDrivetrain } from '../drive/open.ts';
import type { Side } from '../drive/simulated.ts';
import { createLogger, type Logger } from '../telemetry/log.ts';
import { calibrated, type Observation } from './calibration.ts';
import { changeConfigFile } from './config-file.ts';
import { type ConfigArguments, configFileOf, configurationOf, INSTALLED_FILE } from './configuration.ts';
import { checkPort } from './doctor-checks.ts';
import { CommandLineError, EXIT } from './exit.ts';
import { wiringKeys } from './wiring-keys.ts';

export interface CalibrateArguments extends ConfigArguments {
  /** Speed of a test turn, 0..1. */
  readonly ratio: number;
  /** How long it lasts. */
  readonly ms: number;
}

const ATTEMPTS = 3;

/**
 * Turns each motor briefly, asks which way it went, and writes what differs into the configuration file.
 * Motors are stopped after each turn and on Ctrl-C.
 * @throws CommandLineError off a terminal, in simulation, beside a running robot, or when a motor does not turn
 */
export async function calibrate(options: CalibrateArguments): Promise<void> {
  if (!process.stdin.isTTY) {
    throw new CommandLineError(EXIT.usage, 'roverd calibrate asks questions: run it on a terminal.');
  }
  const { config, sources } = configurationOf(options);
  if (isSimulated(config)) {
    throw new CommandLineError(EXIT.usage, 'A simulated robot has no motors to calibrate.');
  }
  if ((await checkPort(config)).robotAnswers) {
    throw new CommandLineError(EXIT.failed, 'A robot is running here and has the motors. Stop it first.');
  }
  const logger = createLogger({ level: 'warn', format: 'pretty' });
  const drivetrain = await openGuarded(config, logger).catch((cause: Error) => {
    throw new CommandLineError(EXIT.failed, cause.message, { cause });
  });
  const dialogue = new Dialogue();
  try {
    const { name } = drivetrain.describe();
    console.log(`Motors: ${name}. Put the robot where its wheels turn freely.`);
    const { wiring, values } = wiringKeys(config, name);
    const next = await observeBoth(drivetrain, dialogue, options, (left, right) =>
      calibrated(wiring, left, right),
    );
    const [before, after] = [values(wiring), values(next)];
    const changed = Object.entries(after).filter(([key, value]) => value !== before[key]);
    if (changed.length === 0) {
      console.log('Both sides go forward as they should. Nothing to change.');
      return;
    }
    const file = configFileOf(options) ?? INSTALLED_FILE;
    changeConfigFile(file, Object.fromEntries(changed));
    console.log(`Changed in ${file}:`);
    for (const [key, value] of changed) {
      console.log(`  ${key}: ${JSON.stringify(before[key])} -> ${JSON.stringify(value)}`);
      if (sources[key] !== 'default' && sources[key] !== file) {
        console.log(`  but ${sources[key]} sets it otherwise, and goes before the file`);
      }
    }
  } finally {
    dialogue.close();
    await drivetrain.close();
  }
}

/** Killed or frozen while a wheel turns, this program leaves the stopping to the guardian as a robot does. */
async function openGuarded(config: Config, logger: Logger): Promise<Drivetrain> {
  const bare = await openDrivetrain(config, { logger });
  try {
    const nowMs = () => performance.now();
    const { guardianTimeoutMs: timeoutMs, tickMs } = config.drive;
    const guarded = await guardDrivetrain(bare, { stateDir: config.robot.stateDir, timeoutMs, nowMs });
    if (guarded === null) return bare;
    await guarded.stop();
    const ticks = setInterval(() => guarded.tick(nowMs()), tickMs);
    return { ...guarded, close: () => guarded.close().finally(() => clearInterval(ticks)) };
  } catch (error) {
    await bare.close();
    throw error;
  }
}

async function observeBoth<T>(
  drivetrain: Drivetrain,
  dialogue: Dialogue,
  options: CalibrateArguments,
  conclude: (left: Observation, right: Observation) => T | null,
): Promise<T> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const left = await observe(drivetrain, dialogue, options, 'left');
    const right = await observe(drivetrain, dialogue, options, 'right');
    const conclusion = conclude(left, right);
    if (conclusion !== null) return conclusion;
    console.log(`Both motors turned the ${left.side} side, by your answers. Once more:`);
  }
  throw new CommandLineError(EXIT.failed, 'The answers do not fit together. Nothing was changed.');
}

async function observe(
  drivetrain: Drivetrain,
  dialogue: Dialogue,
  options: CalibrateArguments,
  side: Side,
): Promise<Observation> {
  const other: Side = side === 'left' ? 'right' : 'left';
  for (;;) {
    console.log(`\nThe ${side} wheels are told to go forward.`);
    await turn(drivetrain, dialogue, options, side);
    const answer = await dialogue.ask(
      `Which way did they go? (f)orward, (b)ackwards, (n)ot at all, the (o)ther side, (a)gain: `,
      ['f', 'b', 'n', 'o', 'a'],
    );
    switch (answer) {
      case 'f':
        return { side, way: 'forward' };
      case 'b':
        return { side, way: 'backwards' };
      case 'o': {
        const way = await dialogue.ask(`Which way did the ${other} wheels go? (f)orward, (b)ackwards: `, [
          'f',
          'b',
        ]);
        return { side: other, way: way === 'f' ? 'forward' : 'backwards' };
      }
      case 'n':
        throw new CommandLineError(
          EXIT.failed,
          `The ${side} motor did not turn. Check the motor's power supply and its wires, or give more by --ratio. Nothing was changed.`,
        );
    }
  }
}

async function turn(
  drivetrain: Drivetrain,
  dialogue: Dialogue,
  { ratio, ms }: CalibrateArguments,
  side: Side,
): Promise<void> {
  try {
    await drivetrain.set(side === 'left' ? ratio : 0, side === 'right' ? ratio : 0);
    await wait(ms, undefined, { signal: dialogue.ended });
  } catch (error) {
    throw dialogue.ended.aborted ? interrupted() : error;
  } finally {
    await drivetrain.stop();
  }
}

/** Questions on the terminal. Ctrl-C, Ctrl-D and signals end it. */
class Dialogue {
  readonly #ending = new AbortController();
  readonly #lines: Interface = createInterface({ input: process.stdin, output: process.stdout });
  readonly #end = () => this.#ending.abort();

  constructor() {
    this.#lines.on('SIGINT', this.#end);
    this.#lines.on('close', this.#end);
    for (const signal of SIGNALS) process.on(signal, this.#end);
  }

  get ended(): AbortSignal {
    return this.#ending.signal;
  }

  /** Asks until the answer begins with one of the letters. */
  async ask<T extends string>(question: string, letters: readonly T[]): Promise<T> {
    for (;;) {
      const text = await this.#lines.question(question, { signal: this.ended }).catch(() => {
        throw interrupted();
      });
      const letter = letters.find((one) => text.trim().toLowerCase().startsWith(one));
      if (letter !== undefined) return letter;
      console.log(`Please answer ${letters.join(', ')}.`);
    }
  }

  close(): void {
    for (const signal of SIGNALS) process.off(signal, this.#end);
    this.#lines.off('close', this.#end);
    this.#lines.close();
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

function interrupted(): CommandLineError {
  return new CommandLineError(EXIT.failed, 'Interrupted. The motors are stopped; nothing was changed.');
}
