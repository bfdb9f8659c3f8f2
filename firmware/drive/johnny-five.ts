import type { Logger } from 'pino';
import type { SchedulerLike } from 'rxjs';
import type { Config } from '../../config/schema.ts';
import type { Drivetrain } from './drivetrain.ts';
import { type IoPlugin, loadIoPlugin, messageOf, type Readied, untilReady } from './io-plugin.ts';
import { JohnnyFiveMotor, type MotorClass } from './johnny-five-motor.ts';
import { boardSilence } from './johnny-five-silence.ts';
import type { WhenStopped } from './motor-hat.ts';
import { createOrderedDrivetrain, type MotorOutputs, type OrderOptions } from './ordered.ts';

export type JohnnyFiveOptions = Config['johnnyFive'] & OrderOptions & { readonly whenStopped: WhenStopped };

export interface JohnnyFiveDeps {
  readonly logger: Pick<Logger, 'info' | 'warn'>;
  readonly loadPlugin?: (name: string, options: object) => Promise<IoPlugin>;
  readonly scheduler?: SchedulerLike;
  /** The package, of CommonJS: what it exports is `default`. */
  readonly load?: () => Promise<unknown>;
}

interface Board extends Readied {
  /** Waits 10 s for a board that has connected; it would keep the process that long. */
  readonly timer?: NodeJS.Timeout | null;
  readonly io: { close?(): void; readonly transport?: { close?(): void } };
}

interface JohnnyFive {
  readonly Board: new (options: object) => Board;
  readonly Motor: MotorClass;
}

/**
 * Any board and any motor that johnny-five knows; one board a process, to which johnny-five gives all chips.
 *
 * johnny-five has no answer to its writes: a call here resolves when the IO plugin has been handed them, and
 * rejects with what the plugin throws, or with what the board has reported since the last call.
 * @throws Error when plugin, board or motors don't start
 */
export async function openJohnnyFive(
  options: JohnnyFiveOptions,
  { logger, loadPlugin = loadIoPlugin, scheduler, load = () => import('johnny-five') }: JohnnyFiveDeps,
): Promise<Drivetrain> {
  const five = await loaded(load);
  const what = options.io === '' ? 'the board with Firmata' : `the board of ${options.io}`;
  const plugin = options.io === '' ? null : await loadPlugin(options.io, options.ioOptions);
  const port = options.port === '' ? {} : { port: options.port };
  // Its own handler of SIGINT would end the process before the motors are stopped.
  const board = new five.Board({
    ...(plugin && { io: plugin }),
    ...port,
    repl: false,
    sigint: false,
    debug: false,
  });
  const health = new BoardHealth();
  // The board hands on what its plugin reports, but only once it is ready.
  const parts = plugin ? [board, plugin] : [board];
  for (const part of parts) health.watch(part, logger);
  try {
    await untilReady(what, board, parts, scheduler);
    const motor = (side: 'left' | 'right') =>
      new JohnnyFiveMotor(five.Motor, `johnnyFive.${side}`, { ...options[side], board }, options.whenStopped);
    const outputs = new JohnnyFiveOutputs(board, health, motor('left'), motor('right'), options);
    await outputs.halt();
    return createOrderedDrivetrain(outputs, options);
  } catch (error) {
    closeBoard(board);
    throw error;
  }
}

async function loaded(load: () => Promise<unknown>): Promise<JohnnyFive> {
  try {
    return ((await load()) as { default: JohnnyFive }).default;
  } catch (cause) {
    throw new Error(`Can't load johnny-five: ${(cause as Error).message}`, { cause });
  }
}

/** What a board reports besides calls: taken up by the next call. */
class BoardHealth {
  #reported: string | null = null;
  #gone = false;

  watch(board: Readied, logger: Pick<Logger, 'warn'>): void {
    board.addListener('error', (event) => {
      this.#reported = messageOf(event);
      logger.warn({ detail: this.#reported }, 'the board reports an error');
    });
    for (const event of ['close', 'disconnect']) {
      board.addListener(event, () => {
        this.#gone = true;
      });
    }
  }

  /** @throws Error once for what was reported; for ever when the board is gone */
  check(): void {
    const reported = this.#gone ? 'its connection is closed' : this.#reported;
    this.#reported = null;
    if (reported !== null) throw new Error(`The board failed: ${reported}`);
  }
}

class JohnnyFiveOutputs implements MotorOutputs {
  readonly #board: Board;
  readonly #health: BoardHealth;
  readonly #left: JohnnyFiveMotor;
  readonly #right: JohnnyFiveMotor;
  readonly #options: JohnnyFiveOptions;

  constructor(
    board: Board,
    health: BoardHealth,
    left: JohnnyFiveMotor,
    right: JohnnyFiveMotor,
    options: JohnnyFiveOptions,
  ) {
    this.#board = board;
    this.#health = health;
    this.#left = left;
    this.#right = right;
    this.#options = options;
  }

  async drive(left: number, right: number): Promise<void> {
    this.#health.check();
    this.#left.turn(left);
    this.#right.turn(right);
    await afterThisTurn();
    this.#health.check();
  }

  async halt(): Promise<void> {
    const actions = [
      () => this.#left.stand(),
      () => this.#right.stand(),
      afterThisTurn,
      () => this.#health.check(),
    ];
    const errors: Error[] = [];
    for (const action of actions) {
      try {
        await action();
      } catch (error) {
        errors.push(error as Error);
      }
    }
    if (errors.length > 0) {
      throw new AggregateError(errors, errors.map(({ message }) => message).join('; '));
    }
  }

  async release(): Promise<void> {
    closeBoard(this.#board);
  }

  describe() {
    return {
      name: 'johnny-five',
      capabilities: { brake: this.#left.brakes && this.#right.brakes, reverse: true },
      silence: boardSilence(this.#options),
    };
  }
}

function closeBoard({ io, timer }: Board): void {
  clearTimeout(timer ?? undefined);
  if (io?.transport?.close) io.transport.close();
  else io?.close?.();
}

/** What a plugin emits in answer to a write that fails at once comes before this. */
function afterThisTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
