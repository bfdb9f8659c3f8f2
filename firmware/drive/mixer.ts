import type { WheelRatios } from './drivetrain.ts';

/**
 * Turns a wish for movement into wheel ratios.
 *
 * Signs follow ROS REP-103: positive `linear` is ahead, positive `angular` turns left (counter-clockwise seen
 * from above). Where the sum passes full speed both wheels are scaled by the same factor: their relation, and
 * so the turn's radius, stays what was asked for. Clipping each wheel by itself would open a full-speed curve
 * into a wider one.
 *
 * @param linear -1..1, 1 is full speed ahead
 * @param angular -1..1, 1 is a full turn to the left
 * @throws RangeError when either is not a number in -1..1
 */
export function mix(linear: number, angular: number): WheelRatios {
  assertRange('linear', linear, -1, 1);
  assertRange('angular', angular, -1, 1);
  return limitWheels({ left: linear - angular, right: linear + angular }, 1);
}

/**
 * Scales both wheels so that the faster one turns at `maxRatio` at most; slower pairs come back as they are.
 *
 * @param maxRatio 0..1
 * @throws RangeError when a wheel is not finite or `maxRatio` is not a number in 0..1
 */
export function limitWheels(wheels: WheelRatios, maxRatio: number): WheelRatios {
  assertRange('left', wheels.left, -Number.MAX_VALUE, Number.MAX_VALUE);
  assertRange('right', wheels.right, -Number.MAX_VALUE, Number.MAX_VALUE);
  assertRange('maxRatio', maxRatio, 0, 1);
  const fastest = Math.max(Math.abs(wheels.left), Math.abs(wheels.right));
  if (fastest <= maxRatio) return { left: wheels.left, right: wheels.right };
  // Dividing first keeps the faster wheel at exactly maxRatio: x * (max / x) may round to just above it.
  return { left: (wheels.left / fastest) * maxRatio, right: (wheels.right / fastest) * maxRatio };
}

function assertRange(name: string, value: number, min: number, max: number): void {
  if (value >= min && value <= max) return;
  const range = max === Number.MAX_VALUE ? 'a finite number' : `a number in ${min}..${max}`;
  throw new RangeError(`Expected ${name} to be ${range} but received ${value}`);
}
