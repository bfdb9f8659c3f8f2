/** The fixed part of the camera: its picture and how places become rows and columns of it. */
export interface Lens {
  readonly width: number;
  readonly height: number;
  /** RGBA as little-endian words, row after row. */
  readonly out: Int32Array;
  /** Pixels across which an angle of 45 degrees spans. */
  readonly focal: number;
  /** The row at the eye's height. */
  readonly horizon: number;
  readonly eyeM: number;
  /** For every row: how far ahead a plane one metre off the eye's height is seen there, in metres. */
  readonly reach: Float64Array;
  /** Shade, 0..256, by distance in steps of 1/16 m. */
  readonly fade: Int32Array;
}

/** Horizontal field of view, as of a wide Pi camera without its edges. */
const FIELD_OF_VIEW_RAD = (78 * Math.PI) / 180;
const FADE_STEPS_PER_M = 16;
const FADE_STEPS = 512;
const FADE_PER_M = 0.04;

export function createLens(eyeM: number, width: number, height: number): Lens {
  const focal = width / 2 / Math.tan(FIELD_OF_VIEW_RAD / 2);
  const horizon = height / 2;
  return {
    width,
    height,
    out: new Int32Array(width * height),
    focal,
    horizon,
    eyeM,
    reach: Float64Array.from(
      { length: height },
      (_, row) => focal / Math.max(0.5, Math.abs(row + 0.5 - horizon)),
    ),
    fade: Int32Array.from(
      { length: FADE_STEPS },
      (_, step) => 256 / (1 + (FADE_PER_M * step) / FADE_STEPS_PER_M),
    ),
  };
}

export function fadeAt(lens: Lens, distanceM: number): number {
  const step = (distanceM * FADE_STEPS_PER_M) | 0;
  return lens.fade[step < FADE_STEPS ? step : FADE_STEPS - 1]!;
}

/** The first row whose middle lies below a height on the picture; rows end where the next thing's begin. */
export function firstRow(lens: Lens, edge: number): number {
  const row = Math.ceil(edge - 0.5);
  return row < 0 ? 0 : row > lens.height ? lens.height : row;
}

/** The level of detail whose texels are about as large as a pixel. */
export function detail(texelsPerPx: number, levels: number): number {
  if (texelsPerPx < 1.4) return 0;
  return Math.min(levels - 1, Math.round(Math.log2(texelsPerPx)));
}
