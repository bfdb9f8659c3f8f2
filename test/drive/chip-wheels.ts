import type { WheelRatios } from '../../firmware/drive/drivetrain.ts';

/** Share of the time an output is high, from its four registers (PCA9685 data sheet rev. 4, 7.3.3). */
export function outputDuty(registers: Uint8Array, channel: number): number {
  const [onL = 0, onH = 0, offL = 0, offH = 0] = registers.subarray(6 + 4 * channel);
  if (offH & 0x10) return 0;
  if (onH & 0x10) return 1;
  const on = onL | ((onH & 0x0f) << 8);
  const off = offL | ((offH & 0x0f) << 8);
  return ((off - on + 4096) % 4096) / 4096;
}

/** How each motor of the HAT hangs on the chip, as its schematic has it: PWM, AIN2 or BIN2, AIN1 or BIN1. */
const WIRING: Readonly<Record<number, readonly [pwm: number, in1: number, in2: number]>> = {
  1: [8, 10, 9],
  2: [13, 11, 12],
  3: [2, 4, 3],
  4: [7, 5, 6],
};
/** Which way the maker's current library calls forward: the input that is high then. */
const FORWARD_INPUT: Readonly<Record<number, number>> = { 1: 9, 2: 11, 3: 3, 4: 5 };

export type MotorState = { readonly ratio: number; readonly state: 'drives' | 'brakes' | 'coasts' };

/**
 * What a motor does by the levels at its TB6612 (data sheet, H-SW control function): one input high drives while
 * PWM is high, both high brake, both low let it run out.
 */
export function motorState(duty: (channel: number) => number, motor: number): MotorState {
  const [pwm, in1, in2] = WIRING[motor]!;
  const [a, b] = [duty(in1), duty(in2)];
  for (const level of [a, b]) {
    if (level !== 0 && level !== 1) throw new Error(`a direction input of M${motor} is at ${level}`);
  }
  if (a === b) return { ratio: 0, state: a === 1 ? 'brakes' : 'coasts' };
  const forward = duty(FORWARD_INPUT[motor]!) === 1;
  // Without PWM the half bridges are both low: that brakes, too.
  return duty(pwm) === 0
    ? { ratio: 0, state: 'brakes' }
    : { ratio: forward ? duty(pwm) : -duty(pwm), state: 'drives' };
}

export function wheelsOf(registers: Uint8Array, left = 1, right = 2): WheelRatios {
  // Asleep: all outputs are off (MODE1, table 5).
  if ((registers[0]! & 0x10) !== 0) return { left: 0, right: 0 };
  const duty = (channel: number) => outputDuty(registers, channel);
  return { left: motorState(duty, left).ratio, right: motorState(duty, right).ratio };
}
