import type { Drivetrain, DrivetrainDescription } from './drivetrain.ts';
import type { WhenStopped } from './motor-hat.ts';
import { createOrderedDrivetrain, type MotorOutputs, type OrderOptions } from './ordered.ts';
import type { PwmPin } from './pwm-pin.ts';

/** GPIOs (BCM) of the DRV8833 on Explorer HAT Pro and pHAT; forward is as in the maker's library. */
const MOTORS: Readonly<Record<number, { readonly forward: number; readonly backward: number }>> = {
  1: { forward: 20, backward: 19 },
  2: { forward: 26, backward: 21 },
};
export const EXPLORER_GPIOS: readonly number[] = [19, 20, 21, 26];

export interface ExplorerHatOptions extends OrderOptions {
  /** 1 or 2, two different ones. */
  readonly leftMotor: number;
  readonly rightMotor: number;
  readonly whenStopped: WhenStopped;
}

/**
 * The Explorer HAT's two motors over four PWM pins, which are opened here.
 * @param pinOf the pin of a GPIO, unopened
 * @param name what describe() calls it: the HAT and what makes its PWM
 * @throws Error when a pin can't be had; the others are closed again
 */
export async function openExplorerHat(
  name: string,
  options: ExplorerHatOptions,
  pinOf: (gpio: number) => PwmPin,
): Promise<Drivetrain> {
  const pins = new Map(EXPLORER_GPIOS.map((gpio) => [gpio, pinOf(gpio)]));
  try {
    await all([...pins.values()].map((pin) => pin.open()));
  } catch (error) {
    await Promise.allSettled([...pins.values()].map((pin) => pin.close()));
    throw error;
  }
  return createOrderedDrivetrain(new ExplorerHat(name, options, pins), options);
}

interface Bridge {
  readonly forward: PwmPin;
  readonly backward: PwmPin;
}

class ExplorerHat implements MotorOutputs {
  readonly #left: Bridge;
  readonly #right: Bridge;
  readonly #pins: readonly PwmPin[];
  readonly #standingRatio: number;
  readonly #description: DrivetrainDescription;
  /** Whether all pins are known to be switched on: a guardian switches them off behind our back. */
  #enabled = true;

  constructor(name: string, options: ExplorerHatOptions, pins: ReadonlyMap<number, PwmPin>) {
    const bridge = (motor: number): Bridge => {
      const { forward, backward } = MOTORS[motor]!;
      return { forward: pins.get(forward)!, backward: pins.get(backward)! };
    };
    this.#left = bridge(options.leftMotor);
    this.#right = bridge(options.rightMotor);
    this.#pins = [...pins.values()];
    // DRV8833, table 1: both inputs low let the motor run out, both high brake it.
    this.#standingRatio = options.whenStopped === 'brake' ? 1 : 0;
    this.#description = {
      name,
      capabilities: { brake: options.whenStopped === 'brake', reverse: true },
      silence: this.#pins.flatMap((pin) => pin.silence),
    };
  }

  async drive(left: number, right: number, isWanted: () => boolean): Promise<void> {
    if (!this.#enabled) {
      await Promise.all(this.#pins.map((pin) => pin.enable()));
      this.#enabled = true;
    }
    if (!isWanted()) return;
    await all([this.#turn(this.#left, left), this.#turn(this.#right, right)]);
  }

  async halt(): Promise<void> {
    // Once a start from rest.
    this.#enabled = false;
    await all(this.#pins.map((pin) => pin.write(this.#standingRatio)));
  }

  async release(): Promise<void> {
    await all(this.#pins.map((pin) => pin.close()));
  }

  describe(): DrivetrainDescription {
    return this.#description;
  }

  /** The other input goes low first, so that a change of direction never brakes in between. */
  async #turn(bridge: Bridge, ratio: number): Promise<void> {
    if (ratio === 0) {
      await all([bridge.forward.write(this.#standingRatio), bridge.backward.write(this.#standingRatio)]);
      return;
    }
    const [driven, low] = ratio > 0 ? [bridge.forward, bridge.backward] : [bridge.backward, bridge.forward];
    await low.write(0);
    await driven.write(Math.abs(ratio));
  }
}

/** Waits for all, also after one has failed. @throws AggregateError of all that failed */
async function all(actions: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(actions);
  const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as Error] : []));
  if (errors.length > 0) {
    throw new AggregateError(errors, errors.map(({ message }) => message).join('; '));
  }
}
