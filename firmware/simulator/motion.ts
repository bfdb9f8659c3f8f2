import type { SimulatedDrivetrain } from '../drive/simulated.ts';
import type { Battery } from './battery.ts';
import type { Obstacles } from './collision.ts';
import { type Body, driveArc, type Pose } from './kinematics.ts';

/** One step of the simulation. */
export const STEP_MS = 5;
/** More than this at once is a pause of the process, not simulated time: what is beyond it is left out. */
export const MAX_CATCH_UP_MS = 250;

export interface SimulatedPose extends Pose {
  /** Whether the robot touches something. */
  readonly bumped: boolean;
}

/** A body with motors, battery and obstacles, moved on in fixed steps by the time that is passed in. */
export class Motion {
  readonly #drivetrain: SimulatedDrivetrain;
  readonly #battery: Battery;
  readonly #obstacles: Obstacles;
  readonly #body: Body;
  #pose: SimulatedPose;
  #lastMs: number;
  #dueMs = 0;

  /** @throws RangeError when the robot would start inside something */
  constructor(
    parts: {
      readonly drivetrain: SimulatedDrivetrain;
      readonly battery: Battery;
      readonly obstacles: Obstacles;
      readonly body: Body;
    },
    start: Pose,
    startMs: number,
  ) {
    this.#drivetrain = parts.drivetrain;
    this.#battery = parts.battery;
    this.#obstacles = parts.obstacles;
    this.#body = parts.body;
    this.#lastMs = startMs;
    const gapM = parts.obstacles.gapM(start);
    if (!(gapM >= 0)) {
      throw new RangeError(`Expected a free place to start from but received one ${-gapM} m inside a solid`);
    }
    this.#pose = { ...start, bumped: parts.obstacles.isTouching(start) };
  }

  get pose(): SimulatedPose {
    return this.#pose;
  }

  /** @param nowMs monotonic; a step back counts as no time */
  advance(nowMs: number): void {
    this.#dueMs = Math.min(MAX_CATCH_UP_MS, this.#dueMs + Math.max(0, nowMs - this.#lastMs));
    this.#lastMs = nowMs;
    while (this.#dueMs >= STEP_MS) {
      this.#dueMs -= STEP_MS;
      this.#step();
    }
  }

  #step(): void {
    const { wheels, loadRatio } = this.#drivetrain.advance(STEP_MS);
    const powered = this.#battery.ratio() > 0;
    this.#battery.advance(STEP_MS / 1000, powered ? loadRatio : 0);
    if (!powered || (wheels.left === 0 && wheels.right === 0)) return;
    const from = this.#pose;
    const to = driveArc(from, wheels, this.#body, STEP_MS / 1000);
    const { xM, yM } = this.#obstacles.move(from, to);
    const bumped = this.#obstacles.isTouching({ xM, yM });
    this.#pose = { xM, yM, headingRad: to.headingRad, bumped };
  }
}
