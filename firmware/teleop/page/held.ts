/** What a person's hand asks for, -1..1. Linear: 1 is full speed ahead. Angular: 1 is full turn to the left. */
export interface Velocity {
  readonly linear: number;
  readonly angular: number;
}
export const STILL: Velocity = { linear: 0, angular: 0 };

export type ControlSource = 'keyboard' | 'stick' | 'gamepad';

interface Control {
  readonly source: ControlSource;
  readonly velocity: Velocity;
  /** False once it was cut off: it counts for nothing until it has been let go. */
  readonly armed: boolean;
}

/** The controls that are not at rest, the one taken up last first. */
export type HeldControls = readonly Control[];
export const NOTHING_HELD: HeldControls = [];

/** A control has moved. One that returns to rest is let go, and armed again when it is taken up anew. */
export function moveControl(held: HeldControls, source: ControlSource, velocity: Velocity): HeldControls {
  if (isStill(velocity)) return held.filter((control) => control.source !== source);
  if (!held.some((control) => control.source === source)) return [{ source, velocity, armed: true }, ...held];
  return held.map((control) => (control.source === source ? { ...control, velocity } : control));
}

/** Cuts off everything that is held now. */
export function disarm(held: HeldControls): HeldControls {
  return held.map((control) => (control.armed ? { ...control, armed: false } : control));
}

/** What the held controls ask for together: the one taken up last decides. */
export function heldVelocity(held: HeldControls): Velocity {
  return held.find((control) => control.armed)?.velocity ?? STILL;
}

export function isStill(velocity: Velocity): boolean {
  return velocity.linear === 0 && velocity.angular === 0;
}

export function sameVelocity(a: Velocity, b: Velocity): boolean {
  return a.linear === b.linear && a.angular === b.angular;
}
