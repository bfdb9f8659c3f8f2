import { STILL, type Velocity } from './held.ts';

/** Share of the stick's travel around its middle that counts as rest. */
const DEAD_ZONE_RATIO = 0.12;
/** How much of the travel is cubic: fine near the middle, all of it at the rim. 0 is a straight line. */
const EXPO_RATIO = 0.5;
/** Turning at full rate is more than a hand wants; the rim gives this much of it. */
export const TURN_RATIO = 0.7;

/**
 * Turns a stick's place into a velocity. Dead zone and expo act on the distance from the middle, so that the
 * direction stays as the hand holds it.
 * @param right -1..1, right is positive
 * @param up -1..1, away from the person is positive
 */
export function stickVelocity(right: number, up: number): Velocity {
  const length = Math.hypot(right, up);
  if (!(length > DEAD_ZONE_RATIO)) return STILL;
  const travel = (Math.min(length, 1) - DEAD_ZONE_RATIO) / (1 - DEAD_ZONE_RATIO);
  const gain = ((1 - EXPO_RATIO) * travel + EXPO_RATIO * travel ** 3) / length;
  return rounded(up * gain, -right * gain * TURN_RATIO);
}

/** Scales a velocity by the speed limit the person has set, 0..1. */
export function limited(velocity: Velocity, limitRatio: number): Velocity {
  return rounded(velocity.linear * limitRatio, velocity.angular * limitRatio);
}

/** Thousandths are finer than any motor, and keep the messages short. Adding 0 turns -0 into 0. */
function rounded(linear: number, angular: number): Velocity {
  return { linear: Math.round(linear * 1000) / 1000 + 0, angular: Math.round(angular * 1000) / 1000 + 0 };
}
