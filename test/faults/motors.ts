import type { Chips } from '../chips/chips.ts';
import { bridgesStill } from '../chips/log.ts';

/** M1 and M2 of a Motor HAT. */
const BRIDGES = [
  { pwm: 8, in1: 10, in2: 9 },
  { pwm: 13, in1: 11, in2: 12 },
];
const still = bridgesStill(BRIDGES);

export const nowNs = (): bigint => process.hrtime.bigint();

/** The two motors as the chip drives them. */
export class ChipMotors {
  readonly #chips: Chips;

  constructor(chips: Chips) {
    this.#chips = chips;
  }

  atFullSpeed(): boolean {
    const { duty } = this.#chips.pca9685();
    return BRIDGES.every(({ pwm, in1, in2 }) => duty(pwm) === 1 && duty(in1) !== duty(in2));
  }

  areStill(): boolean {
    return this.stillSince(0n) !== null;
  }

  /** From when on, at or after `sinceNs`, both stand and have not moved again; null while one is driven. */
  stillSince(sinceNs: bigint): bigint | null {
    return this.#chips.pca9685().outputs.lastingSince(sinceNs, still);
  }

  /** @param outputs of the chip, by bit */
  drivenBy(outputs: number): boolean {
    return !still(outputs);
  }

  /** Whether anything has changed between driven and still since then. */
  hasStoodSince(sinceNs: bigint): boolean {
    return this.#chips
      .pca9685()
      .outputs.changes()
      .some(({ atNs, outputs }) => atNs >= sinceNs && still(outputs));
  }
}
