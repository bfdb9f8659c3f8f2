import type { TextureName } from '../room.ts';
import { blend, chance, lerp, light, modulo, noise, ramp, repeated, tabulated } from './paint.ts';
import { abstractPicture, cityPicture, hillsPicture, screenPicture, windowPicture } from './pictures.ts';
import { createTexture, HOLE, type Painter, type Texture } from './texture.ts';

/** A texture by its name. Nothing is loaded from a file. */
export function textureByName(name: TextureName): Texture {
  return RECIPES[name]();
}

const RECIPES: Readonly<Record<TextureName, () => Texture>> = {
  wallpaper: () => createTexture(128, WALL_TEXELS, wallpaper, { sizeM: [0.6, 2.4] }),
  paint: () => createTexture(128, WALL_TEXELS, panelled, { sizeM: [0.6, 2.4] }),
  brick: () => createTexture(256, WALL_TEXELS, brick, { sizeM: [1.2, 2.4] }),
  oak: () => createTexture(128, 128, () => wood(0xb98a55, 0x8a5f33, 31), { sizeM: [0.6, 0.6] }),
  walnut: () => createTexture(128, 128, () => wood(0x6d452a, 0x47291a, 32), { sizeM: [0.6, 0.6] }),
  white: () => createTexture(32, 32, () => plain(0xe9e6df, 0.04), { sizeM: [0.3, 0.3] }),
  brass: () => createTexture(32, 32, () => plain(0x4a4642, 0.2), { sizeM: [0.2, 0.2] }),
  ceramic: () => createTexture(64, 64, () => ceramicAt),
  fabric: () => createTexture(64, 64, () => fabricAt, { sizeM: [0.25, 0.25] }),
  seat: () => createTexture(64, 64, () => seatAt),
  cushion: () => createTexture(64, 64, () => cushionAt),
  curtain: () => createTexture(64, 256, () => curtainAt),
  terracotta: () => createTexture(64, 64, () => terracottaAt),
  lampshade: () => createTexture(64, 64, () => lampshadeAt, { glows: true }),
  leaves: () => createTexture(256, 256, leaves),
  books: () => createTexture(256, 256, () => booksAt),
  cupboard: () => createTexture(256, 128, () => cupboardAt),
  door: () => createTexture(128, 256, () => doorAt),
  screen: () => createTexture(256, 128, screenPicture, { glows: true }),
  window: () => createTexture(256, 256, windowPicture, { glows: true }),
  'picture-hills': () => createTexture(256, 128, hillsPicture),
  'picture-city': () => createTexture(128, 128, () => cityPicture),
  'picture-abstract': () => createTexture(128, 128, () => abstractPicture),
};

const WALL_TEXELS = 512;
const SKIRTING_FROM = 490;

/** Walls darken towards floor and ceiling, as light seldom gets into their edges. */
function edgeLights(): Float32Array {
  return tabulated(WALL_TEXELS, (y) => {
    const fromCeilingM = (y / WALL_TEXELS) * 2.4;
    const fromFloorM = 2.4 - fromCeilingM;
    return 1 - 0.28 * Math.exp(-fromCeilingM / 0.18) - 0.22 * Math.exp(-fromFloorM / 0.25);
  });
}

/** A moulding along the ceiling and a board along the floor, between them the wall. */
function framed(wallAt: Painter): Painter {
  const edges = edgeLights();
  return (x, y) => {
    if (y < 6) return light(0xf2efe8, 0.86);
    if (y < SKIRTING_FROM) return light(wallAt(x, y), edges[y]!);
    if (y === SKIRTING_FROM) return 0xffffff;
    return light(0xe6e2d8, lerp(0.97, 0.74, (y - SKIRTING_FROM) / (WALL_TEXELS - SKIRTING_FROM)));
  };
}

/** Stripes, with a sprig in every other one: two leaves and a bud. */
function wallpaper(): Painter {
  const pattern = repeated(128, 64, (x, y) => {
    const base = modulo(x, 64) < 32 ? 0xeee6cc : 0xe0d6b6;
    const u = modulo(x, 64) - 16;
    const v = modulo(y + (x >= 64 ? 32 : 0), 64) - 32;
    const leaf = Math.hypot(Math.abs(u) - 5, (v - 4 + Math.abs(u) * 0.5) * 0.9) < 4;
    const bud = Math.hypot(u, v + 8) < 3.2;
    const stem = Math.abs(u) < 1 && v > -6 && v < 12;
    const color = bud ? 0xc0604c : leaf || stem ? 0x8ea077 : base;
    return light(color, 0.97 + 0.05 * noise(x / 4, y / 4, 11, 32, 16));
  });
  return framed(pattern);
}

/** Wood panels to the height of a chair rail, paint above it. */
function panelled(): Painter {
  const rail = 320;
  const plaster = repeated(128, 128, (x, y) =>
    light(0x9fbcc4, 0.96 + 0.06 * noise(x / 8, y / 8, 12, 16, 16)),
  );
  return framed((x, y) => {
    if (y < rail) return plaster(x, y);
    if (y < rail + 10) return y < rail + 3 ? 0xeeebe3 : 0xc9c6be;
    const groove = Math.min(Math.abs(x - 14), Math.abs(x - 114), Math.abs(y - 346), Math.abs(y - 474)) < 2;
    const inside = x > 14 && x < 114 && y > 346 && y < 474;
    return groove ? 0xb7bdbb : inside ? 0xdfe2de : 0xd6dad6;
  });
}

function brick(): Painter {
  const courseTexels = 16;
  const brickTexels = 256 / 5;
  const pattern = repeated(256, 128, (x, y) => {
    const course = Math.floor(y / courseTexels);
    const along = modulo(x + (course % 2) * (brickTexels / 2), 256);
    const number = Math.floor(along / brickTexels);
    const u = modulo(along, brickTexels);
    const v = modulo(y, courseTexels);
    const grain = noise(x / 2, y / 2, 13, 128, 64);
    if (u < 2.2 || v < 2.2) return light(0xb9aa98, 0.78 + 0.25 * grain);
    const tone = blend(0x9a4d38, 0xb4664a, chance(number, course, 14));
    const base = blend(tone, 0x7a3d31, chance(number, course, 15) * 0.55);
    const bevel = v < 4 || u < 4 ? 1.1 : v > 14 || u > 49 ? 0.86 : 1;
    return light(base, bevel * (0.82 + 0.3 * grain));
  });
  return framed(pattern);
}

function wood(pale: number, dark: number, seed: number): Painter {
  return (x, y) => {
    const wave = noise(x / 8, y / 32, seed, 16, 4) * 6 + noise(x / 2, y / 16, seed + 7, 64, 8) * 1.6;
    return light(blend(pale, dark, 0.5 + 0.5 * Math.sin(wave * 2.4)), 0.93 + 0.1 * chance(x, y, seed));
  };
}

function plain(color: number, roughness: number): Painter {
  return (x, y) => light(color, 1 - roughness / 2 + roughness * chance(x, y, 33));
}

function lampshadeAt(_x: number, y: number): number {
  return blend(0xfff0cc, 0xf0c883, Math.abs(y - 26) / 40);
}

function ceramicAt(x: number, y: number): number {
  const band = y > 20 && y < 27 ? 0xd8b25a : 0x2f6f7e;
  return light(band, 0.75 + 0.5 * Math.exp(-(((modulo(x, 32) - 12) / 7) ** 2)));
}

function fabricAt(x: number, y: number): number {
  const weave = modulo(x, 4) < 2 === modulo(y, 4) < 2 ? 1.06 : 0.93;
  return light(0x3f6580, weave * (0.9 + 0.18 * noise(x / 8, y / 8, 41, 8)));
}

function seatAt(x: number, y: number): number {
  const seam = Math.min(x, y, 63 - x, 63 - y);
  const weave = modulo(x, 4) < 2 === modulo(y, 4) < 2 ? 1.04 : 0.96;
  return light(0x4a7596, weave * (seam < 2 ? 0.62 : 0.82 + 0.2 * ramp(2, 14, seam)));
}

function cushionAt(x: number, y: number): number {
  const seam = Math.min(x, y, 63 - x, 63 - y);
  const zigzag = modulo(y + Math.abs(modulo(x, 16) - 8), 16) < 4;
  return light(zigzag ? 0xf0d9a4 : 0xd89a3c, seam < 3 ? 0.75 : 0.9 + 0.12 * ramp(3, 20, seam));
}

function curtainAt(x: number, y: number): number {
  const fold = Math.sin((x / 64) * Math.PI * 8 + 0.5 * Math.sin(y / 50));
  return light(0xb44a3e, 0.78 + 0.26 * fold * (0.6 + 0.4 * (y / 256)));
}

function terracottaAt(x: number, y: number): number {
  const rim = y < 14 ? 1.12 : y < 17 ? 0.7 : 1;
  return light(0xb5643f, rim * (0.85 + 0.2 * noise(x / 8, y / 4, 51, 8, 16)));
}

/** Long leaves that bend outwards from the pot, drawn far ones first. */
function leaves(): Painter {
  const size = 256;
  const colors = new Int32Array(size * size).fill(HOLE);
  for (let leaf = 0; leaf < 34; leaf += 1) {
    const lean = (chance(leaf, 1, 61) - 0.5) * 2.3;
    const lengthPx = 125 + 125 * chance(leaf, 2, 61) * (1 - Math.abs(lean) * 0.3);
    const green = blend(0x2e6b38, 0x79ab4c, (leaf / 34) * 0.7 + 0.3 * chance(leaf, 3, 61));
    for (let step = 0; step <= lengthPx; step += 1) {
      const share = step / lengthPx;
      const centerX = size / 2 + (chance(leaf, 4, 61) - 0.5) * 26 + lean * 105 * share ** 1.5;
      const centerY = size - 4 - lengthPx * share * (1 - 0.36 * Math.abs(lean) * share);
      const halfPx =
        1 + 9 * Math.sin(Math.PI * Math.min(1, 0.12 + share * 0.9)) * (0.7 + 0.6 * chance(leaf, 5, 61));
      for (let across = -halfPx; across <= halfPx; across += 0.5) {
        const x = Math.round(centerX + across);
        const y = Math.round(centerY);
        if (x < 0 || x >= size || y < 0 || y >= size) continue;
        const rib = Math.abs(across) < 0.8 ? 1.25 : across < 0 ? 1 : 0.82;
        colors[x * size + y] = light(green, rib * (0.62 + 0.42 * share));
      }
    }
  }
  return (x, y) => colors[x * size + y]!;
}

function booksAt(x: number, y: number): number {
  const shelfHeight = 51;
  const shelf = Math.floor(y / shelfHeight);
  const v = modulo(y, shelfHeight);
  if (x < 6 || x >= 250 || v < 5) return light(0x6d452a, 0.75 + 0.3 * noise(x / 20, y / 2, 71));
  if (shelf >= 5) return 0x47291a;
  // Walk along the shelf book by book until the one at x.
  let left = 6;
  for (let book = 0; left < 250; book += 1) {
    const width = 6 + Math.floor(9 * chance(book, shelf, 72));
    if (x < left + width) {
      if (chance(book, shelf, 73) < 0.1) return light(0x2a1a12, 0.7 + v / 120);
      const heightPx = 30 + 15 * chance(book, shelf, 74);
      if (v < shelfHeight - heightPx) return light(0x2a1a12, 0.6 + v / 100);
      const color = SPINES[Math.floor(chance(book, shelf, 75) * SPINES.length)]!;
      const u = (x - left + 0.5) / width;
      const label = v > 24 && v < 30 && u > 0.2 && u < 0.8 && chance(book, shelf, 76) < 0.6;
      return light(label ? 0xe8d9a8 : color, 0.6 + 0.55 * Math.sin(Math.PI * (0.12 + 0.76 * u)));
    }
    left += width;
  }
  return 0x2a1a12;
}
const SPINES = [
  0xa83a32, 0x2f5d8a, 0x3f7d55, 0xd0a040, 0x7a4a86, 0xd8cfb8, 0x37474f, 0xc06a3a, 0x4d8f9a,
] as const;

function cupboardAt(x: number, y: number): number {
  const u = modulo(x, 64);
  const edge = Math.min(u, 63 - u, y, 127 - y);
  if (edge < 2) return 0x3a2a1e;
  if (Math.hypot(u - 54, (y - 60) / 2.2) < 3.4) return 0xd9c48a;
  const inset = edge > 9 && edge < 12;
  const grain = noise(x / 3, y / 24, 81);
  return light(0xcdbfa4, (inset ? 0.82 : 1) * (0.92 + 0.12 * grain));
}

function doorAt(x: number, y: number): number {
  if (Math.hypot(x - 112, y - 136) < 5) return blend(0xf3dc96, 0xa98338, ramp(-3, 4, y - 136));
  const column = x < 64 ? x - 18 : x - 70;
  const panel = (top: number, bottom: number) => {
    const edge = Math.min(column, 40 - column, y - top, bottom - y);
    return edge < 0 ? 1 : edge < 3 ? 0.78 : edge < 6 ? 1.06 : 0.97;
  };
  const relief = y < 120 ? panel(18, 112) : panel(142, 240);
  return light(0xd9c7a6, relief * (0.95 + 0.07 * noise(x / 2, y / 30, 91)));
}
