import type { WhenStopped } from './motor-hat.ts';

/** Of johnny-five: speeds are 0..255. */
interface Motor {
  readonly pins: { readonly dir?: unknown; readonly cdir?: unknown; readonly brake?: unknown };
  readonly settings: { readonly controller?: unknown };
  forward(speed: number): unknown;
  reverse(speed: number): unknown;
  start(speed: number): unknown;
  stop(): unknown;
  brake(): unknown;
}

export interface MotorClass {
  new (options: object): Motor;
  readonly SHIELD_CONFIGS: Readonly<Record<string, Readonly<Record<string, object>>>>;
}

const FULL = 255;

/** One motor of johnny-five, told ratios. Every call throws what the IO plugin throws. */
export class JohnnyFiveMotor {
  /** Whether it holds when it stands. */
  readonly brakes: boolean;
  readonly #motor: Motor;
  /** Null while it stands, or is in an unknown state. */
  #turning: 'forward' | 'reverse' | null = null;

  /**
   * @param key what to name in an error
   * @param options as johnny-five takes them, or `shield` with what differs from that
   * @throws Error for a motor that johnny-five does not take, or that can't turn both ways
   */
  constructor(
    Motor: MotorClass,
    key: string,
    options: Readonly<Record<string, unknown>>,
    whenStopped: WhenStopped,
  ) {
    const { shield, ...own } = options;
    try {
      // By its own default it keeps a motor still below 30: a ratio of 0.12, which the ramp passes through.
      this.#motor = new Motor({ threshold: 0, ...shieldConfig(Motor, shield), ...own });
    } catch (cause) {
      throw new Error(`johnny-five refuses ${key}: ${(cause as Error).message}`, { cause });
    }
    if (this.#motor.pins.dir === undefined) {
      throw new Error(`Expected ${key} to be a motor that turns both ways but it has no pin dir`);
    }
    const { cdir, brake } = this.#motor.pins;
    this.brakes = whenStopped === 'brake' && (cdir !== undefined || brake !== undefined);
  }

  turn(ratio: number): void {
    const speed = Math.round(Math.abs(ratio) * FULL);
    if (speed === 0) {
      this.stand();
      return;
    }
    const way = ratio > 0 ? 'forward' : 'reverse';
    const goesOn = this.#turning === way;
    this.#turning = null;
    // forward() and reverse() stop the motor first, which a change of speed alone must not.
    if (goesOn) this.#motor.start(speed);
    else this.#motor[way](speed);
    this.#turning = way;
  }

  stand(): void {
    this.#turning = null;
    if (this.brakes) this.#motor.brake();
    else this.#motor.stop();
  }
}

/** @param name such as ADAFRUIT_V2.M1 */
function shieldConfig({ SHIELD_CONFIGS }: MotorClass, name: unknown): object {
  if (name === undefined) return {};
  const [shield = '', motor = ''] = String(name).split('.');
  const config = Object.hasOwn(SHIELD_CONFIGS, shield) ? SHIELD_CONFIGS[shield] : undefined;
  if (config && Object.hasOwn(config, motor)) return config[motor]!;
  const known = Object.entries(SHIELD_CONFIGS).flatMap(([one, motors]) =>
    Object.keys(motors).map((each) => `${one}.${each}`),
  );
  throw new Error(`Expected shield to be one of ${known.join(', ')} but received ${String(name)}`);
}
