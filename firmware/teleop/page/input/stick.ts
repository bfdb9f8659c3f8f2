import { stickVelocity, TURN_RATIO } from '../curve.ts';
import { STILL, type Velocity } from '../held.ts';

export interface Place {
  /** -1..1 of the travel, right and up positive; the knob never leaves the circle. */
  readonly right: number;
  readonly up: number;
}

/** Where a pointer puts the knob, from its distance to the middle in pixels. */
export function placeOf(rightPx: number, downPx: number, travelPx: number): Place {
  const length = Math.hypot(rightPx, downPx);
  if (!(travelPx > 0) || length === 0) return { right: 0, up: 0 };
  const scale = 1 / Math.max(length, travelPx);
  return { right: rightPx * scale, up: 0 - downPx * scale };
}

/** The on-screen stick: touch, mouse and pen by pointer events. One pointer at a time holds it. */
export class Stick {
  readonly #base: HTMLElement;
  readonly #moved: (velocity: Velocity) => void;
  #pointerId: number | null = null;

  /** @param base the round field; its custom properties --right and --up place the knob */
  constructor(base: HTMLElement, moved: (velocity: Velocity) => void) {
    this.#base = base;
    this.#moved = moved;
    base.addEventListener('pointerdown', (event) => this.#down(event));
    base.addEventListener('pointermove', (event) => this.#move(event));
    for (const end of ['pointerup', 'pointercancel', 'lostpointercapture'] as const) {
      base.addEventListener(end, (event) => event.pointerId === this.#pointerId && this.clear());
    }
    base.addEventListener('contextmenu', (event) => event.preventDefault());
  }

  /** Lets go, whatever the hand does: it must press anew. */
  clear(): void {
    const pointerId = this.#pointerId;
    this.#pointerId = null;
    if (pointerId !== null && this.#base.hasPointerCapture(pointerId)) {
      this.#base.releasePointerCapture(pointerId);
    }
    this.#base.classList.remove('held');
    this.#show({ right: 0, up: 0 });
    this.#moved(STILL);
  }

  /** Shows what drives instead of a hand on the stick: keys, a gamepad. */
  follow({ linear, angular }: Velocity): void {
    if (this.#pointerId === null) this.#show(placeOf(-angular / TURN_RATIO, -linear, 1));
  }

  #down(event: PointerEvent): void {
    if (this.#pointerId !== null || (event.pointerType === 'mouse' && event.button !== 0)) return;
    event.preventDefault();
    this.#pointerId = event.pointerId;
    this.#base.setPointerCapture(event.pointerId);
    this.#base.classList.add('held');
    this.#move(event);
  }

  #move(event: PointerEvent): void {
    if (event.pointerId !== this.#pointerId) return;
    const box = this.#base.getBoundingClientRect();
    const travelPx = box.width / 3;
    const place = placeOf(
      event.clientX - (box.left + box.width / 2),
      event.clientY - (box.top + box.height / 2),
      travelPx,
    );
    this.#show(place);
    this.#moved(stickVelocity(place.right, place.up));
  }

  #show({ right, up }: Place): void {
    this.#base.style.setProperty('--right', right.toFixed(3));
    this.#base.style.setProperty('--up', up.toFixed(3));
  }
}
