import type { Skin, Solid, TextureName } from './room.ts';

/** A box by its centre, size and heights. */
export function box(
  [xM, yM]: readonly [number, number],
  [widthM, depthM]: readonly [number, number],
  [bottomM, topM]: readonly [number, number],
  skin: TextureName | Skin,
): Solid {
  return { ...BARE, shape: 'box', xM, yM, widthM, depthM, bottomM, topM, skin: asSkin(skin) };
}

export function cylinder(
  [xM, yM]: readonly [number, number],
  diameterM: number,
  [bottomM, topM]: readonly [number, number],
  skin: TextureName | Skin,
): Solid {
  const size = { widthM: diameterM, depthM: diameterM };
  return { ...BARE, shape: 'cylinder', xM, yM, ...size, bottomM, topM, skin: asSkin(skin) };
}

function sprite(
  [xM, yM]: readonly [number, number],
  widthM: number,
  [bottomM, topM]: readonly [number, number],
  texture: TextureName,
): Solid {
  const size = { widthM, depthM: widthM };
  return { ...BARE, shape: 'sprite', xM, yM, ...size, bottomM, topM, skin: { all: texture } };
}

/** Sets parts made around the origin at a place, turned counter-clockwise. */
export function place(
  parts: readonly Solid[],
  [xM, yM]: readonly [number, number],
  turnDegrees = 0,
): readonly Solid[] {
  const turnRad = (turnDegrees * Math.PI) / 180;
  const cos = Math.cos(turnRad);
  const sin = Math.sin(turnRad);
  return parts.map((part) => ({
    ...part,
    xM: xM + cos * part.xM - sin * part.yM,
    yM: yM + sin * part.xM + cos * part.yM,
    turnRad: part.turnRad + turnRad,
  }));
}

/** Faces south (its back is to the north), centred on its footprint. */
export function sofa(widthM: number): readonly Solid[] {
  const depthM = 0.9;
  const armM = 0.2;
  const backM = 0.24;
  const seatM = widthM - 2 * armM;
  const seatY = -backM / 2;
  const seatDepthM = depthM - backM;
  return [
    box([0, depthM / 2 - backM / 2], [widthM, backM], [0.06, 0.84], {
      all: 'fabric',
      faces: { south: 'seat' },
    }),
    box([-(widthM - armM) / 2, seatY], [armM, seatDepthM], [0.06, 0.62], {
      all: 'fabric',
      faces: { south: 'seat' },
      top: 'seat',
    }),
    box([(widthM - armM) / 2, seatY], [armM, seatDepthM], [0.06, 0.62], {
      all: 'fabric',
      faces: { south: 'seat' },
      top: 'seat',
    }),
    box([-seatM / 4, seatY], [seatM / 2 - 0.01, seatDepthM], [0.06, 0.44], 'seat'),
    box([seatM / 4, seatY], [seatM / 2 - 0.01, seatDepthM], [0.06, 0.44], 'seat'),
    box([-seatM / 2 + 0.28, 0.14], [0.42, 0.13], [0.44, 0.78], 'cushion'),
    box([seatM / 2 - 0.28, 0.14], [0.42, 0.13], [0.44, 0.78], 'cushion'),
  ];
}

export function table(
  [widthM, depthM]: readonly [number, number],
  heightM: number,
  wood: TextureName,
): readonly Solid[] {
  const legM = 0.06;
  const x = widthM / 2 - legM;
  const y = depthM / 2 - legM;
  const thickM = 0.045;
  const leg = (at: readonly [number, number]) => box(at, [legM, legM], [0, heightM - thickM], wood);
  return [
    box([0, 0], [widthM, depthM], [heightM - thickM, heightM], wood),
    leg([x, y]),
    leg([-x, y]),
    leg([-x, -y]),
    leg([x, -y]),
  ];
}

/** Faces south. */
export function chair(wood: TextureName): readonly Solid[] {
  const post = (at: readonly [number, number], topM: number) => box(at, [0.04, 0.04], [0, topM], wood);
  return [
    box([0, -0.02], [0.42, 0.4], [0.43, 0.47], wood),
    post([-0.18, -0.19], 0.43),
    post([0.18, -0.19], 0.43),
    post([-0.19, 0.2], 0.9),
    post([0.19, 0.2], 0.9),
    box([0, 0.2], [0.34, 0.025], [0.6, 0.68], wood),
    box([0, 0.2], [0.34, 0.025], [0.78, 0.88], wood),
  ];
}

/** Faces south. */
export function bookshelf(widthM: number, heightM: number): readonly Solid[] {
  return [
    box([0, 0], [widthM, 0.32], [0, heightM], { all: 'walnut', faces: { south: 'books' } }),
    box([-widthM / 4, 0], [0.16, 0.16], [heightM, heightM + 0.2], 'ceramic'),
  ];
}

/** A low board with a screen; faces south. */
export function mediaBoard(widthM: number): readonly Solid[] {
  return [
    box([0, 0], [widthM, 0.4], [0.08, 0.5], { all: 'walnut', faces: { south: 'cupboard' } }),
    box([0, 0.06], [0.5, 0.14], [0.5, 0.53], 'brass'),
    box([0, 0.08], [1.12, 0.04], [0.53, 1.18], { all: 'brass', faces: { south: 'screen' } }),
  ];
}

export function plant(): readonly Solid[] {
  return [
    cylinder([0, 0], 0.34, [0, 0.32], { all: 'terracotta', top: 'walnut' }),
    sprite([0, 0], 1.0, [0.22, 1.5], 'leaves'),
  ];
}

export function floorLamp(): readonly Solid[] {
  return [
    cylinder([0, 0], 0.3, [0, 0.03], 'brass'),
    cylinder([0, 0], 0.035, [0.03, 1.35], 'brass'),
    cylinder([0, 0], 0.42, [1.35, 1.68], 'lampshade'),
  ];
}

/** Something flat on a wall; faces south, its back at y = 0. */
export function onWall(
  texture: TextureName,
  widthM: number,
  [bottomM, topM]: readonly [number, number],
  frame: TextureName = 'walnut',
): readonly Solid[] {
  const thickM = 0.03;
  return [
    box([0, -thickM / 2], [widthM, thickM], [bottomM, topM], { all: frame, faces: { south: texture } }),
  ];
}

/** A window with a curtain on either side; faces south. */
export function curtainedWindow(
  widthM: number,
  [bottomM, topM]: readonly [number, number],
): readonly Solid[] {
  const curtain = (x: number) => box([x, -0.06], [0.34, 0.08], [0.05, topM + 0.14], 'curtain');
  return [
    ...onWall('window', widthM, [bottomM, topM], 'white'),
    box([0, -0.06], [widthM + 0.1, 0.12], [bottomM - 0.05, bottomM], 'white'),
    curtain(-widthM / 2 - 0.14),
    curtain(widthM / 2 + 0.14),
    box([0, -0.06], [widthM + 0.9, 0.03], [topM + 0.14, topM + 0.17], 'brass'),
  ];
}

const BARE = { turnRad: 0, wall: false } as const;

function asSkin(skin: TextureName | Skin): Skin {
  return typeof skin === 'string' ? { all: skin } : skin;
}
