import { clearance, footprintOf } from '../footprint.ts';
import {
  type FloorArea,
  type FloorPattern,
  floorBounds,
  type Room,
  type Solid,
  type SunPatch,
} from '../room.ts';
import { blend, chance, light, modulo, noise, ramp, repeated } from './paint.ts';
import { halvings, type TextureLevel, toPixel } from './texture.ts';

/** A floor or ceiling painted whole, with its light: a picture of the plan, seen from above. */
export interface GroundMap {
  readonly levels: readonly TextureLevel[];
  readonly westM: number;
  readonly southM: number;
  /** Of the finest level. */
  readonly texelsPerM: number;
}

const FLOOR_TEXELS_PER_M = 64;
const CEILING_TEXELS_PER_M = 8;

export function paintFloor(room: Room): GroundMap {
  const map = blankGround(room, FLOOR_TEXELS_PER_M);
  for (const area of room.floors) paintArea(map, area, PATTERNS[area.pattern](area));
  darken(map, shadesOf(room, map));
  for (const patch of room.sun) {
    paintArea(map, boundsOf(patch), (xM, yM, color) => {
      const sun = sunAt(patch, xM, yM);
      return blend(light(color, 1 + 0.55 * sun), 0xffe9b8, 0.16 * sun);
    });
  }
  return withLevels(map);
}

export function paintCeiling(room: Room): GroundMap {
  const map = blankGround(room, CEILING_TEXELS_PER_M);
  const walls = room.solids.filter((solid) => solid.wall && solid.topM >= room.heightM).map(footprintOf);
  paintArea(map, floorBounds(room), (xM, yM) => {
    let shade = 0.97;
    for (const wall of walls) {
      const awayM = Math.max(0, clearance(wall, xM, yM).distanceM);
      if (awayM < 0.8) shade -= 0.2 * Math.exp(-awayM / 0.18);
    }
    let glow = 0;
    for (const lamp of room.lamps) {
      const awayM = Math.hypot(xM - lamp.xM, yM - lamp.yM);
      glow = Math.max(glow, awayM < 0.22 ? 1 : 0.35 * Math.exp(-(awayM - 0.22) / 0.7));
    }
    return blend(light(0xf6f2e9, shade), 0xfffbee, glow);
  });
  return withLevels(map);
}

/** Texels of the floor between two of the points for which its brightness is worked out. */
const SHADE_STEP = 4;

/** How bright the floor is: darker along walls and under furniture. One value for every few texels. */
function shadesOf(room: Room, map: BlankGround): Float32Array {
  const casts = room.solids.filter(castsShade).map((solid) => ({
    print: footprintOf(solid),
    reachM: Math.max(solid.widthM, solid.depthM) + 0.6,
    // What hangs higher casts a softer and wider shadow.
    depth: solid.bottomM > 0.1 ? 0.34 : 0.42,
    softM: 0.07 + solid.bottomM * 0.25,
  }));
  const columns = shadePoints(map.width);
  const rows = shadePoints(map.height);
  const shades = new Float32Array(columns * rows);
  for (let column = 0; column < columns; column += 1) {
    const xM = map.westM + (column * SHADE_STEP) / map.texelsPerM;
    const near = casts.filter(({ print, reachM }) => Math.abs(xM - print.xM) < reachM);
    for (let row = 0; row < rows; row += 1) {
      const yM = map.southM + (row * SHADE_STEP) / map.texelsPerM;
      let shade = 1;
      for (const { print, reachM, depth, softM } of near) {
        if (Math.abs(yM - print.yM) > reachM) continue;
        const awayM = Math.max(0, clearance(print, xM, yM).distanceM);
        shade *= 1 - depth * Math.exp(-awayM / softM);
      }
      shades[column * rows + row] = Math.max(0.35, shade);
    }
  }
  return shades;
}

/** What stands on the floor, and broad things not far above it. */
function castsShade({ shape, bottomM, widthM, depthM }: Solid): boolean {
  return shape !== 'sprite' && (bottomM < 0.1 || (bottomM < 1 && Math.min(widthM, depthM) > 0.3));
}

/** Lays the shades over the floor, smoothly from point to point. */
function darken({ colors, width, height }: BlankGround, shades: Float32Array): void {
  const rows = shadePoints(height);
  for (let x = 0; x < width; x += 1) {
    const column = Math.floor(x / SHADE_STEP);
    const shareX = x / SHADE_STEP - column;
    for (let y = 0; y < height; y += 1) {
      const row = Math.floor(y / SHADE_STEP);
      const shareY = y / SHADE_STEP - row;
      const at = column * rows + row;
      const west = shades[at]! + (shades[at + 1]! - shades[at]!) * shareY;
      const east = shades[at + rows]! + (shades[at + rows + 1]! - shades[at + rows]!) * shareY;
      colors[x * height + y] = light(colors[x * height + y]!, west + (east - west) * shareX);
    }
  }
}

function shadePoints(texels: number): number {
  return Math.ceil(texels / SHADE_STEP) + 1;
}

/** 0..1: inside the parallelogram, with a soft edge. */
function sunAt({ xM: originX, yM: originY, alongM, acrossM }: SunPatch, xM: number, yM: number): number {
  const area = alongM[0] * acrossM[1] - alongM[1] * acrossM[0];
  const dx = xM - originX;
  const dy = yM - originY;
  const u = (dx * acrossM[1] - dy * acrossM[0]) / area;
  const v = (alongM[0] * dy - alongM[1] * dx) / area;
  return ramp(0, 0.07, Math.min(u, 1 - u, v * 2, (1 - v) * 2)) * (1 - 0.3 * v);
}

function boundsOf({ xM, yM, alongM, acrossM }: SunPatch): Bounds {
  const xs = [xM, xM + alongM[0], xM + acrossM[0], xM + alongM[0] + acrossM[0]];
  const ys = [yM, yM + alongM[1], yM + acrossM[1], yM + alongM[1] + acrossM[1]];
  return {
    westM: Math.min(...xs),
    eastM: Math.max(...xs),
    southM: Math.min(...ys),
    northM: Math.max(...ys),
  };
}

type Bounds = Omit<FloorArea, 'pattern'>;

interface BlankGround extends Omit<GroundMap, 'levels'> {
  /** 0xRRGGBB, column after column. */
  readonly colors: Int32Array;
  readonly width: number;
  readonly height: number;
}

function blankGround(room: Room, texelsPerM: number): BlankGround {
  const { westM, southM, eastM, northM } = floorBounds(room);
  // Rounded up to a multiple of 64, so that six halvings have no remainder.
  const width = Math.ceil(((eastM - westM) * texelsPerM) / 64) * 64;
  const height = Math.ceil(((northM - southM) * texelsPerM) / 64) * 64;
  return { colors: new Int32Array(width * height), width, height, westM, southM, texelsPerM };
}

/** @param colorAt the new colour of a place, from its old one where it matters */
function paintArea(
  map: BlankGround,
  area: Bounds,
  colorAt: (xM: number, yM: number, color: number) => number,
): void {
  const { colors, width, height, westM, southM, texelsPerM } = map;
  const column = (xM: number) => Math.min(width, Math.max(0, Math.round((xM - westM) * texelsPerM)));
  const row = (yM: number) => Math.min(height, Math.max(0, Math.round((yM - southM) * texelsPerM)));
  const endX = column(area.eastM);
  const startY = row(area.southM);
  const endY = row(area.northM);
  for (let x = column(area.westM); x < endX; x += 1) {
    const xM = westM + (x + 0.5) / texelsPerM;
    for (let y = startY; y < endY; y += 1) {
      const at = x * height + y;
      colors[at] = colorAt(xM, southM + (y + 0.5) / texelsPerM, colors[at]!);
    }
  }
}

function withLevels({ colors, width, height, westM, southM, texelsPerM }: BlankGround): GroundMap {
  const data = colors.map(toPixel);
  return { levels: halvings({ data, width, height }).slice(0, 7), westM, southM, texelsPerM };
}

/** A pattern that repeats after `texels`, a power of two. */
function swatch(texels: number, colorAt: (xM: number, yM: number) => number): ReturnType<FloorPainter> {
  const scale = FLOOR_TEXELS_PER_M;
  const pattern = repeated(texels, texels, (x, y) => colorAt((x + 0.5) / scale, (y + 0.5) / scale));
  return (xM, yM) => pattern(Math.floor(xM * scale), Math.floor(yM * scale));
}

type FloorPainter = (area: FloorArea) => (xM: number, yM: number) => number;

const PATTERNS: Readonly<Record<FloorPattern, FloorPainter>> = {
  parquet: () => {
    const plankM = 4 / 3;
    const rowM = 0.125;
    return swatch(256, (xM, yM) => {
      const row = Math.floor(yM / rowM);
      const along = xM + chance(row, 0, 201) * plankM;
      const plank = Math.floor(along / plankM) % 3;
      const u = modulo(along, plankM);
      const v = modulo(yM, rowM);
      if (v < 0.011 || u < 0.011) return 0x66421f;
      const grain = noise(xM * 2, yM * 64 + row * 5, 202, 8, 256);
      return light(blend(0xb07a45, 0x8f5c32, chance(plank, row, 203)), 0.88 + 0.22 * grain);
    });
  },
  tiles: () =>
    swatch(128, (xM, yM) => {
      const sizeM = 0.5;
      const u = modulo(xM, sizeM);
      const v = modulo(yM, sizeM);
      if (Math.min(u, v) < 0.0125) return 0x8f8b84;
      const isDark = (Math.floor(xM / sizeM) + Math.floor(yM / sizeM)) % 2 === 1;
      const vein = noise(xM * 8, yM * 8, 204, 16, 16) * 0.7 + noise(xM * 32, yM * 32, 205, 64, 64) * 0.3;
      return light(isDark ? 0x7f8c8d : 0xd5d2c8, 0.88 + 0.2 * vein);
    }),
  rug:
    ({ westM, southM, eastM, northM }) =>
    (xM, yM) => {
      const edge = Math.min(xM - westM, eastM - xM, yM - southM, northM - yM);
      const knots = 0.88 + 0.2 * noise(xM * 60, yM * 60, 206);
      if (Math.min(xM - westM, eastM - xM) < 0.05)
        return light(modulo(yM, 0.03) < 0.02 ? 0xe3d6b8 : 0x8f7a58, knots);
      if (edge < 0.1) return light(0x2c3e58, knots);
      if (edge < 0.13) return light(0xe3d6b8, knots);
      const x = xM - (westM + eastM) / 2;
      const y = yM - (southM + northM) / 2;
      if (edge < 0.28) return light(modulo(x + y, 0.15) < 0.075 ? 0xb4503c : 0x98402f, knots);
      if (edge < 0.31) return light(0xe3d6b8, knots);
      const diamond = Math.abs(x) / 0.72 + Math.abs(y) / 0.5;
      if (diamond < 0.3) return light(0xd8a848, knots);
      if (diamond < 0.36) return light(0xe3d6b8, knots);
      if (diamond < 0.8) return light(modulo(diamond, 0.16) < 0.08 ? 0x2c3e58 : 0x38506f, knots);
      if (diamond < 0.87) return light(0xe3d6b8, knots);
      const star = Math.hypot(modulo(x, 0.3) - 0.15, modulo(y, 0.3) - 0.15) < 0.035;
      return light(star ? 0xd8a848 : 0xa3452f, knots);
    },
  mat: () => (xM, yM) => light(0x5c5548, 0.75 + 0.4 * chance(Math.floor(xM * 90), Math.floor(yM * 90), 207)),
};
