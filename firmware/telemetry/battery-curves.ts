export type Chemistry = 'lipo' | 'liion' | 'nimh' | 'lead';

/** Rising in both: charge 0..1, and what a cell then shows at rest. */
type Curve = readonly (readonly [ratio: number, volts: number])[];

/**
 * Volts of one resting cell by charge. Cells differ by make, age and warmth: a charge told by these is right within
 * some ten percent in the middle, and better at both ends, which is where it counts.
 */
const CURVES: Readonly<Record<Chemistry, Curve>> = {
  /** Pouch cells; the table that makers of model batteries hand out (Ampow and others, "LiPo voltage chart"). */
  lipo: [
    [0, 3.27],
    [0.05, 3.61],
    [0.1, 3.69],
    [0.2, 3.73],
    [0.3, 3.77],
    [0.4, 3.8],
    [0.5, 3.84],
    [0.6, 3.87],
    [0.7, 3.95],
    [0.8, 4.02],
    [0.9, 4.11],
    [1, 4.2],
  ],
  /** Round cells, read off typical 18650 discharge curves. */
  liion: [
    [0, 3.0],
    [0.05, 3.3],
    [0.1, 3.45],
    [0.3, 3.62],
    [0.5, 3.72],
    [0.7, 3.88],
    [0.9, 4.05],
    [1, 4.18],
  ],
  /** Read off discharge at a fifth of the capacity an hour (Energizer NiMH handbook): 1.2 V in the middle, done at 1.0 V. */
  nimh: [
    [0, 1.0],
    [0.05, 1.1],
    [0.2, 1.19],
    [0.5, 1.24],
    [0.8, 1.28],
    [0.95, 1.33],
    [1, 1.4],
  ],
  /** A sixth of the open-circuit table for starter batteries (Battery Council International): 11.89 to 12.65 V. */
  lead: [
    [0, 1.982],
    [0.25, 2.01],
    [0.5, 2.04],
    [0.75, 2.075],
    [1, 2.108],
  ],
};

/** @param ratio charge, 0..1; what is beyond counts as empty or full */
export function restingCellVolts(chemistry: Chemistry, ratio: number): number {
  return interpolate(CURVES[chemistry], ratio);
}

/** Charge 0..1 of a cell at rest. */
export function cellCharge(chemistry: Chemistry, volts: number): number {
  return interpolate(
    CURVES[chemistry].map(([ratio, at]) => [at, ratio]),
    volts,
  );
}

/** Along straight lines between points that rise in x; level beyond both ends. */
function interpolate(points: readonly (readonly [x: number, y: number])[], x: number): number {
  const above = points.findIndex(([at]) => at >= x);
  const [highX, highY] = points.at(above)!;
  if (above <= 0) return highY;
  const [lowX, lowY] = points[above - 1]!;
  return lowY + ((x - lowX) / (highX - lowX)) * (highY - lowY);
}
