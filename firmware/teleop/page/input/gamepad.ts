import { stickVelocity } from '../curve.ts';
import { isStill, STILL, type Velocity } from '../held.ts';

/** What of the Gamepad API is used; buttons and axes in the standard layout (w3c.github.io/gamepad/#remapping). */
export interface PadReading {
  readonly axes: readonly number[];
  readonly buttons: readonly { readonly pressed: boolean }[];
}

const AXIS_RIGHT = 0;
const AXIS_DOWN = 1;
/** The two buttons under the right thumb that are easiest to find. */
const STOP_BUTTONS = [0, 1];
const PAD_UP = 12;
const PAD_DOWN = 13;
const PAD_LEFT = 14;
const PAD_RIGHT = 15;

/** The directional pad goes before the stick. */
export function readPad({ axes, buttons }: PadReading): {
  readonly velocity: Velocity;
  readonly stop: boolean;
} {
  const pressed = (index: number) => (buttons[index]?.pressed ? 1 : 0);
  const right = pressed(PAD_RIGHT) - pressed(PAD_LEFT);
  const up = pressed(PAD_UP) - pressed(PAD_DOWN);
  const velocity =
    right || up ? stickVelocity(right, up) : stickVelocity(axes[AXIS_RIGHT] ?? 0, 0 - (axes[AXIS_DOWN] ?? 0));
  return { velocity, stop: STOP_BUTTONS.some((index) => pressed(index) === 1) };
}

export interface GamepadEvents {
  moved(velocity: Velocity): void;
  stopped(): void;
  /** The one in use is gone. */
  lost(): void;
}

/** Reads gamepads once a drawn frame. One that is not at rest when it first shows up must come to rest first. */
export class Gamepads {
  readonly #events: GamepadEvents;
  /** Index of each gamepad that is there, and whether it has been seen at rest. */
  #known = new Map<number, { rested: boolean; stop: boolean }>();
  #inUse: number | null = null;
  #moving = false;

  constructor(events: GamepadEvents) {
    this.#events = events;
    if (!('getGamepads' in navigator)) return;
    const next = () => {
      requestAnimationFrame(next);
      this.poll(document.hasFocus());
    };
    next();
  }

  /** Whether one is there. */
  get present(): boolean {
    return this.#known.size > 0;
  }

  /** While another window has the keyboard, a gamepad may stop the robot but not move it. */
  poll(mayMove: boolean): void {
    const pads = (navigator.getGamepads?.() ?? []).filter((pad) => pad?.connected);
    for (const index of this.#known.keys()) {
      if (!pads.some((pad) => pad?.index === index)) this.#lose(index);
    }
    for (const pad of pads) {
      if (pad) this.#read(pad.index, readPad(pad), mayMove);
    }
  }

  #read(index: number, { velocity, stop }: ReturnType<typeof readPad>, mayMove: boolean): void {
    const known = this.#known.get(index) ?? { rested: false, stop: false };
    this.#known.set(index, { rested: mayMove && (known.rested || isStill(velocity)), stop });
    if (stop && !known.stop) this.#events.stopped();
    if (!known.rested || (this.#moving && this.#inUse !== index)) return;
    if (isStill(velocity) && !this.#moving) return;
    this.#inUse = index;
    this.#moving = !isStill(velocity);
    this.#events.moved(velocity);
  }

  #lose(index: number): void {
    this.#known.delete(index);
    if (this.#inUse !== index) return;
    this.#inUse = null;
    if (!this.#moving) return;
    this.#moving = false;
    this.#events.lost();
    this.#events.moved(STILL);
  }
}
