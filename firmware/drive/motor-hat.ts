import type { Logger } from 'pino';
import type { Config } from '../../config/schema.ts';
import type { Drivetrain, DrivetrainDescription } from './drivetrain.ts';
import { type I2cBus, openI2cBus } from './i2c.ts';
import { createOrderedDrivetrain, type MotorOutputs, type OrderOptions } from './ordered.ts';
import { type Pause, pauseOn } from './pause.ts';
import { ALL_OFF, dutyBytes, Pca9685 } from './pca9685.ts';

/**
 * Outputs of the PCA9685 that lead to each motor's TB6612: its PWM input and its two direction inputs. Forward is
 * `plus` high, as in the maker's current library. Its old one has M1 and M3 the other way round, johnny-five M2
 * and M4; robots wired after those need `drive.invertLeft` or `drive.invertRight`.
 */
const MOTORS: Readonly<
  Record<number, { readonly pwm: number; readonly plus: number; readonly minus: number }>
> = {
  1: { pwm: 8, plus: 9, minus: 10 },
  2: { pwm: 13, plus: 11, minus: 12 },
  3: { pwm: 2, plus: 3, minus: 4 },
  4: { pwm: 7, plus: 5, minus: 6 },
};

/** What the maker's library asks for; the chip makes 1526 Hz of it. */
export const FREQUENCY_HZ = 1600;
/** After so many commands without a stop the chip is asked whether it still has its settings. */
const CHECK_EVERY = 100;

export type WhenStopped = Config['drive']['whenStopped'];

export interface MotorHatOptions {
  /** 0x60..0x7f. */
  readonly address: number;
  /** 1..4, two different ones. */
  readonly leftMotor: number;
  readonly rightMotor: number;
  readonly whenStopped: WhenStopped;
}

export interface MotorHatDeps {
  readonly logger: Pick<Logger, 'warn'>;
  readonly pause?: Pause;
  readonly openBus?: (busNumber: number) => Promise<I2cBus>;
}

/**
 * The Adafruit DC and Stepper Motor HAT. The chip is identified, set up and read back.
 * @throws I2cError or Error when it is silent, another chip, or does not keep its settings
 */
export async function openMotorHat(
  options: MotorHatOptions & OrderOptions & { readonly bus: number },
  { logger, pause = pauseOn(), openBus = openI2cBus }: MotorHatDeps,
): Promise<Drivetrain> {
  const bus = await openBus(options.bus);
  try {
    const chip = new Pca9685(bus, options.address, FREQUENCY_HZ, pause);
    await chip.identify();
    await chip.setUp();
    return createOrderedDrivetrain(new MotorHat(bus, chip, options, logger), options);
  } catch (error) {
    await bus.close();
    throw error;
  }
}

/**
 * Bytes of both motors, from the lowest output to the highest, so that one write sets them in the same moment.
 * M1 with M2, M3 with M4 and M1 with M4 lie side by side (24 bytes). Between the other pairs lies a third motor
 * (36 or 48 bytes), which is kept off.
 */
export function outputBytes(
  options: MotorHatOptions,
  left: number,
  right: number,
): { readonly first: number; readonly bytes: readonly number[] } {
  const outputs = new Map<number, readonly number[]>([
    ...motorOutputs(options.leftMotor, left, options.whenStopped),
    ...motorOutputs(options.rightMotor, right, options.whenStopped),
  ]);
  const first = Math.min(...outputs.keys());
  const last = Math.max(...outputs.keys());
  const channels = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  return { first, bytes: channels.flatMap((channel) => outputs.get(channel) ?? dutyBytes(0)) };
}

/** TB6612: one input high drives, both high brake, both low let it run out. */
function motorOutputs(motor: number, ratio: number, whenStopped: WhenStopped): [number, readonly number[]][] {
  const { pwm, plus, minus } = MOTORS[motor]!;
  const braked = ratio === 0 && whenStopped === 'brake';
  return [
    [pwm, dutyBytes(Math.abs(ratio))],
    [plus, dutyBytes(ratio > 0 || braked ? 1 : 0)],
    [minus, dutyBytes(ratio < 0 || braked ? 1 : 0)],
  ];
}

class MotorHat implements MotorOutputs {
  readonly #bus: I2cBus;
  readonly #chip: Pca9685;
  readonly #options: MotorHatOptions;
  readonly #logger: Pick<Logger, 'warn'>;
  readonly #description: DrivetrainDescription;
  /** Commands to go until the chip is asked for its settings; 0 where it may have lost them. */
  #trustedFor = CHECK_EVERY;

  constructor(bus: I2cBus, chip: Pca9685, options: MotorHatOptions, logger: Pick<Logger, 'warn'>) {
    this.#bus = bus;
    this.#chip = chip;
    this.#options = options;
    this.#logger = logger;
    const { address } = options;
    this.#description = {
      name: 'motor-hat',
      capabilities: { brake: options.whenStopped === 'brake', reverse: true },
      silence: [{ kind: 'i2c-write', bus: bus.number, address, bytes: ALL_OFF }],
    };
  }

  async drive(left: number, right: number, isWanted: () => boolean): Promise<void> {
    if (this.#trustedFor === 0) await this.#makeSure();
    if (!isWanted()) return;
    this.#trustedFor -= 1;
    await this.#write(left, right);
  }

  async halt(): Promise<void> {
    try {
      await this.#write(0, 0);
    } catch (first) {
      try {
        await this.#chip.allOff();
      } catch (second) {
        throw new AggregateError([first, second], (first as Error).message);
      }
    }
    // Once a start from rest: a chip that has lost its power takes every write and does nothing.
    this.#trustedFor = 0;
  }

  release(): Promise<void> {
    return this.#bus.close();
  }

  describe(): DrivetrainDescription {
    return this.#description;
  }

  async #write(left: number, right: number): Promise<void> {
    const { first, bytes } = outputBytes(this.#options, left, right);
    try {
      await this.#chip.writeOutputs(first, bytes);
    } catch (error) {
      this.#trustedFor = 0;
      throw error;
    }
  }

  async #makeSure(): Promise<void> {
    if (!(await this.#chip.isSetUp())) {
      this.#logger.warn(
        'the motor chip has lost its settings, as after a loss of power: setting it up again',
      );
      await this.#chip.setUp();
    }
    this.#trustedFor = CHECK_EVERY;
  }
}
