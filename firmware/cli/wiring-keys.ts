import type { Config } from '../../config/schema.ts';
import type { Wiring } from './calibration.ts';

/** Where the configuration keeps the wiring of a driver: `drive.invert*`, and the motors in a section of its own. */
export interface WiringKeys {
  readonly wiring: Wiring<unknown>;
  /** Values by key, as they go into a configuration file. */
  values(wiring: Wiring<unknown>): Readonly<Record<string, unknown>>;
}

/** @param driver what the drivetrain calls itself */
export function wiringKeys(config: Config, driver: string): WiringKeys {
  const { invertLeft, invertRight } = config.drive;
  const [left, right, leftKey, rightKey] = motorsOf(config, driver);
  return {
    wiring: { leftMotor: left, rightMotor: right, invertLeft, invertRight },
    values: (wiring) => ({
      'drive.invertLeft': wiring.invertLeft,
      'drive.invertRight': wiring.invertRight,
      [leftKey]: wiring.leftMotor,
      [rightKey]: wiring.rightMotor,
    }),
  };
}

function motorsOf(config: Config, driver: string): readonly [unknown, unknown, string, string] {
  if (driver === 'johnny-five') {
    const { left, right } = config.johnnyFive;
    return [left, right, 'johnnyFive.left', 'johnnyFive.right'];
  }
  const section = driver === 'motor-hat' ? 'motorHat' : 'explorerHat';
  const { leftMotor, rightMotor } = config[section];
  return [leftMotor, rightMotor, `${section}.leftMotor`, `${section}.rightMotor`];
}
