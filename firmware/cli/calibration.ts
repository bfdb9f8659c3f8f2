import type { Side } from '../drive/simulated.ts';

/** What was seen when a motor was told to go forward. */
export interface Observation {
  readonly side: Side;
  readonly way: 'forward' | 'backwards';
}

/** Which motor turns which side, and which way round. */
export interface Wiring<Motor> {
  readonly leftMotor: Motor;
  readonly rightMotor: Motor;
  readonly invertLeft: boolean;
  readonly invertRight: boolean;
}

/**
 * The wiring that makes both sides go forward, from what the motors did under the wiring in use.
 * @returns null when both motors turned the same side: one of the answers can't be right
 */
export function calibrated<Motor>(
  wiring: Wiring<Motor>,
  leftSeen: Observation,
  rightSeen: Observation,
): Wiring<Motor> | null {
  if (leftSeen.side === rightSeen.side) return null;
  const first = {
    motor: wiring.leftMotor,
    inverted: wiring.invertLeft !== (leftSeen.way === 'backwards'),
  };
  const second = {
    motor: wiring.rightMotor,
    inverted: wiring.invertRight !== (rightSeen.way === 'backwards'),
  };
  const [left, right] = leftSeen.side === 'left' ? [first, second] : [second, first];
  return {
    leftMotor: left.motor,
    rightMotor: right.motor,
    invertLeft: left.inverted,
    invertRight: right.inverted,
  };
}
