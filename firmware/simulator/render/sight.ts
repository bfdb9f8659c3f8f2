import { BOX, type Prism, SPRITE } from './scene.ts';

const NEAR_M = 0.02;

/** Where a line of sight enters and leaves a prism; one object for all, filled by `Sight.meets`. */
export interface Meeting {
  nearM: number;
  farM: number;
  /** Index of the face met first, as in `Prism.sides`. */
  side: number;
  /** From the left edge of that face, as seen from outside. */
  alongM: number;
  /** The eye is inside or under it, so that its face is not seen. */
  hidden: boolean;
}

/**
 * All prisms as seen from where the eye is in one picture. `look` works out what is the same for every column,
 * `meets` follows one line of sight.
 */
export class Sight {
  /** The eye in each prism's own frame. */
  readonly eyeX: Float64Array;
  readonly eyeY: Float64Array;
  readonly #prisms: readonly Prism[];
  readonly #width: number;
  readonly #focal: number;
  readonly #firstColumn: Int32Array;
  readonly #lastColumn: Int32Array;
  /** For sprites: distance ahead, and how far right of the middle their left edge is. */
  readonly #ahead: Float64Array;
  readonly #left: Float64Array;

  constructor(prisms: readonly Prism[], width: number, focal: number) {
    const count = prisms.length;
    this.#prisms = prisms;
    this.#width = width;
    this.#focal = focal;
    this.eyeX = new Float64Array(count);
    this.eyeY = new Float64Array(count);
    this.#ahead = new Float64Array(count);
    this.#left = new Float64Array(count);
    this.#firstColumn = new Int32Array(count);
    this.#lastColumn = new Int32Array(count);
  }

  look(xM: number, yM: number, cos: number, sin: number): void {
    for (let index = 0; index < this.#prisms.length; index += 1) {
      const prism = this.#prisms[index]!;
      const dx = prism.xM - xM;
      const dy = prism.yM - yM;
      this.eyeX[index] = -(prism.cos * dx + prism.sin * dy);
      this.eyeY[index] = prism.sin * dx - prism.cos * dy;
      const ahead = cos * dx + sin * dy;
      const right = sin * dx - cos * dy;
      this.#ahead[index] = ahead;
      this.#left[index] = right - prism.halfXM;
      const depth = prism.shape === SPRITE ? 0 : prism.reachM;
      this.#bound(index, ahead - depth, ahead + depth, right - prism.reachM, right + prism.reachM);
    }
  }

  isInColumn(index: number, column: number): boolean {
    return column >= this.#firstColumn[index]! && column <= this.#lastColumn[index]!;
  }

  /**
   * Follows the sight of a column: `dirX`, `dirY` is its direction with a length of 1 straight ahead, `slope`
   * how far right it leads a metre ahead. False when it misses.
   */
  meets(index: number, dirX: number, dirY: number, slope: number, into: Meeting): boolean {
    const prism = this.#prisms[index]!;
    if (prism.shape === SPRITE) {
      const ahead = this.#ahead[index]!;
      into.nearM = ahead;
      into.farM = ahead;
      into.side = 0;
      into.alongM = slope * ahead - this.#left[index]!;
      into.hidden = false;
      return into.alongM >= 0 && into.alongM < prism.halfXM * 2;
    }
    const dx = prism.cos * dirX + prism.sin * dirY;
    const dy = prism.cos * dirY - prism.sin * dirX;
    const isMet =
      prism.shape === BOX
        ? meetBox(prism, this.eyeX[index]!, this.eyeY[index]!, dx, dy, into)
        : meetCylinder(prism, this.eyeX[index]!, this.eyeY[index]!, dx, dy, into);
    into.hidden = into.nearM <= NEAR_M;
    if (into.hidden) into.nearM = NEAR_M;
    return isMet && into.farM > into.nearM;
  }

  /** The columns between which something can show, from its bounds ahead and to the right. */
  #bound(index: number, nearest: number, farthest: number, left: number, right: number): void {
    const width = this.#width;
    if (farthest < NEAR_M) {
      this.#firstColumn[index] = width;
      this.#lastColumn[index] = -1;
    } else if (nearest < 0.05) {
      this.#firstColumn[index] = 0;
      this.#lastColumn[index] = width - 1;
    } else {
      const first = left / (left < 0 ? nearest : farthest);
      const last = right / (right > 0 ? nearest : farthest);
      this.#firstColumn[index] = Math.max(0, Math.floor(width / 2 + first * this.#focal) - 1);
      this.#lastColumn[index] = Math.min(width - 1, Math.ceil(width / 2 + last * this.#focal) + 1);
    }
  }
}

function meetBox(
  { halfXM, halfYM }: Prism,
  ox: number,
  oy: number,
  dx: number,
  dy: number,
  into: Meeting,
): boolean {
  const west = (-halfXM - ox) / dx;
  const east = (halfXM - ox) / dx;
  const south = (-halfYM - oy) / dy;
  const north = (halfYM - oy) / dy;
  const nearX = west < east ? west : east;
  const nearY = south < north ? south : north;
  const farX = west < east ? east : west;
  const farY = south < north ? north : south;
  into.farM = farX < farY ? farX : farY;
  if (nearX > nearY) {
    into.nearM = nearX;
    into.side = dx < 0 ? 0 : 2;
    const along = oy + dy * nearX;
    into.alongM = dx < 0 ? halfYM + along : halfYM - along;
  } else {
    into.nearM = nearY;
    into.side = dy < 0 ? 1 : 3;
    const along = ox + dx * nearY;
    into.alongM = dy < 0 ? halfXM - along : halfXM + along;
  }
  return into.farM > into.nearM;
}

function meetCylinder(
  { halfXM: radiusM }: Prism,
  ox: number,
  oy: number,
  dx: number,
  dy: number,
  into: Meeting,
): boolean {
  const a = dx * dx + dy * dy;
  const b = ox * dx + oy * dy;
  const root = b * b - a * (ox * ox + oy * oy - radiusM * radiusM);
  if (root <= 0) return false;
  const half = Math.sqrt(root);
  into.nearM = (-b - half) / a;
  into.farM = (-b + half) / a;
  into.side = 0;
  into.alongM = (Math.atan2(oy + dy * into.nearM, ox + dx * into.nearM) + Math.PI) * radiusM;
  return true;
}
