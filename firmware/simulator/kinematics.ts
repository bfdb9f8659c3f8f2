import type { WheelRatios } from '../drive/drivetrain.ts';

/** Where a robot stands: metres, and radians counter-clockwise from the x axis, in (-pi, pi]. */
export interface Pose {
  readonly xM: number;
  readonly yM: number;
  readonly headingRad: number;
}

/** A robot on two driven wheels, as a disc. */
export interface Body {
  readonly radiusM: number;
  /** What hangs higher does not stop it. */
  readonly heightM: number;
  /** Distance between the wheels' tracks. */
  readonly trackM: number;
  /** Speed of a wheel at ratio 1. */
  readonly fullSpeedMPerS: number;
  /** Height of the camera's lens above the floor. */
  readonly eyeM: number;
}

/**
 * Differential drive over `dtS` seconds with constant wheels: the exact arc, so that the step's size changes
 * nothing. Written with the chord, which stays accurate where the arc becomes a straight line.
 */
export function driveArc(pose: Pose, wheels: WheelRatios, body: Body, dtS: number): Pose {
  const left = wheels.left * body.fullSpeedMPerS * dtS;
  const right = wheels.right * body.fullSpeedMPerS * dtS;
  const halfTurn = (right - left) / body.trackM / 2;
  const arc = (left + right) / 2;
  const chord = Math.abs(halfTurn) < 1e-6 ? arc : (arc * Math.sin(halfTurn)) / halfTurn;
  const direction = pose.headingRad + halfTurn;
  return {
    xM: pose.xM + chord * Math.cos(direction),
    yM: pose.yM + chord * Math.sin(direction),
    headingRad: wrapAngle(pose.headingRad + 2 * halfTurn),
  };
}

/** The same direction in (-pi, pi]. */
export function wrapAngle(angleRad: number): number {
  const turns = Math.ceil((angleRad - Math.PI) / (2 * Math.PI));
  return angleRad - turns * 2 * Math.PI;
}
