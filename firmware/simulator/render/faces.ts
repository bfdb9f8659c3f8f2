import type { Prism } from './scene.ts';
import type { Meeting } from './sight.ts';

/** Faces that one line of sight may meet; more than rooms have in a row. */
const MAX_FACES = 128;

/**
 * What one column meets in front of its wall, to be drawn far before near.
 *
 * A lid lies over an interval of distances, and what is on the eye's side of it (on a table seen from above,
 * under one seen from below) is drawn after it, what is behind its plane (the table's legs, or a bowl on it)
 * before. `coverOf` knows which prisms can hide behind which lid.
 */
export class Faces {
  count = 0;
  readonly prism = new Int32Array(MAX_FACES);
  /** Face of the prism, or LID. */
  readonly side = new Int32Array(MAX_FACES);
  readonly nearM = new Float64Array(MAX_FACES);
  readonly farM = new Float64Array(MAX_FACES);
  readonly alongM = new Float64Array(MAX_FACES);
  /** Faces in the order of drawing, after `sort`. */
  readonly order = new Int32Array(MAX_FACES);
  readonly #key = new Float64Array(MAX_FACES);
  readonly #coverOf: Int32Array;
  /** How far each lid reaches in the present column; 0 where it is not met. */
  readonly #lidFarM: Float64Array;

  constructor(prisms: readonly Prism[], eyeM: number) {
    this.#coverOf = Int32Array.from(prisms, (prism) => coverOf(prism, prisms, eyeM));
    this.#lidFarM = new Float64Array(prisms.length);
  }

  clear(): void {
    for (let face = 0; face < this.count; face += 1) this.#lidFarM[this.prism[face]!] = 0;
    this.count = 0;
  }

  /** @param side face of the prism, or LID for the whole way through it */
  add(prism: number, side: number, meeting: Meeting): void {
    const face = this.count;
    if (face >= MAX_FACES) return;
    this.prism[face] = prism;
    this.side[face] = side;
    this.nearM[face] = meeting.nearM;
    this.farM[face] = meeting.farM;
    this.alongM[face] = meeting.alongM;
    if (side === LID) this.#lidFarM[prism] = meeting.farM;
    this.count = face + 1;
  }

  /** Puts the faces nearer than `wallM` in order and returns how many they are. */
  sort(wallM: number): number {
    let kept = 0;
    for (let face = 0; face < this.count; face += 1) {
      if (this.nearM[face]! >= wallM) continue;
      const ownM = this.side[face] === LID ? this.farM[face]! : this.nearM[face]!;
      const cover = this.#coverOf[this.prism[face]!]!;
      const coverM = cover < 0 ? 0 : this.#lidFarM[cover]!;
      // Behind the lid, and among themselves in their own order.
      const key = coverM > ownM ? coverM + ownM * 1e-6 : ownM;
      let place = kept;
      while (place > 0 && this.#key[place - 1]! < key) {
        this.#key[place] = this.#key[place - 1]!;
        this.order[place] = this.order[place - 1]!;
        place -= 1;
      }
      this.#key[place] = key;
      this.order[place] = face;
      kept += 1;
    }
    return kept;
  }
}

/** Stands for the upper or lower face where a side's number is expected. */
export const LID = 4;

/** The prism whose lid lies between this one and the eye's height, right above or below it; -1 for none. */
function coverOf(prism: Prism, prisms: readonly Prism[], eyeM: number): number {
  const slackM = 0.001;
  return prisms.findIndex((lid) => {
    if (lid === prism) return false;
    const isUnder = lid.topM < eyeM && prism.topM <= lid.bottomM + slackM;
    const isOver = lid.bottomM > eyeM && prism.bottomM >= lid.topM - slackM;
    return (isUnder || isOver) && isWithin(prism, lid);
  });
}

function isWithin(prism: Prism, lid: Prism): boolean {
  const dx = prism.xM - lid.xM;
  const dy = prism.yM - lid.yM;
  const x = Math.abs(lid.cos * dx + lid.sin * dy);
  const y = Math.abs(lid.cos * dy - lid.sin * dx);
  return x < lid.halfXM && y < lid.halfYM;
}
