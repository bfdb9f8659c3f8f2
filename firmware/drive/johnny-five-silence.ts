import type { Config } from '../../config/schema.ts';
import type { SilenceStep } from './drivetrain.ts';
import { ALL_OFF } from './pca9685.ts';

/** Controllers and addresses as in Motor.SHIELD_CONFIGS and Motor of johnny-five. */
const SHIELDS: Readonly<Record<string, { readonly controller: string; readonly address: number }>> = {
  ADAFRUIT_V2: { controller: 'PCA9685', address: 0x60 },
  PICAR_V: { controller: 'PCA9685_Hybrid', address: 0x40 },
};
const PCA9685_ADDRESS = 0x40;
const GROVE_ADDRESS = 0x0f;
/** SET_SPEED of Seeed's Grove I2C Motor Driver, both motors. */
const GROVE_STOP = [0x82, 0, 0] as const;
const DEFAULT_BUS = 1;

/**
 * How another process silences the motors of a board: where they hang on an I2C chip on this machine's bus.
 * Empty for all others: those on a board with Firmata are out of reach, and go on if this process dies.
 */
export function boardSilence(options: Pick<Config['johnnyFive'], 'io' | 'left' | 'right'>): SilenceStep[] {
  if (options.io === '') return [];
  const steps = [options.left, options.right].flatMap(chipStep);
  return steps.filter((step, index) => index === steps.findIndex((one) => same(one, step)));
}

type I2cStep = Extract<SilenceStep, { kind: 'i2c-write' }>;

function chipStep(motor: Readonly<Record<string, unknown>>): I2cStep[] {
  const shield = SHIELDS[String(motor.shield ?? '').split('.', 1)[0] ?? ''];
  const controller = String(motor.controller ?? shield?.controller ?? '');
  const bus = typeof motor.bus === 'number' ? motor.bus : DEFAULT_BUS;
  const step = (address: number, bytes: readonly number[]): I2cStep[] => [
    { kind: 'i2c-write', bus, address: typeof motor.address === 'number' ? motor.address : address, bytes },
  ];
  if (controller.startsWith('PCA9685')) return step(shield?.address ?? PCA9685_ADDRESS, ALL_OFF);
  if (controller === 'GROVE_I2C_MOTOR_DRIVER') return step(GROVE_ADDRESS, GROVE_STOP);
  return [];
}

function same(a: I2cStep, b: I2cStep): boolean {
  return a.bus === b.bus && a.address === b.address;
}
