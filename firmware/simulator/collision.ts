import { clearance, type Footprint, footprintOf } from './footprint.ts';
import type { Body } from './kinematics.ts';
import type { Point, Room } from './room.ts';

/** Nearer than this counts as touching. */
const TOUCH_M = 0.0005;
const SLACK_M = 1e-9;
/** Corners push twice; more rounds only help where three solids meet. */
const MAX_PUSHES = 8;

export interface Obstacles {
  /** Moves the robot's centre as far towards `to` as solids allow; along them where it meets one. */
  move(from: Point, to: Point): Point;
  /** Distance in metres from the robot's rim to the nearest solid; 0 in touch, negative inside one. */
  gapM(at: Point): number;
  isTouching(at: Point): boolean;
}

/** What stops this robot: every solid that reaches lower than it is high. */
export function createObstacles(room: Room, body: Body): Obstacles {
  const prints = room.solids
    .filter((solid) => solid.shape !== 'sprite' && solid.bottomM < body.heightM)
    .map(footprintOf);
  /** Short enough that a robot can't get its centre into a solid, let alone behind one, within a step. */
  const stepM = body.radiusM / 2;

  const gapM = ({ xM, yM }: Point) => {
    let least = Number.POSITIVE_INFINITY;
    for (const print of prints) least = Math.min(least, clearance(print, xM, yM).distanceM);
    return least - body.radiusM;
  };

  return {
    gapM,
    isTouching: (at) => gapM(at) <= TOUCH_M,
    move(from, to) {
      const steps = Math.max(1, Math.ceil(Math.hypot(to.xM - from.xM, to.yM - from.yM) / stepM));
      const dx = (to.xM - from.xM) / steps;
      const dy = (to.yM - from.yM) / steps;
      let here = from;
      for (let step = 0; step < steps; step += 1) {
        const there = pushOut(prints, { xM: here.xM + dx, yM: here.yM + dy }, body.radiusM);
        // Wedged, or pushed back to where it was: more steps of the same kind change nothing.
        if (there === null || (there.xM === here.xM && there.yM === here.yM)) break;
        here = there;
      }
      return here;
    },
  };
}

/** The nearest free place, found by moving out of one solid after the other; null when there is none near. */
function pushOut(prints: readonly Footprint[], at: Point, radiusM: number): Point | null {
  let { xM, yM } = at;
  for (let push = 0; push <= MAX_PUSHES; push += 1) {
    let deepest = radiusM - SLACK_M;
    let awayX = 0;
    let awayY = 0;
    for (const print of prints) {
      const near = clearance(print, xM, yM);
      if (near.distanceM < deepest) {
        deepest = near.distanceM;
        awayX = near.awayX;
        awayY = near.awayY;
      }
    }
    if (awayX === 0 && awayY === 0) return { xM, yM };
    xM += awayX * (radiusM - deepest);
    yM += awayY * (radiusM - deepest);
  }
  return null;
}
