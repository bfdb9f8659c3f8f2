import type { Solid } from './room.ts';

/** A solid seen from above, with its turn worked out once. */
export interface Footprint {
  readonly round: boolean;
  readonly xM: number;
  readonly yM: number;
  readonly cos: number;
  readonly sin: number;
  /** Half the size along its own axes; for a round one both are the radius. */
  readonly halfXM: number;
  readonly halfYM: number;
}

export function footprintOf(solid: Solid): Footprint {
  return {
    round: solid.shape !== 'box',
    xM: solid.xM,
    yM: solid.yM,
    cos: Math.cos(solid.turnRad),
    sin: Math.sin(solid.turnRad),
    halfXM: solid.widthM / 2,
    halfYM: (solid.shape === 'box' ? solid.depthM : solid.widthM) / 2,
  };
}

export interface Clearance {
  /** From the point to the footprint's edge; negative inside. */
  readonly distanceM: number;
  /** Unit vector that leads straight away from the footprint. */
  readonly awayX: number;
  readonly awayY: number;
}

export function clearance(print: Footprint, xM: number, yM: number): Clearance {
  const dx = xM - print.xM;
  const dy = yM - print.yM;
  if (print.round) {
    const away = Math.hypot(dx, dy);
    if (away === 0) return { distanceM: -print.halfXM, awayX: 1, awayY: 0 };
    return { distanceM: away - print.halfXM, awayX: dx / away, awayY: dy / away };
  }
  const localX = print.cos * dx + print.sin * dy;
  const localY = print.cos * dy - print.sin * dx;
  const overX = Math.abs(localX) - print.halfXM;
  const overY = Math.abs(localY) - print.halfYM;
  const signX = localX < 0 ? -1 : 1;
  const signY = localY < 0 ? -1 : 1;
  let awayX = overX > overY ? signX : 0;
  let awayY = overX > overY ? 0 : signY;
  let distanceM = Math.max(overX, overY);
  if (overX > 0 && overY > 0) {
    distanceM = Math.hypot(overX, overY);
    awayX = (signX * overX) / distanceM;
    awayY = (signY * overY) / distanceM;
  }
  return {
    distanceM,
    awayX: print.cos * awayX - print.sin * awayY,
    awayY: print.sin * awayX + print.cos * awayY,
  };
}

/** Whether the straight line between two points passes through a box. */
export function crosses(print: Footprint, fromX: number, fromY: number, toX: number, toY: number): boolean {
  const [ax, ay] = [fromX - print.xM, fromY - print.yM];
  const [dx, dy] = [toX - fromX, toY - fromY];
  let enter = 0;
  let leave = 1;
  for (const [start, step, half] of [
    [print.cos * ax + print.sin * ay, print.cos * dx + print.sin * dy, print.halfXM],
    [print.cos * ay - print.sin * ax, print.cos * dy - print.sin * dx, print.halfYM],
  ] as const) {
    if (step === 0) {
      if (Math.abs(start) > half) return false;
      continue;
    }
    const one = (-half - start) / step;
    const other = (half - start) / step;
    enter = Math.max(enter, Math.min(one, other));
    leave = Math.min(leave, Math.max(one, other));
  }
  return enter < leave;
}
