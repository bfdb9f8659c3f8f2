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
  const evidence = await gatherEvidence(config, deps);
  const needsBus = driver !== 'explorer-hat';
  const findings: Finding[] = needsBus ? [checkBus(config, evidence)] : [];
  if (needsBus && evidence.busError !== null) return findings;
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

function checkBus({ motorHat }: Config, { busError }: Evidence): Finding {
  const what = `I2C bus ${motorHat.bus}`;
  if (busError === null) return { what, detail: 'open' };
  return { what, detail: busError, mend: 'do as it says, then run roverd doctor again' };
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
