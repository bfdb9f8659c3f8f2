import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Drivetrain, WheelRatios } from '../../firmware/drive/drivetrain.ts';

/** A drivetrain on a bench: the driver under test and what its motors are really told. */
export interface DrivetrainBench {
  readonly drivetrain: Drivetrain;
  /** What the motors (or the hardware's registers) hold now, as signed ratios. */
  motors(): WheelRatios;
  /** Makes the outputs fail that a stop writes to, until `repair`. Left out where the hardware can't be made to fail. */
  breakOutputs?(): void;
  repair?(): void;
  /** Makes `set` take long or hang, until `repair`. */
  hangSet?(): void;
  /** Frees what the bench holds besides the drivetrain. */
  dispose?(): Promise<void>;
}

export interface ContractOptions {
  /** Smallest step of a ratio the hardware can tell apart. Default 0: exact. */
  readonly resolutionRatio?: number;
}

/** The promises of firmware/drive/drivetrain.ts, as tests every driver passes. Registers and runs a uvu suite. */
export function drivetrainContract(
  name: string,
  make: () => Promise<DrivetrainBench>,
  options: ContractOptions = {},
): void {
  const contract = suite(`drivetrain ${name}`);
  const near = (actual: WheelRatios, left: number, right: number) => {
    const off = Math.max(Math.abs(actual.left - left), Math.abs(actual.right - right));
    assert.ok(
      off <= (options.resolutionRatio ?? 0),
      `expected ${left}, ${right} but received ${show(actual)}`,
    );
  };
  const check = (promise: string, body: (bench: DrivetrainBench) => Promise<void>) =>
    contract(promise, async () => {
      const bench = await make();
      try {
        await body(bench);
      } finally {
        bench.repair?.();
        await bench.drivetrain.close();
        await bench.dispose?.();
      }
    });

  check('stands still before its first command', async ({ motors }) => near(motors(), 0, 0));

  check('a resolved set has reached both motors, with sign and size', async ({ drivetrain, motors }) => {
    for (const [left, right] of [
      [1, 1],
      [-1, -1],
      [0.5, -0.25],
      [0, 1],
      [0, 0],
      [-0.75, 0],
    ] as const) {
      await drivetrain.set(left, right);
      near(motors(), left, right);
    }
  });

  check('refuses what is no ratio and leaves the motors as they are', async ({ drivetrain, motors }) => {
    await drivetrain.set(0.5, -0.5);
    for (const bad of [1.001, -1.001, Number.NaN, Number.POSITIVE_INFINITY, undefined as never]) {
      for (const call of [() => drivetrain.set(bad, 0), () => drivetrain.set(0, bad)]) {
        const error = await rejection(call());
        assert.instance(error, RangeError);
        assert.match(error.message, /Expected (left|right) to be a ratio in -1\.\.1 but received/);
      }
    }
    near(motors(), 0.5, -0.5);
  });

  check('stop stops, also when standing and twice over', async ({ drivetrain, motors }) => {
    await drivetrain.stop();
    await drivetrain.set(1, -1);
    await Promise.all([drivetrain.stop(), drivetrain.stop()]);
    near(motors(), 0, 0);
  });

  check('a stop called during a set has the last word', async ({ drivetrain, motors }) => {
    for (let round = 0; round < 20; round += 1) {
      const set = drivetrain.set(1, 1);
      await drivetrain.stop();
      await set;
      near(motors(), 0, 0);
    }
  });

  check('drives again after a stop', async ({ drivetrain, motors }) => {
    await drivetrain.set(1, 1);
    await drivetrain.stop();
    await drivetrain.set(0.5, 0.5);
    near(motors(), 0.5, 0.5);
  });

  check('the last of several sets at once wins', async ({ drivetrain, motors }) => {
    await Promise.all([drivetrain.set(1, 1), drivetrain.set(-1, -1), drivetrain.set(0.25, 0.5)]);
    near(motors(), 0.25, 0.5);
  });

  check('close stops; then every call but close rejects', async ({ drivetrain, motors }) => {
    await drivetrain.set(1, 1);
    await drivetrain.close();
    near(motors(), 0, 0);
    assert.instance(await rejection(drivetrain.set(0, 0)), Error);
    assert.instance(await rejection(drivetrain.stop()), Error);
    await drivetrain.close();
    near(motors(), 0, 0);
  });

  check('describes itself, and the same each time', async ({ drivetrain }) => {
    const { name: ownName, capabilities, silence } = drivetrain.describe();
    assert.ok(ownName.length > 0);
    assert.type(capabilities.brake, 'boolean');
    assert.type(capabilities.reverse, 'boolean');
    for (const step of silence) {
      if (step.kind === 'i2c-write') {
        assert.ok(step.address >= 0x03 && step.address <= 0x77, 'a 7-bit I2C address');
        assert.ok(step.bytes.every((byte) => Number.isInteger(byte) && byte >= 0 && byte <= 255));
      } else {
        assert.ok(step.path.startsWith('/'), 'an absolute path');
      }
    }
    assert.equal(drivetrain.describe(), { name: ownName, capabilities, silence });
  });

  check('a stop that fails says so in one AggregateError; the next works', async (bench) => {
    if (!bench.breakOutputs) return;
    const { drivetrain, motors } = bench;
    await drivetrain.set(1, 1);
    bench.breakOutputs();
    const error = await rejection(drivetrain.stop());
    assert.instance(error, AggregateError);
    assert.ok((error as AggregateError).errors.length >= 1);
    assert.instance(await rejection(drivetrain.set(0.5, 0.5)), Error);
    bench.repair?.();
    await drivetrain.stop();
    near(motors(), 0, 0);
  });

  check('a stop gets through while a set hangs, and the late set does not undo it', async (bench) => {
    if (!bench.hangSet) return;
    const { drivetrain, motors } = bench;
    await drivetrain.set(0.5, 0.5);
    bench.hangSet();
    const late = drivetrain.set(1, 1).catch((error: Error) => error);
    // Under way by then, and not just called.
    await new Promise((resolve) => setTimeout(resolve, 10));
    await drivetrain.stop();
    near(motors(), 0, 0);
    bench.repair?.();
    await late;
    near(motors(), 0, 0);
  });

  contract.run();
}

async function rejection(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return error;
    throw new Error(`Expected an Error but received ${String(error)}`);
  }
  throw new Error('Expected a rejection but the call resolved');
}

function show({ left, right }: WheelRatios): string {
  return `${left}, ${right}`;
}
