import { blend, chance, light, modulo, noise, ramp, tabulated } from './paint.ts';
import type { Painter } from './texture.ts';

/** What hangs on the walls, stands behind the window and runs on the screen. */

const MOUNT = 0xf1ede2;

function mounted(x: number, y: number, width: number, height: number, rimPx: number, color: number): number {
  const edge = Math.min(x, y, width - 1 - x, height - 1 - y);
  if (edge < 4) return edge < 1 ? 0x2b1a10 : 0x5a3a22;
  return edge < rimPx ? MOUNT : color;
}

export function hillsPicture(): Painter {
  const ridges = RIDGES.map(([level, swing, color]) => ({
    color,
    tops: tabulated(
      256,
      (x) => level + 6 - swing * (noise(x / 34, level, 101) + 0.4 * noise(x / 11, level, 102)),
    ),
  }));
  return (x, y) => {
    let color = blend(0x2f4f8f, 0xf6b56b, ramp(10, 84, y));
    color = blend(color, 0xfff3cf, 1 - ramp(11, 13, Math.hypot(x - 172, y - 52)));
    for (const ridge of ridges) if (y > ridge.tops[x]!) color = ridge.color;
    return mounted(x, y, 256, 128, 14, color);
  };
}

const RIDGES: readonly (readonly [level: number, swing: number, color: number])[] = [
  [66, 18, 0x6d6a9a],
  [80, 14, 0x4a5f7c],
  [94, 10, 0x2f5546],
  [108, 6, 0x1f3d2e],
];

export function cityPicture(x: number, y: number): number {
  let color = blend(0x16213f, 0xe07a5f, ramp(8, 110, y));
  const block = Math.floor(x / 12);
  const top = 44 + 54 * chance(block, 1, 111);
  if (y > top) {
    const isLit = modulo(x, 4) < 2 && modulo(y, 6) < 3 && chance(x >> 2, Math.floor(y / 6), 112) < 0.42;
    color = isLit ? 0xffd98a : light(0x1c2541, 0.8 + 0.5 * chance(block, 2, 111));
  }
  return mounted(x, y, 128, 128, 12, color);
}

export function abstractPicture(x: number, y: number): number {
  let color = 0xe9dfc8;
  if (Math.hypot(x - 48, y - 50) < 28) color = 0xd1495b;
  if (Math.abs(x - 82) < 16 && y > 34 && y < 108) color = 0x2e4057;
  if (Math.hypot(x - 82, y - 88) < 20) color = 0xedae49;
  if (Math.abs(x + y * 0.6 - 100) < 4) color = 0x00798c;
  return mounted(x, y, 128, 128, 12, light(color, 0.95 + 0.08 * noise(x / 3, y / 3, 121)));
}

/** A nature film: water under a ridge. */
export function screenPicture(): Painter {
  const tops = tabulated(256, (x) => 58 - 22 * noise(x / 46, 3, 131) - 8 * noise(x / 12, 5, 131));
  return (x, y) => {
    if (Math.min(x, y, 255 - x, 127 - y) < 4) return 0x101214;
    if (y < tops[x]!) return blend(0x3d7fc4, 0xbfe0f2, y / 60);
    if (y < 64) return light(0x2f6a4a, 0.8 + 0.5 * noise(x / 6, y / 4, 132));
    return light(0x2b6f9e, 0.75 + 0.5 * noise(x / 22, y / 2, 133));
  };
}

export function windowPicture(): Painter {
  const hills = tabulated(256, (x) => 172 - 26 * noise(x / 70, 1, 143));
  const trees = tabulated(256, (x) => 200 - 34 * noise(x / 17, 2, 145) - 12 * noise(x / 5, 7, 145));
  return (x, y) => {
    const edge = Math.min(x, y, 255 - x, 255 - y);
    const bar = Math.min(Math.abs(x - 128), Math.abs(y - 96));
    if (edge < 9 || bar < 5) return light(0xf4f1ea, edge < 2 || bar > 3.5 ? 0.8 : 1);
    if (y > 226) return light(0x8ec06c, 0.9 + 0.2 * noise(x / 3, y / 2, 147));
    if (y > trees[x]!) return light(0x5d8f57, 0.75 + 0.5 * noise(x / 5, y / 5, 146));
    if (y > hills[x]!) return light(0x9fc08a, 0.95 + 0.15 * noise(x / 9, y / 5, 144));
    const cloud = noise(x / 44, y / 18, 141) * 0.7 + noise(x / 15, y / 8, 142) * 0.4;
    return blend(blend(0x6fb1ea, 0xe6f3fb, ramp(0, 180, y)), 0xffffff, ramp(0.55, 0.85, cloud) * 0.9);
  };
}
