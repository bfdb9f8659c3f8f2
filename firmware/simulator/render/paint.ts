/** Small tools for painting textures: colours are 0xRRGGBB, places are whole texels, chance is a hash. */

/** 0..1, the same for the same place and seed; repeats after 256 in each direction. */
export function chance(x: number, y: number, seed: number): number {
  const offset = Math.imul(seed, 40503);
  return CHANCES[((x + offset) & 255) | (((y + (offset >> 8)) & 255) << 8)]!;
}

/** Drawn once: a texture asks for some millions of them, and a table is four times as fast as a hash. */
const CHANCES = drawChances(new Float32Array(65_536));

function drawChances(into: Float32Array): Float32Array {
  let state = 0x2545f491;
  for (let index = 0; index < into.length; index += 1) {
    // xorshift32 (G. Marsaglia, Xorshift RNGs, 2003).
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    into[index] = (state >>> 0) / 4294967296;
  }
  return into;
}

/**
 * Smooth noise, 0..1, with features the size of 1. It repeats after `periodX` and `periodY`, powers of two up
 * to 256, so that tiles join.
 */
export function noise(x: number, y: number, seed: number, periodX = 256, periodY = 256): number {
  const column = Math.floor(x);
  const row = Math.floor(y);
  const fx = smooth(x - column);
  const fy = smooth(y - row);
  const west = column & (periodX - 1);
  const east = (column + 1) & (periodX - 1);
  const north = row & (periodY - 1);
  const south = (row + 1) & (periodY - 1);
  const top = lerp(chance(west, north, seed), chance(east, north, seed), fx);
  const bottom = lerp(chance(west, south, seed), chance(east, south, seed), fx);
  return lerp(top, bottom, fy);
}

export function lerp(from: number, to: number, share: number): number {
  return from + (to - from) * share;
}

/** 0 below `low`, 1 above `high`, and a soft way between. */
export function ramp(low: number, high: number, value: number): number {
  return smooth(Math.min(1, Math.max(0, (value - low) / (high - low))));
}

/** Makes a colour darker (below 1) or brighter. */
export function light(color: number, factor: number): number {
  const red = clampByte((color >>> 16) * factor);
  const green = clampByte(((color >>> 8) & 0xff) * factor);
  const blue = clampByte((color & 0xff) * factor);
  return (red << 16) | (green << 8) | blue;
}

export function blend(from: number, to: number, share: number): number {
  const red = lerp(from >>> 16, to >>> 16, share);
  const green = lerp((from >>> 8) & 0xff, (to >>> 8) & 0xff, share);
  const blue = lerp(from & 0xff, to & 0xff, share);
  return (clampByte(red) << 16) | (clampByte(green) << 8) | clampByte(blue);
}

/** Paints a pattern once and repeats it: a look-up costs far less than the noise in it. Sizes are powers of two. */
export function repeated(
  width: number,
  height: number,
  colorAt: (x: number, y: number) => number,
): (x: number, y: number) => number {
  const colors = new Int32Array(width * height);
  for (let x = 0; x < width; x += 1) {
    for (let y = 0; y < height; y += 1) colors[x * height + y] = colorAt(x, y);
  }
  return (x, y) => colors[(x & (width - 1)) * height + (y & (height - 1))]!;
}

/** A function of one whole number, worked out once for 0 to `count` - 1. */
export function tabulated(count: number, valueAt: (index: number) => number): Float32Array {
  return Float32Array.from({ length: count }, (_, index) => valueAt(index));
}

export function modulo(value: number, by: number): number {
  return value - Math.floor(value / by) * by;
}

function smooth(share: number): number {
  return share * share * (3 - 2 * share);
}

function clampByte(value: number): number {
  return value < 0 ? 0 : value > 255 ? 255 : value | 0;
}
