import type { Config } from '../../config/schema.ts';
import { decide, decidePwm, type Evidence, gatherEvidence, OVERLAY_MEND } from '../drive/detect.ts';
import { type I2cBus, I2cError, openI2cBus } from '../drive/i2c.ts';
import { FREQUENCY_HZ } from '../drive/motor-hat.ts';
import { Pca9685 } from '../drive/pca9685.ts';
import type { Finding } from './doctor-checks.ts';

export interface MotorCheckDeps {
  readonly openBus?: (busNumber: number) => Promise<I2cBus>;
  readonly pwmRoot?: string;
}

const CHOOSE = 'name the driver by drive.driver, or give --simulate for a simulated robot';

/** I2C bus, motor chip and PWM overlay, as far as the configured driver needs them. Nothing is written to a chip. */
export async function checkMotors(config: Config, deps: MotorCheckDeps = {}): Promise<Finding[]> {
  const { driver } = config.drive;
  if (driver === 'johnny-five') return [checkJohnnyFive(config)];
  const findings: Finding[] = [];
  if (driver !== 'explorer-hat') {
    const bus = await checkBus(config, deps);
    if (bus.mend !== undefined) return [bus];
    findings.push(bus);
  }
  const evidence = await gatherEvidence(config, deps);
  const decision =
    driver === 'auto' ? decide(evidence, config.explorerHat.pwm) : { driver, why: 'drive.driver names it' };
  const chosen = decision.driver;
  if (chosen === null) {
    const overlay = evidence.converter ? [checkOverlay(config, evidence)] : [];
    const mend = `switch the robot off, seat the HAT on all its pins; or ${CHOOSE}`;
    return [...findings, ...overlay, { what: 'motors', detail: decision.why, mend }];
  }
  findings.push({ what: 'motors', detail: `${chosen}: ${decision.why}` });
  findings.push(chosen === 'motor-hat' ? await checkMotorChip(config, deps) : checkOverlay(config, evidence));
  return findings;
}

async function checkBus({ motorHat }: Config, { openBus = openI2cBus }: MotorCheckDeps): Promise<Finding> {
  const what = `I2C bus ${motorHat.bus}`;
  try {
    await (await openBus(motorHat.bus)).close();
    return { what, detail: 'open' };
  } catch (error) {
    const { message, mend = '' } = error as Partial<I2cError> & Error;
    return { what, detail: message, mend: mend || 'name another bus by motorHat.bus' };
  }
}

async function checkMotorChip(
  { motorHat }: Config,
  { openBus = openI2cBus }: MotorCheckDeps,
): Promise<Finding> {
  const what = 'motor chip';
  const address = `0x${motorHat.address.toString(16)}`;
  try {
    const bus = await openBus(motorHat.bus);
    try {
      await new Pca9685(bus, motorHat.address, FREQUENCY_HZ, async () => {}).identify();
    } finally {
      await bus.close();
    }
    return { what, detail: `a PCA9685 at ${address}` };
  } catch (error) {
    const silent = error instanceof I2cError;
    const mend = silent
      ? `seat the HAT on all its pins; i2cdetect -y ${motorHat.bus} shows what answers; motorHat.address has to be as its jumpers are`
      : `set motorHat.address to the HAT's own, by its jumpers: something else answers at ${address}`;
    return { what, detail: (error as Error).message, mend };
  }
}

function checkOverlay({ explorerHat }: Config, evidence: Evidence): Finding {
  const { kind, why } = decidePwm(evidence, explorerHat.pwm);
  const what = 'PWM of the Explorer HAT';
  return kind === null ? { what, detail: why, mend: OVERLAY_MEND } : { what, detail: why };
}

function checkJohnnyFive({ johnnyFive }: Config): Finding {
  const by = johnnyFive.io === '' ? 'a board with Firmata' : johnnyFive.io;
  return { what: 'motors', detail: `johnny-five over ${by}; roverd calibrate turns them` };
}
