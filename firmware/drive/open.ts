import type { Logger } from 'pino';
import type { Config } from '../../config/schema.ts';
import { type Decision, decide, decidePwm, gatherEvidence, gatherPwm } from './detect.ts';
import type { Drivetrain } from './drivetrain.ts';
import { openExplorerHat } from './explorer-hat.ts';
import type { I2cBus } from './i2c.ts';
import { openJohnnyFive } from './johnny-five.ts';
import { findPwmGpios, kernelPwmPin, PWM_ROOT } from './kernel-pwm.ts';
import { openMotorHat } from './motor-hat.ts';
import { type Pause, pauseOn } from './pause.ts';
import { openRaspiPwm } from './raspi-pwm.ts';

export interface DriveDeps {
  readonly logger: Pick<Logger, 'info' | 'warn'>;
  readonly pause?: Pause;
  readonly openBus?: (busNumber: number) => Promise<I2cBus>;
  /** The folder of the kernel's PWM chips. Default /sys/class/pwm. */
  readonly pwmRoot?: string;
}

type DriveConfig = Pick<Config, 'drive' | 'motorHat' | 'explorerHat' | 'johnnyFive'>;

/** Why there are no motors, in words for who stands before the robot. */
export class DriveError extends Error {
  override readonly name = 'DriveError';
}

/**
 * Opens the motors that the configuration names, or finds them (`drive.driver` auto), and logs what was decided.
 * They stand still when this resolves.
 * @throws DriveError saying what was looked for, what was found and what to do
 */
export async function openDrivetrain(config: DriveConfig, deps: DriveDeps): Promise<Drivetrain> {
  try {
    const { driver } = config.drive;
    const decision = driver === 'auto' ? await found(config, deps) : { driver, why: 'drive.driver names it' };
    const drivetrain = await openDriver(config, decision, deps);
    deps.logger.info({ driver: drivetrain.describe().name, why: decision.why }, 'motors ready');
    return drivetrain;
  } catch (cause) {
    throw new DriveError((cause as Error).message, { cause });
  }
}

async function found(config: DriveConfig, deps: DriveDeps): Promise<Decision> {
  const decision = decide(await gatherEvidence(config, deps), config.explorerHat.pwm);
  if (decision.driver !== null) return decision;
  const { motorHat, explorerHat } = config;
  const places = `a Motor HAT at 0x${motorHat.address.toString(16)} on I2C bus ${motorHat.bus}, an Explorer HAT at 0x48 and 0x28 on bus ${explorerHat.bus}`;
  throw new Error(
    `No motors found: ${decision.why}. Looked for ${places}. ` +
      'drive.driver names another driver; roverd doctor checks this machine; --simulate drives a simulated robot.',
  );
}

function openDriver(
  config: DriveConfig,
  decision: { driver: string | null },
  deps: DriveDeps,
): Promise<Drivetrain> {
  const { drive, motorHat, johnnyFive } = config;
  switch (decision.driver) {
    case 'motor-hat':
      return openMotorHat({ ...motorHat, ...drive }, deps);
    case 'explorer-hat':
      return openExplorer(config, deps);
    case 'johnny-five':
      return openJohnnyFive({ ...johnnyFive, ...drive }, deps);
    default:
      throw new Error(`Expected a driver of real motors but received ${decision.driver}`);
  }
}

async function openExplorer(
  { drive, explorerHat }: DriveConfig,
  { pause = pauseOn(), pwmRoot = PWM_ROOT }: DriveDeps,
): Promise<Drivetrain> {
  const { kind, why } = decidePwm(await gatherPwm({ pwmRoot }), explorerHat.pwm);
  if (kind === null) throw new Error(`Can't drive the Explorer HAT: ${why}`);
  const options = { ...explorerHat, ...drive };
  const name = `explorer-hat (${kind})`;
  if (kind === 'raspi-io') return openExplorerHat(name, options, await openRaspiPwm());
  const chips = await findPwmGpios(pwmRoot);
  return openExplorerHat(name, options, (gpio) =>
    kernelPwmPin(chips.get(gpio)!, explorerHat.frequencyHz, pause),
  );
}
