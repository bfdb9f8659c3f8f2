import { footprintOf } from '../footprint.ts';
import type { Face, Room, Solid, TextureName } from '../room.ts';
import { type GroundMap, paintCeiling, paintFloor } from './ground.ts';
import type { Texture } from './texture.ts';
import { textureByName } from './textures.ts';

/** Shape of a prism; numbers, because the renderer compares them for every column. */
export const BOX = 0;
export const CYLINDER = 1;
export const SPRITE = 2;

/** Faces in the order of `Prism.sides`. A cylinder and a sprite have one, at 0. */
const FACES: readonly Face[] = ['east', 'north', 'west', 'south'];

/** A solid made ready to be drawn. */
export interface Prism {
  readonly shape: number;
  readonly xM: number;
  readonly yM: number;
  readonly cos: number;
  readonly sin: number;
  readonly halfXM: number;
  readonly halfYM: number;
  /** Of the circle around its footprint. */
  readonly reachM: number;
  readonly bottomM: number;
  readonly topM: number;
  /** From floor to ceiling: nothing shows behind it. */
  readonly closes: boolean;
  readonly sides: readonly Surface[];
  readonly top: Surface;
  readonly bottom: Surface;
}

export interface Surface {
  readonly texture: Texture;
  /** 0..1: how much of the room's light falls on it. */
  readonly light: number;
}

export interface Scene {
  readonly heightM: number;
  readonly floor: GroundMap;
  readonly ceiling: GroundMap;
  readonly prisms: readonly Prism[];
}

/** Paints floor and ceiling (some tens of ms); the other textures follow when they are first seen, 5 MB in all. */
export function createScene(room: Room): Scene {
  const painted = new Map<TextureName, Texture>();
  const textureOf = (name: TextureName) => {
    const texture = painted.get(name) ?? textureByName(name);
    painted.set(name, texture);
    return texture;
  };
  return {
    heightM: room.heightM,
    floor: paintFloor(room),
    ceiling: paintCeiling(room),
    prisms: room.solids.map((solid) => toPrism(solid, room.heightM, textureOf)),
  };
}

function toPrism(solid: Solid, heightM: number, textureOf: (name: TextureName) => Texture): Prism {
  const print = footprintOf(solid);
  const { skin } = solid;
  const sides = FACES.map((face, quarter): Surface => {
    const texture = textureOf(skin.faces?.[face] ?? skin.all);
    return { texture, light: texture.glows ? 1 : sideLight(solid.turnRad + (quarter * Math.PI) / 2) };
  });
  const lid = textureOf(skin.top ?? skin.all);
  return {
    shape: solid.shape === 'box' ? BOX : solid.shape === 'cylinder' ? CYLINDER : SPRITE,
    ...print,
    reachM: solid.shape === 'box' ? Math.hypot(print.halfXM, print.halfYM) : print.halfXM,
    bottomM: solid.bottomM,
    topM: solid.topM,
    closes: solid.bottomM <= 0 && solid.topM >= heightM,
    sides,
    top: { texture: lid, light: 1 },
    bottom: { texture: lid, light: 0.5 },
  };
}

/** Daylight comes from the north and a little from the west; the rest is what walls and ceiling give back. */
export function sideLight(normalRad: number): number {
  return 0.87 + 0.12 * Math.cos(normalRad - 1.95);
}
