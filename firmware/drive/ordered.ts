import { assertWheelRatios, type Drivetrain, type DrivetrainDescription } from './drivetrain.ts';

/** The outputs of a motor driver, without the order that a Drivetrain promises. */
export interface MotorOutputs {
  /**
   * Brings both motors to these ratios; called once at a time. Where that takes several steps, `isWanted` is
   * asked before the one that makes them turn: it says no as soon as a stop has been called.
   */
  drive(left: number, right: number, isWanted: () => boolean): Promise<void>;
  /** Tries every output, at any time, also while `drive` is under way. @throws AggregateError of all that failed */
  halt(): Promise<void>;
  /** Gives the hardware back. The last call. */
  release(): Promise<void>;
  describe(): DrivetrainDescription;
}

export interface OrderOptions {
  readonly invertLeft: boolean;
  readonly invertRight: boolean;
}

interface Waiting {
  left: number;
  right: number;
  /** How many stops had been called before: with more it is out of date. */
  stops: number;
  readonly done: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Keeps the promises of a Drivetrain over outputs whose writes may overlap and arrive in any order.
 *
 * - One `drive` at a time; of several sets that wait, the newest is written, and all of them settle with it.
 * - A stop waits for nothing. A `drive` that it overtook is followed by one more halt before anything else, since
 *   nobody knows which of the two the hardware took last.
 * - A set called after a stop is written after it.
 */
export function createOrderedDrivetrain(outputs: MotorOutputs, options: OrderOptions): Drivetrain {
  const halts = new Set<Promise<void>>();
  let stops = 0;
  let closed = false;
  let driving: Promise<void> | null = null;
  let waiting: Waiting | null = null;

  function halt(): Promise<void> {
    const halting = outputs.halt();
    const settled = halting.then(ignore, ignore);
    halts.add(settled);
    void settled.then(() => halts.delete(settled));
    return halting;
  }

  async function write(left: number, right: number, stopsBefore: number): Promise<void> {
    const isWanted = () => stops === stopsBefore && !closed;
    if (halts.size > 0) await Promise.all(halts);
    if (!isWanted()) return;
    try {
      await outputs.drive(inverted(left, options.invertLeft), inverted(right, options.invertRight), isWanted);
    } finally {
      if (!isWanted()) await halt();
    }
  }

  function start(left: number, right: number, stopsBefore: number): Promise<void> {
    const writing = write(left, right, stopsBefore);
    driving = writing.then(ignore, ignore).then(() => {
      driving = null;
      const next = waiting;
      waiting = null;
      if (next) start(next.left, next.right, next.stops).then(next.resolve, next.reject);
    });
    return writing;
  }

  return {
    async set(left, right) {
      assertOpen();
      assertWheelRatios(left, right);
      if (!driving) return start(left, right, stops);
      waiting = { ...(waiting ?? deferred()), left, right, stops };
      return waiting.done;
    },

    async stop() {
      assertOpen();
      stops += 1;
      await halt();
    },

    async close() {
      if (closed) return;
      closed = true;
      waiting?.reject(closedError());
      waiting = null;
      try {
        await halt();
      } finally {
        // A drive that hangs keeps the hardware: it is halted once more when it comes back.
        if (driving) void driving.then(() => outputs.release()).catch(ignore);
        else await outputs.release();
      }
    },

    describe: () => outputs.describe(),
  };

  function assertOpen(): void {
    if (closed) throw closedError();
  }

  function closedError(): Error {
    return new Error(`The drivetrain ${outputs.describe().name} is closed`);
  }
}

function deferred(): Pick<Waiting, 'done' | 'resolve' | 'reject'> {
  let resolve = () => {};
  let reject: (error: unknown) => void = () => {};
  const done = new Promise<void>((onDone, onError) => {
    resolve = onDone;
    reject = onError;
  });
  return { done, resolve, reject };
}

/** Without making -0, which tests and people would wonder about. */
function inverted(ratio: number, isInverted: boolean): number {
  return isInverted && ratio !== 0 ? -ratio : ratio;
}

function ignore(): void {}
