/**
 * What a simulated place is made of, as data. Metres; x to the east, y to the north, z up from the floor.
 * The same solids stop the robot, weaken the radio and are drawn by the camera.
 */
export type TextureName =
  | 'brick'
  | 'books'
  | 'brass'
  | 'ceramic'
  | 'cupboard'
  | 'curtain'
  | 'cushion'
  | 'door'
  | 'fabric'
  | 'lampshade'
  | 'leaves'
  | 'oak'
  | 'paint'
  | 'picture-abstract'
  | 'picture-city'
  | 'picture-hills'
  | 'screen'
  | 'seat'
  | 'terracotta'
  | 'wallpaper'
  | 'walnut'
  | 'white'
  | 'window';

/** Faces of a solid in its own frame, before it is turned. */
export type Face = 'east' | 'north' | 'west' | 'south';

export interface Skin {
  readonly all: TextureName;
  readonly faces?: Partial<Readonly<Record<Face, TextureName>>>;
  readonly top?: TextureName;
}

/** An upright prism. A cylinder's diameter is `widthM`. A sprite always faces the camera and stops nobody. */
export interface Solid {
  readonly shape: 'box' | 'cylinder' | 'sprite';
  /** Its centre. */
  readonly xM: number;
  readonly yM: number;
  /** Along its own x axis. */
  readonly widthM: number;
  /** Along its own y axis; only boxes have one. */
  readonly depthM: number;
  readonly turnRad: number;
  readonly bottomM: number;
  readonly topM: number;
  readonly skin: Skin;
  /** Masonry: weakens radio waves. */
  readonly wall: boolean;
}

export type FloorPattern = 'parquet' | 'tiles' | 'rug' | 'mat';

/** A rectangle of floor; later ones lie on earlier ones. */
export interface FloorArea {
  readonly pattern: FloorPattern;
  readonly westM: number;
  readonly southM: number;
  readonly eastM: number;
  readonly northM: number;
}

/** Sunlight on the floor: a parallelogram from one corner along two edges. */
export interface SunPatch {
  readonly xM: number;
  readonly yM: number;
  readonly alongM: readonly [number, number];
  readonly acrossM: readonly [number, number];
}

export interface Point {
  readonly xM: number;
  readonly yM: number;
}

export interface Room {
  readonly heightM: number;
  readonly floors: readonly FloorArea[];
  readonly solids: readonly Solid[];
  readonly sun: readonly SunPatch[];
  /** Ceiling lights. */
  readonly lamps: readonly Point[];
  readonly accessPoint: Point;
  readonly start: Point & { readonly headingRad: number };
}

/** The rectangle that holds all floor. */
export function floorBounds(room: Room): Omit<FloorArea, 'pattern'> {
  return {
    westM: Math.min(...room.floors.map((area) => area.westM)),
    southM: Math.min(...room.floors.map((area) => area.southM)),
    eastM: Math.max(...room.floors.map((area) => area.eastM)),
    northM: Math.max(...room.floors.map((area) => area.northM)),
  };
}
