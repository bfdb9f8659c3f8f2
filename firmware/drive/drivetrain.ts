/** Signed ratios of full speed, -1..1; positive drives forward. */
export interface WheelRatios {
  readonly left: number;
  readonly right: number;
}

/**
 * How a process without Node silences the motors: the guardian and `roverd stop` follow these steps. Those on one I2C
 * bus, and those on files of one folder, follow one another; a bus or folder that hangs does not keep the others.
 * At most 32 steps of at most 64 bytes each; a path is absolute, at most 255 plain characters.
 */
export type SilenceStep =
  | {
      readonly kind: 'i2c-write';
      readonly bus: number;
      readonly address: number;
      readonly bytes: readonly number[];
    }
  | { readonly kind: 'file-write'; readonly path: string; readonly text: string };

export interface DrivetrainDescription {
  readonly name: string;
  readonly capabilities: { readonly brake: boolean; readonly reverse: boolean };
  /** Empty where there is nothing outside this process to silence (the simulator). */
  readonly silence: readonly SilenceStep[];
}

/**
 * Two wheels (or two sides) that turn at a signed ratio of their full speed.
 *
 * Promises every driver keeps:
 * - `set` takes ratios in -1..1 (positive drives forward) and refuses anything else with a RangeError,
 *   leaving the motors as they are. It resolves when the hardware has taken the value.
 * - `stop` may be called at any time, also while a `set` is under way or after one failed; it tries every
 *   output and reports all that failed in one AggregateError.
 * - after `close` the motors are stopped and every call but `close` rejects.
 */
export interface Drivetrain {
  set(left: number, right: number): Promise<void>;
  stop(): Promise<void>;
  close(): Promise<void>;
  describe(): DrivetrainDescription;
}

/** @throws RangeError when either ratio is not a number in -1..1 */
export function assertWheelRatios(left: number, right: number): void {
  for (const [side, ratio] of [
    ['left', left],
    ['right', right],
  ] as const) {
    if (!(ratio >= -1 && ratio <= 1)) {
      throw new RangeError(`Expected ${side} to be a ratio in -1..1 but received ${ratio}`);
    }
  }
}
