/**
 * One resolution of a texture: RGBA as little-endian words, column after column; 0 is a hole.
 * Signed, because V8 keeps a signed word in a register and may box an unsigned one.
 */
export interface TextureLevel {
  readonly data: Int32Array;
  /** Powers of two. */
  readonly width: number;
  readonly height: number;
}

export interface Texture {
  /** Finest first; each next one has half the width and height. */
  readonly levels: readonly TextureLevel[];
  /** What one repetition covers; null where it is stretched over its face. */
  readonly sizeM: readonly [widthM: number, heightM: number] | null;
  /** Shines by itself: light and distance do not darken it. */
  readonly glows: boolean;
}

export const HOLE = -1;

/** 0xRRGGBB, or HOLE, of a texel; y downwards. */
export type Painter = (x: number, y: number) => number;

/**
 * A texture that is painted when it is first looked at: the first picture shall not wait for what it does not
 * show. Width and height are powers of two.
 */
export function createTexture(
  width: number,
  height: number,
  prepare: () => Painter,
  options: { readonly sizeM?: readonly [number, number]; readonly glows?: boolean } = {},
): Texture {
  let levels: readonly TextureLevel[] | null = null;
  return {
    get levels() {
      levels ??= halvings({ data: paint(width, height, prepare()), width, height });
      return levels;
    },
    sizeM: options.sizeM ?? null,
    glows: options.glows ?? false,
  };
}

function paint(width: number, height: number, colorAt: Painter): Int32Array {
  const data = new Int32Array(width * height);
  for (let x = 0; x < width; x += 1) {
    for (let y = 0; y < height; y += 1) data[x * height + y] = toPixel(colorAt(x, y));
  }
  return data;
}

export function toPixel(color: number): number {
  if (color === HOLE) return 0;
  return 0xff000000 | ((color & 0xff) << 16) | (color & 0xff00) | (color >>> 16);
}

/** The level itself and its halves down to a single texel's width or height: what is far away must not shimmer. */
export function halvings(finest: TextureLevel): readonly TextureLevel[] {
  const levels = [finest];
  for (let last = finest; last.width > 1 && last.height > 1; ) {
    last = halve(last);
    levels.push(last);
  }
  return levels;
}

function halve({ data, width, height }: TextureLevel): TextureLevel {
  const half = { data: new Int32Array((width * height) / 4), width: width / 2, height: height / 2 };
  for (let x = 0; x < half.width; x += 1) {
    for (let y = 0; y < half.height; y += 1) {
      const at = x * 2 * height + y * 2;
      half.data[x * half.height + y] = average(
        data[at]!,
        data[at + 1]!,
        data[at + height]!,
        data[at + height + 1]!,
      );
    }
  }
  return half;
}

/** Mean of the texels that are not holes; a hole itself when most are. */
function average(a: number, b: number, c: number, d: number): number {
  const solid = (a >>> 31) + (b >>> 31) + (c >>> 31) + (d >>> 31);
  if (solid === 4) {
    const even = (a & 0xff00ff) + (b & 0xff00ff) + (c & 0xff00ff) + (d & 0xff00ff);
    const odd = (a & 0xff00) + (b & 0xff00) + (c & 0xff00) + (d & 0xff00);
    return 0xff000000 | ((even >>> 2) & 0xff00ff) | ((odd >>> 2) & 0xff00);
  }
  if (solid < 2) return 0;
  const red = ((a & 0xff) + (b & 0xff) + (c & 0xff) + (d & 0xff)) / solid;
  const green = (((a >>> 8) & 0xff) + ((b >>> 8) & 0xff) + ((c >>> 8) & 0xff) + ((d >>> 8) & 0xff)) / solid;
  const blue =
    (((a >>> 16) & 0xff) + ((b >>> 16) & 0xff) + ((c >>> 16) & 0xff) + ((d >>> 16) & 0xff)) / solid;
  return 0xff000000 | (blue << 16) | (green << 8) | red;
}
