import {
  assertWheelRatios,
  type Drivetrain,
  type DrivetrainDescription,
  type WheelRatios,
} from './drivetrain.ts';

export type Side = 'left' | 'right';

/** A fault to show or to test with. `calls` says which calls it meets; the others work. */
export type DriveFault =
  /** The motor of each named side refuses what is written to it; the other side still obeys. */
  | { readonly kind: 'write-error'; readonly calls: FaultyCalls; readonly sides?: readonly Side[] }
  /** Writes take effect, and resolve, only after `delayMs` of simulated time. */
  | { readonly kind: 'slow-write'; readonly calls: FaultyCalls; readonly delayMs: number }
  /** Writes neither take effect nor resolve until the faults are cleared. */
  | { readonly kind: 'hung-write'; readonly calls: FaultyCalls }
  /** The wheel is blocked: its motor takes commands and current, and does not turn. */
  | { readonly kind: 'stuck-wheel'; readonly side: Side };
export type FaultyCalls = 'set' | 'stop' | 'all';

export interface SimulatedDrivetrainOptions {
  /** Time constant of the motors in ms, 0..2000: after it a wheel has gained 63 % of what it lacked. Default 70. */
  readonly lagMs?: number;
  /** Share of each wheel's turning that is lost on the floor, 0..1. Default 0. */
  readonly slip?: WheelRatios;
}

/** What the wheels do, after everything a command meets on its way. */
export interface WheelMotion {
  /** How fast each wheel carries its side over the floor, as a signed ratio of full speed. */
  readonly wheels: WheelRatios;
  /** Current drawn by both motors, 0 at rest to 1 with both stalled at full command. */
  readonly loadRatio: number;
}

export interface SimulatedDrivetrain extends Drivetrain {
  /** Lets `dtMs` (0 or more) of simulated time pass. @throws RangeError on anything else */
  advance(dtMs: number): WheelMotion;
  /** What the motors are told to do at this moment. */
  commanded(): WheelRatios;
  /** Adds a fault; several may be present at once. */
  inject(fault: DriveFault): void;
  /** Removes all faults; hung writes come through. */
  clearFaults(): void;
}

type Call = 'set' | 'stop';

interface Write {
  readonly order: number;
  readonly call: Call;
  readonly wheels: WheelRatios;
  /** Simulated time at which it comes through, Infinity while hung. */
  dueMs: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

const STOPPED: WheelRatios = { left: 0, right: 0 };
const SIDES: readonly Side[] = ['left', 'right'];
/** Part of the stall current that a motor draws when it turns freely at full speed. */
export const FREE_RUNNING_LOAD_RATIO = 0.25;
/** More calls of one kind than this waiting at once means a caller that does not wait for answers. */
const MAX_WAITING = 64;

/**
 * Two motors with first-order lag, for simulation, tests and demonstration. Time is what `advance` says.
 * The newest write wins: one that comes through late, after a newer `set` or `stop`, resolves without effect.
 */
export function createSimulatedDrivetrain(options: SimulatedDrivetrainOptions = {}): SimulatedDrivetrain {
  const lagMs = options.lagMs ?? 70;
  const slip = options.slip ?? STOPPED;
  if (!(lagMs >= 0 && lagMs <= 2000)) {
    throw new RangeError(`Expected lagMs to be in 0..2000 but received ${lagMs}`);
  }
  for (const side of SIDES) {
    if (!(slip[side] >= 0 && slip[side] <= 1)) {
      throw new RangeError(`Expected slip.${side} to be in 0..1 but received ${slip[side]}`);
    }
  }
  const command = { left: 0, right: 0 };
  const turning = { left: 0, right: 0 };
  const newest = { left: 0, right: 0 };
  const waiting = new Set<Write>();
  let faults: DriveFault[] = [];
  let nowMs = 0;
  let orders = 0;
  let closed = false;

  function write(call: Call, wheels: WheelRatios): Promise<void> {
    return new Promise((resolve, reject) => {
      // Counted by kind, so that no number of hanging sets keeps a stop out.
      if ([...waiting].filter((entry) => entry.call === call).length >= MAX_WAITING) {
        reject(new Error(`Expected at most ${MAX_WAITING} calls of ${call} at once but received one more`));
        return;
      }
      orders += 1;
      const entry: Write = { order: orders, call, wheels, dueMs: nowMs + delayMs(call), resolve, reject };
      if (entry.dueMs > nowMs) waiting.add(entry);
      else settle(entry);
    });
  }

  function delayMs(call: Call): number {
    let longest = 0;
    for (const fault of faults) {
      if (fault.kind === 'slow-write' && meets(fault, call)) longest = Math.max(longest, fault.delayMs);
      if (fault.kind === 'hung-write' && meets(fault, call)) longest = Number.POSITIVE_INFINITY;
    }
    return longest;
  }

  function settle(entry: Write): void {
    waiting.delete(entry);
    const failed: Error[] = [];
    for (const side of SIDES) {
      if (refuses(side, entry.call)) {
        failed.push(new Error(`the ${side} motor did not answer (injected fault)`));
      } else if (entry.order > newest[side]) {
        newest[side] = entry.order;
        command[side] = entry.wheels[side];
      }
    }
    const [first] = failed;
    if (first === undefined) entry.resolve();
    else if (entry.call === 'set') entry.reject(first);
    else entry.reject(new AggregateError(failed, failed.map((error) => error.message).join('; ')));
  }

  function refuses(side: Side, call: Call): boolean {
    return faults.some(
      (fault) => fault.kind === 'write-error' && meets(fault, call) && (fault.sides ?? SIDES).includes(side),
    );
  }

  function isStuck(side: Side): boolean {
    return faults.some((fault) => fault.kind === 'stuck-wheel' && fault.side === side);
  }

  function closedError(): Error {
    return new Error('The simulated drivetrain is closed');
  }

  return {
    async set(left, right) {
      if (closed) throw closedError();
      assertWheelRatios(left, right);
      await write('set', { left, right });
    },

    async stop() {
      if (closed) throw closedError();
      await write('stop', STOPPED);
    },

    async close() {
      if (closed) return;
      closed = true;
      for (const entry of waiting) entry.reject(closedError());
      waiting.clear();
      Object.assign(command, STOPPED);
    },

    describe: () => DESCRIPTION,

    advance(dtMs) {
      if (!(dtMs >= 0 && Number.isFinite(dtMs))) {
        throw new RangeError(`Expected dtMs to be a number of at least 0 but received ${dtMs}`);
      }
      nowMs += dtMs;
      for (const entry of [...waiting].sort((a, b) => a.dueMs - b.dueMs || a.order - b.order)) {
        if (entry.dueMs <= nowMs) settle(entry);
      }
      // The exact answer of a first-order lag to a constant command, so that the size of dtMs does not matter.
      const share = lagMs === 0 ? 1 : 1 - Math.exp(-dtMs / lagMs);
      let current = 0;
      for (const side of SIDES) {
        turning[side] = isStuck(side) ? 0 : turning[side] + (command[side] - turning[side]) * share;
        current +=
          Math.abs(command[side] - turning[side]) + Math.abs(turning[side]) * FREE_RUNNING_LOAD_RATIO;
      }
      return {
        wheels: { left: turning.left * (1 - slip.left), right: turning.right * (1 - slip.right) },
        loadRatio: Math.min(1, current / 2),
      };
    },

    commanded: () => ({ left: command.left, right: command.right }),

    inject(fault) {
      if (fault.kind === 'slow-write' && !(fault.delayMs >= 0)) {
        throw new RangeError(`Expected delayMs to be at least 0 but received ${fault.delayMs}`);
      }
      faults = [...faults, fault];
    },

    clearFaults() {
      faults = [];
      for (const entry of waiting) if (entry.dueMs === Number.POSITIVE_INFINITY) settle(entry);
    },
  };
}

const DESCRIPTION: DrivetrainDescription = {
  name: 'simulated',
  capabilities: { brake: true, reverse: true },
  silence: [],
};

function meets(fault: { readonly calls: FaultyCalls }, call: Call): boolean {
  return fault.calls === 'all' || fault.calls === call;
}
