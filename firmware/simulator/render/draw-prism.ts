import { detail, fadeAt, firstRow, type Lens } from './lens.ts';
import { between, shaded } from './pixel.ts';
import { type Prism, SPRITE, type Surface } from './scene.ts';

/** Fewer texels than this a pixel are blended: else every texel of a wall near by shows as a block. */
const SMOOTH_BELOW = 0.8;

/** Shade, 0..256, of a surface at a distance. */
export function shadeAt(lens: Lens, surface: Surface, distanceM: number): number {
  return surface.texture.glows ? 256 : (surface.light * fadeAt(lens, distanceM)) | 0;
}

/**
 * Draws one column of an upright face.
 *
 * @param alongM where the column meets the face, from its left edge
 */
export function drawSide(
  lens: Lens,
  prism: Prism,
  surface: Surface,
  column: number,
  distanceM: number,
  alongM: number,
  faceWidthM: number,
  shade: number,
): void {
  const { out, width, eyeM } = lens;
  const pxPerM = lens.focal / distanceM;
  const topEdge = lens.horizon - (prism.topM - eyeM) * pxPerM;
  const from = firstRow(lens, topEdge);
  const to = firstRow(lens, lens.horizon - (prism.bottomM - eyeM) * pxPerM);
  if (from >= to) return;
  const { sizeM, levels } = surface.texture;
  const heightM = sizeM === null ? prism.topM - prism.bottomM : sizeM[1];
  const texelsPerPx = levels[0]!.height / (heightM * pxPerM);
  const { data, width: columns, height: rows } = levels[detail(texelsPerPx, levels.length)]!;
  const u = (alongM / (sizeM === null ? faceWidthM : sizeM[0])) * columns;
  const mask = rows - 1;
  // Rows of the texture in 1/65536.
  const perRow = (rows / (heightM * pxPerM)) * 65536;
  const step = perRow | 0;
  let v = ((from + 0.5 - topEdge) * perRow) | 0;
  let at = from * width + column;
  const end = to * width + column;

  if (prism.shape === SPRITE) {
    const start = (Math.floor(u) & (columns - 1)) * rows;
    for (; at < end; at += width, v += step) {
      const texel = data[start + ((v >> 16) & mask)]!;
      if (texel !== 0) out[at] = shaded(texel, shade);
    }
  } else if (texelsPerPx < SMOOTH_BELOW) {
    const left = Math.floor(u - 0.5);
    const west = (left & (columns - 1)) * rows;
    const east = ((left + 1) & (columns - 1)) * rows;
    const shareU = ((u - 0.5 - left) * shade) | 0;
    for (v -= 32768; at < end; at += width, v += step) {
      const upper = (v >> 16) & mask;
      const lower = ((v >> 16) + 1) & mask;
      out[at] = between(
        data[west + upper]!,
        data[east + upper]!,
        data[west + lower]!,
        data[east + lower]!,
        shareU,
        (v >> 8) & 255,
        shade,
      );
    }
  } else {
    const start = (Math.floor(u) & (columns - 1)) * rows;
    for (; at < end; at += width, v += step) out[at] = shaded(data[start + ((v >> 16) & mask)]!, shade);
  }
}

/**
 * Draws one column of the face that shows from above or from below, from `nearM` to `farM` ahead.
 * The eye stands at (eyeX, eyeY) and looks along (dirX, dirY), all in the prism's own frame.
 */
export function drawLid(
  lens: Lens,
  prism: Prism,
  column: number,
  nearM: number,
  farM: number,
  eyeX: number,
  eyeY: number,
  dirX: number,
  dirY: number,
): void {
  const { out, width, reach, horizon, focal, eyeM } = lens;
  const isBelow = prism.topM < eyeM;
  const surface = isBelow ? prism.top : prism.bottom;
  const awayM = isBelow ? eyeM - prism.topM : prism.bottomM - eyeM;
  const span = awayM * focal;
  const from = firstRow(lens, isBelow ? horizon + span / farM : horizon - span / nearM);
  const to = firstRow(lens, isBelow ? horizon + span / nearM : horizon - span / farM);
  if (from >= to) return;
  const { levels, sizeM } = surface.texture;
  const widthM = sizeM === null ? prism.halfXM * 2 : sizeM[0];
  const heightM = sizeM === null ? prism.halfYM * 2 : sizeM[1];
  const middleM = (nearM + farM) / 2;
  const texelsPerPx = ((levels[0]!.height / heightM) * middleM) / focal;
  const { data, width: columns, height: rows } = levels[detail(texelsPerPx * 2, levels.length)]!;
  const scaleU = columns / widthM;
  const scaleV = rows / heightM;
  const baseU = (eyeX + prism.halfXM) * scaleU;
  const baseV = (eyeY + prism.halfYM) * scaleV;
  const stepU = dirX * awayM * scaleU;
  const stepV = dirY * awayM * scaleV;
  const shade = shadeAt(lens, surface, middleM);
  let at = from * width + column;
  for (let row = from; row < to; row += 1, at += width) {
    const u = ((baseU + stepU * reach[row]!) | 0) & (columns - 1);
    const v = ((baseV + stepV * reach[row]!) | 0) & (rows - 1);
    out[at] = shaded(data[u * rows + v]!, shade);
  }
}
