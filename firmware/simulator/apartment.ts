import {
  bookshelf,
  box,
  chair,
  curtainedWindow,
  cylinder,
  floorLamp,
  mediaBoard,
  onWall,
  place,
  plant,
  sofa,
  table,
} from './furniture.ts';
import type { Room, Skin, Solid, TextureName } from './room.ts';

const HEIGHT_M = 2.4;
const LINTEL_M = 2.05;

/** A living room of 6 x 5 m, and a dining room behind an open doorway in its east wall. */
export const APARTMENT: Room = {
  heightM: HEIGHT_M,
  floors: [
    { pattern: 'parquet', westM: -0.2, southM: -0.2, eastM: 6.08, northM: 5.2 },
    { pattern: 'tiles', westM: 6.08, southM: -0.2, eastM: 9.8, northM: 5.2 },
    { pattern: 'rug', westM: 1.15, southM: 1.5, eastM: 3.35, northM: 3.3 },
    { pattern: 'mat', westM: 4.5, southM: 0.08, eastM: 5.3, northM: 0.6 },
  ],
  solids: [
    // Living room: brick in the west, wallpaper elsewhere.
    wall([-0.08, 2.5], [0.16, 5.32], 'brick'),
    wall([3.0, 5.08], [6.0, 0.16], 'wallpaper'),
    wall([3.0, -0.08], [6.0, 0.16], 'wallpaper'),
    wall([6.08, 1.5], [0.16, 3.32], { all: 'wallpaper', faces: { east: 'paint' } }),
    wall([6.08, 4.67], [0.16, 0.98], { all: 'wallpaper', faces: { east: 'paint' } }),
    wall([6.08, 3.67], [0.16, 1.02], { all: 'wallpaper', faces: { east: 'paint' } }, LINTEL_M),
    // Dining room.
    wall([9.68, 2.5], [0.16, 5.32], 'paint'),
    wall([7.88, 5.08], [3.44, 0.16], 'paint'),
    wall([7.88, -0.08], [3.44, 0.16], 'paint'),
    // The doorway's frame.
    box([6.08, 3.14], [0.2, 0.05], [0, LINTEL_M], 'white'),
    box([6.08, 4.2], [0.2, 0.05], [0, LINTEL_M], 'white'),
    box([6.08, 3.67], [0.2, 1.02], [LINTEL_M - 0.05, LINTEL_M], 'white'),

    ...place(sofa(2.2), [0.5, 2.4], 90),
    ...place(onWall('picture-hills', 1.3, [1.2, 1.95]), [0, 2.4], 90),
    ...place(table([1.0, 0.55], 0.42, 'oak'), [2.2, 2.4], 84),
    ...place([cylinder([0, 0], 0.12, [0.42, 0.6], 'ceramic')], [2.24, 2.62]),
    ...place([box([0, 0], [0.24, 0.17], [0.42, 0.45], 'cushion')], [2.15, 2.2], 60),
    ...place(curtainedWindow(1.5, [0.85, 2.05]), [2.0, 5.0]),
    ...place(bookshelf(1.3, 1.9), [4.45, 4.84]),
    ...place(onWall('picture-abstract', 0.6, [1.2, 1.8]), [5.55, 5.0]),
    ...place(mediaBoard(1.9), [2.3, 0.22], 180),
    ...place(onWall('picture-city', 0.8, [1.15, 1.7]), [3.85, 0], 180),
    ...place(onWall('door', 0.9, [0, 2.05], 'white'), [4.9, 0], 180),
    ...place(onWall('picture-abstract', 0.9, [1.1, 1.8]), [6.0, 1.7], -90),
    ...place(plant(), [5.62, 0.5]),
    ...place(floorLamp(), [0.42, 4.2]),
    ...place(plant(), [0.45, 0.55]),

    ...place(table([0.85, 1.5], 0.74, 'oak'), [8.1, 2.3]),
    ...place(chair('walnut'), [7.5, 2.0], 80),
    ...place(chair('walnut'), [8.72, 2.65], -100),
    ...place([cylinder([0, 0], 0.2, [0.74, 0.84], 'ceramic')], [8.1, 2.4]),
    ...place(
      [box([0, 0], [2.6, 0.55], [0, 0.9], { all: 'white', faces: { south: 'cupboard' }, top: 'oak' })],
      [9.32, 2.2],
      -90,
    ),
    ...place(onWall('picture-city', 1.1, [1.25, 2.0]), [9.6, 2.2], -90),
    ...place(curtainedWindow(1.3, [0.85, 2.05]), [7.9, 5.0]),
    ...place(onWall('picture-hills', 1.0, [1.15, 1.85]), [7.6, 0], 180),
    ...place(plant(), [9.2, 4.5]),
  ],
  sun: [
    { xM: 1.55, yM: 4.3, alongM: [0.68, 0], acrossM: [-0.55, -1.5] },
    { xM: 2.3, yM: 4.3, alongM: [0.68, 0], acrossM: [-0.55, -1.5] },
    { xM: 7.4, yM: 4.4, alongM: [0.55, 0], acrossM: [-0.5, -1.3] },
    { xM: 8.03, yM: 4.4, alongM: [0.55, 0], acrossM: [-0.5, -1.3] },
  ],
  lamps: [
    { xM: 3.0, yM: 2.5 },
    { xM: 7.9, yM: 2.4 },
  ],
  accessPoint: { xM: 1.0, yM: 0.3 },
  start: { xM: 4.7, yM: 1.25, headingRad: 2.55 },
};

function wall(
  at: readonly [number, number],
  size: readonly [number, number],
  skin: TextureName | Skin,
  bottomM = 0,
): Solid {
  return { ...box(at, size, [bottomM, HEIGHT_M], skin), wall: true };
}
