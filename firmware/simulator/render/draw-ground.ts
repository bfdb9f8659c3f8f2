import type { GroundMap } from './ground.ts';
import { detail, fadeAt, type Lens } from './lens.ts';
import { between } from './pixel.ts';

/** A floor or ceiling as one lens sees it. */
export interface GroundView {
  readonly map: GroundMap;
  /** How far the ground lies below the eye, or above it. */
  readonly awayM: number;
  /** For every row the level of detail it needs. */
  readonly levels: Uint8Array;
}

export function createGroundView(lens: Lens, map: GroundMap, awayM: number): GroundView {
  const levels = Uint8Array.from({ length: lens.height }, (_, row) => {
    const distanceM = lens.reach[row]! * awayM;
    const across = (distanceM / lens.focal) * map.texelsPerM;
    const along = (across * distanceM) / awayM;
    // Along the view a texel shrinks much faster than across it; half way between the two blurs least.
    return detail(Math.sqrt(across * along) * 0.8, map.levels.length);
  });
  return { map, awayM, levels };
}

/** Draws one column's rows `from` to `to`, all on one side of the horizon, in the direction (dirX, dirY). */
export function drawGround(
  lens: Lens,
  { map, awayM, levels }: GroundView,
  column: number,
  from: number,
  to: number,
  xM: number,
  yM: number,
  dirX: number,
  dirY: number,
): void {
  const { out, width, reach } = lens;
  let row = from;
  // Rows of one level of detail together, so that the level is looked up once.
  while (row < to) {
    const level = levels[row]!;
    const { data, width: columns, height: rows } = map.levels[level]!;
    // In 1/256 of a texel, from the middle of one to the middle of the next.
    const scale = (map.texelsPerM * 256) / (1 << level);
    const baseU = (xM - map.westM) * scale - 128;
    const baseV = (yM - map.southM) * scale - 128;
    const stepU = dirX * awayM * scale;
    const stepV = dirY * awayM * scale;
    const limitU = (columns - 1) << 8;
    const limitV = (rows - 1) << 8;
    let at = row * width + column;
    for (; row < to && levels[row] === level; row += 1, at += width) {
      const away = reach[row]!;
      const u = (baseU + stepU * away) | 0;
      const v = (baseV + stepV * away) | 0;
      if (u < 0 || v < 0 || u >= limitU || v >= limitV) {
        out[at] = 0xff000000;
        continue;
      }
      const shade = fadeAt(lens, away * awayM);
      const texel = (u >> 8) * rows + (v >> 8);
      out[at] = between(
        data[texel]!,
        data[texel + rows]!,
        data[texel + 1]!,
        data[texel + rows + 1]!,
        ((u & 255) * shade) >> 8,
        v & 255,
        shade,
      );
    }
  }
}
