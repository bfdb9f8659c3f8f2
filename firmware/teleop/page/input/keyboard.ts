import type { Velocity } from '../held.ts';

/** Turning on the spot at full rate is too quick to aim with a key. */
const KEY_TURN_RATIO = 0.6;
const SLOW_RATIO = 0.4;

const DIRECTIONS: Readonly<Record<string, Velocity>> = {
  ArrowUp: { linear: 1, angular: 0 },
  KeyW: { linear: 1, angular: 0 },
  ArrowDown: { linear: -1, angular: 0 },
  KeyS: { linear: -1, angular: 0 },
  ArrowLeft: { linear: 0, angular: 1 },
  KeyA: { linear: 0, angular: 1 },
  ArrowRight: { linear: 0, angular: -1 },
  KeyD: { linear: 0, angular: -1 },
};
const SLOW_CODES = ['ShiftLeft', 'ShiftRight'];

/** Whether a key moves the robot, by its place on the keyboard (KeyboardEvent.code), whatever letter is on it. */
export function isDriveKey(code: string): boolean {
  return Object.hasOwn(DIRECTIONS, code);
}

/** What keys held together ask for; opposite ones cancel each other. */
export function keysVelocity(codes: ReadonlySet<string>): Velocity {
  const wanted = [...codes].map((code) => DIRECTIONS[code]).filter((one) => one !== undefined);
  const axis = (name: keyof Velocity) => Math.sign(wanted.reduce((sum, one) => sum + one[name], 0));
  const speed = SLOW_CODES.some((code) => codes.has(code)) ? SLOW_RATIO : 1;
  return { linear: axis('linear') * speed, angular: axis('angular') * KEY_TURN_RATIO * speed };
}

export interface KeyboardEvents {
  /** Whether the keys are for the robot at this moment, and not for a form. */
  active(): boolean;
  moved(velocity: Velocity): void;
  stopped(): void;
}

/** Listens to the whole page but to fields people write in. Space is the emergency stop, whatever has the focus. */
export class Keyboard {
  readonly #events: KeyboardEvents;
  readonly #pressed = new Set<string>();

  constructor(events: KeyboardEvents) {
    this.#events = events;
    addEventListener('keydown', (event) => this.#down(event));
    addEventListener('keyup', (event) => this.#up(event));
  }

  /** Forgets what is pressed: keys must be pressed anew. */
  clear(): void {
    this.#pressed.clear();
    this.#tell();
  }

  #down(event: KeyboardEvent): void {
    if (isWriting(event.target) || !this.#events.active()) return;
    if (event.code === 'Space') {
      event.preventDefault();
      if (!event.repeat) this.#events.stopped();
      return;
    }
    // Shortcuts belong to the browser; with some of them held, releases of other keys are never told.
    if (event.ctrlKey || event.metaKey || event.altKey) return this.clear();
    if (SLOW_CODES.includes(event.code)) {
      this.#pressed.add(event.code);
      this.#tell();
    } else if (isDriveKey(event.code) && !usesArrows(event.target, event.code)) {
      event.preventDefault();
      if (event.repeat) return;
      this.#pressed.add(event.code);
      this.#tell();
    }
  }

  #up(event: KeyboardEvent): void {
    // A button that has the focus would be pressed by the Space that stopped the robot.
    const ours = event.code === 'Space' && !isWriting(event.target) && this.#events.active();
    if (ours) event.preventDefault();
    if (this.#pressed.delete(event.code)) this.#tell();
  }

  #tell(): void {
    this.#events.moved(keysVelocity(this.#pressed));
  }
}

const NOT_WRITTEN_IN = ['range', 'checkbox', 'radio', 'button', 'submit'];

function isWriting(target: EventTarget | null): boolean {
  if (target instanceof HTMLInputElement) return !NOT_WRITTEN_IN.includes(target.type);
  return (
    target instanceof HTMLTextAreaElement ||
    target instanceof HTMLSelectElement ||
    (target instanceof HTMLElement && target.isContentEditable)
  );
}

/** Arrow keys move a slider that has the focus, not the robot. */
function usesArrows(target: EventTarget | null, code: string): boolean {
  return code.startsWith('Arrow') && target instanceof HTMLInputElement && target.type === 'range';
}
