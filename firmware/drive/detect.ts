import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Config } from '../../config/schema.ts';
import { EXPLORER_GPIOS } from './explorer-hat.ts';
import { type I2cBus, openI2cBus } from './i2c.ts';
import { findPwmGpios, PWM_ROOT } from './kernel-pwm.ts';
import { RASPI_IO } from './raspi-pwm.ts';

/** The converter of Explorer HAT Pro and pHAT, and the touch chip of HAT and HAT Pro. */
const ADS1015_ADDRESS = 0x48;
const CAP1208_ADDRESS = 0x28;

/** What can make PWM here. */
export interface PwmEvidence {
  /** GPIOs with a PWM of the kernel. */
  readonly pwmGpios: readonly number[];
  readonly raspiIo: boolean;
}

/** What the machine shows of itself. */
export interface Evidence extends PwmEvidence {
  /** What went wrong with the I2C bus, or null. */
  readonly busError: string | null;
  readonly motorHat: boolean;
  readonly converter: boolean;
  readonly touch: boolean;
}

export type PwmWish = Config['explorerHat']['pwm'];
export type PwmKind = Exclude<PwmWish, 'auto'>;
export type Decision =
  | { readonly driver: 'motor-hat' | 'explorer-hat'; readonly why: string }
  /** `why` says what is there and what to do. */
  | { readonly driver: null; readonly why: string };

export const OVERLAY_MEND = `add to /boot/firmware/config.txt a line \`dtoverlay=pwm-gpio,gpio=N\` for each N of ${EXPLORER_GPIOS.join(', ')}, and restart`;

/** Which driver fits. @param wish `explorerHat.pwm` */
export function decide(evidence: Evidence, wish: PwmWish): Decision {
  const { busError, motorHat, converter, touch } = evidence;
  if (busError !== null) return { driver: null, why: busError };
  if (motorHat) {
    const also = converter || touch ? ', although an Explorer HAT answers too (drive.driver chooses it)' : '';
    return { driver: 'motor-hat', why: `the Motor HAT answers${also}` };
  }
  if (converter) {
    const hat = touch ? 'Explorer HAT Pro' : 'Explorer pHAT';
    const { kind, why } = decidePwm(evidence, wish);
    return kind === null
      ? { driver: null, why: `an ${hat} answers, but ${why}` }
      : { driver: 'explorer-hat', why: `an ${hat} answers; ${why}` };
  }
  if (touch) {
    return {
      driver: null,
      why: 'a basic Explorer HAT answers (touch, no converter): it has no motor driver',
    };
  }
  return { driver: null, why: 'no motor driver answers on the I2C bus' };
}

/** What is to make the Explorer HAT's PWM: what is wished for, or what is there; `why` says what is missing. */
export function decidePwm(
  { pwmGpios, raspiIo }: PwmEvidence,
  wish: PwmWish,
): { readonly kind: PwmKind | null; readonly why: string } {
  const missing = EXPLORER_GPIOS.filter((gpio) => !pwmGpios.includes(gpio));
  if (missing.length === 0 && wish !== 'raspi-io') {
    return { kind: 'kernel', why: 'the kernel makes its PWM (overlay pwm-gpio)' };
  }
  if (wish === 'raspi-io' || (wish === 'auto' && raspiIo)) {
    return { kind: 'raspi-io', why: `${RASPI_IO} makes its PWM` };
  }
  const have = missing.length === 1 ? 'has' : 'have';
  return { kind: null, why: `GPIO ${missing.join(', ')} ${have} no PWM: ${OVERLAY_MEND}` };
}

export interface DetectDeps {
  readonly openBus?: (busNumber: number) => Promise<I2cBus>;
  readonly pwmRoot?: string;
  /** Where the machine says which it is. */
  readonly modelFile?: string;
  readonly isInstalled?: (name: string) => boolean;
}

/** Looks, and changes nothing: addresses are probed by a read. */
export async function gatherEvidence(
  { motorHat, explorerHat }: Pick<Config, 'motorHat' | 'explorerHat'>,
  { openBus = openI2cBus, ...deps }: DetectDeps = {},
): Promise<Evidence> {
  const pwm = await gatherPwm(deps);
  try {
    const answering = await probeAll(openBus, {
      motorHat: [motorHat.bus, motorHat.address],
      converter: [explorerHat.bus, ADS1015_ADDRESS],
      touch: [explorerHat.bus, CAP1208_ADDRESS],
    });
    return { ...pwm, busError: null, ...answering };
  } catch (error) {
    const busError = (error as Error).message;
    return { ...pwm, busError, motorHat: false, converter: false, touch: false };
  }
}

export async function gatherPwm({
  pwmRoot = PWM_ROOT,
  modelFile = '/proc/device-tree/model',
  isInstalled = canResolve,
}: Omit<DetectDeps, 'openBus'>): Promise<PwmEvidence> {
  const pwmGpios = [...(await findPwmGpios(pwmRoot)).keys()];
  const model = await readFile(modelFile, 'latin1').catch(() => '');
  return { pwmGpios, raspiIo: raspiIoReaches(model) && isInstalled(RASPI_IO) };
}

/** Whether raspi-io can reach the GPIO of a model: the Pi 5 has another controller. */
export function raspiIoReaches(model: string): boolean {
  return /^Raspberry Pi (?!5|Compute Module 5)/.test(model);
}

/** Whether a package is installed beside this program. */
export function canResolve(name: string): boolean {
  try {
    createRequire(import.meta.url).resolve(name);
    return true;
  } catch {
    return false;
  }
}

async function probeAll<Name extends string>(
  openBus: (busNumber: number) => Promise<I2cBus>,
  places: Readonly<Record<Name, readonly [bus: number, address: number]>>,
): Promise<Record<Name, boolean>> {
  const buses = new Map<number, I2cBus>();
  const answers: Partial<Record<Name, boolean>> = {};
  try {
    for (const [name, [number, address]] of Object.entries(places) as [Name, readonly [number, number]][]) {
      const bus = buses.get(number) ?? (await openBus(number));
      buses.set(number, bus);
      answers[name] = await bus.probe(address);
    }
    return answers as Record<Name, boolean>;
  } finally {
    for (const bus of buses.values()) await bus.close();
  }
}
