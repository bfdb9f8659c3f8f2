import { createGroundView, drawGround } from './draw-ground.ts';
import { drawLid, drawSide, shadeAt } from './draw-prism.ts';
import { Faces, LID } from './faces.ts';
import { createLens, firstRow } from './lens.ts';
import { CYLINDER, type Scene, SPRITE, sideLight } from './scene.ts';
import { type Meeting, Sight } from './sight.ts';

export interface Renderer {
  readonly width: number;
  readonly height: number;
  /** RGBA bytes of the last picture; the same memory each time. */
  readonly rgba: Uint8Array;
  /** The same picture as little-endian words. */
  readonly pixels: Uint32Array;
  /** Draws what a camera there sees, `headingRad` counter-clockwise from the x axis. */
  draw(xM: number, yM: number, headingRad: number): void;
}

/**
 * Casts one ray a column against all solids, as the old games did, but with lids, round and turned solids:
 * ceiling, wall and floor of a column first, then what stands in front of its wall from far to near.
 *
 * @param eyeM height of the lens above the floor
 */
export function createRenderer(scene: Scene, eyeM: number, width: number, height: number): Renderer {
  const lens = createLens(eyeM, width, height);
  const { prisms, heightM } = scene;
  const floor = createGroundView(lens, scene.floor, eyeM);
  const ceiling = createGroundView(lens, scene.ceiling, heightM - eyeM);
  const sight = new Sight(prisms, width, lens.focal);
  const faces = new Faces(prisms, eyeM);
  const meeting: Meeting = { nearM: 0, farM: 0, side: 0, alongM: 0, hidden: false };
  const wall: Meeting = { ...meeting };

  function drawColumn(column: number, xM: number, yM: number, cos: number, sin: number): void {
    const slope = (column + 0.5 - width / 2) / lens.focal;
    const dirX = cos + sin * slope;
    const dirY = sin - cos * slope;
    let wallIndex = -1;
    wall.nearM = Number.POSITIVE_INFINITY;
    faces.clear();
    for (let index = 0; index < prisms.length; index += 1) {
      if (!sight.isInColumn(index, column) || !sight.meets(index, dirX, dirY, slope, meeting)) continue;
      const prism = prisms[index]!;
      if (prism.closes) {
        if (meeting.hidden || meeting.nearM >= wall.nearM) continue;
        wallIndex = index;
        wall.nearM = meeting.nearM;
        wall.side = meeting.side;
        wall.alongM = meeting.alongM;
        continue;
      }
      if (!meeting.hidden) faces.add(index, meeting.side, meeting);
      if (prism.shape !== SPRITE && (prism.topM < eyeM || prism.bottomM > eyeM))
        faces.add(index, LID, meeting);
    }
    const top = firstRow(lens, lens.horizon - ((heightM - eyeM) * lens.focal) / wall.nearM);
    const bottom = firstRow(lens, lens.horizon + (eyeM * lens.focal) / wall.nearM);
    drawGround(lens, ceiling, column, 0, top, xM, yM, dirX, dirY);
    drawGround(lens, floor, column, bottom, height, xM, yM, dirX, dirY);
    if (wallIndex >= 0) drawFace(wallIndex, wall.side, column, wall.nearM, wall.alongM, dirX, dirY);

    const count = faces.sort(wall.nearM);
    for (let place = 0; place < count; place += 1) {
      const face = faces.order[place]!;
      const index = faces.prism[face]!;
      const side = faces.side[face]!;
      if (side === LID) {
        const prism = prisms[index]!;
        drawLid(
          lens,
          prism,
          column,
          faces.nearM[face]!,
          faces.farM[face]!,
          sight.eyeX[index]!,
          sight.eyeY[index]!,
          prism.cos * dirX + prism.sin * dirY,
          prism.cos * dirY - prism.sin * dirX,
        );
      } else {
        drawFace(index, side, column, faces.nearM[face]!, faces.alongM[face]!, dirX, dirY);
      }
    }
  }

  function drawFace(
    index: number,
    side: number,
    column: number,
    distanceM: number,
    alongM: number,
    dirX: number,
    dirY: number,
  ): void {
    const prism = prisms[index]!;
    const surface = prism.sides[side]!;
    let shade = shadeAt(lens, surface, distanceM);
    let faceWidthM = 2 * (prism.shape === SPRITE || side % 2 === 1 ? prism.halfXM : prism.halfYM);
    if (prism.shape === CYLINDER) {
      faceWidthM = 2 * Math.PI * prism.halfXM;
      if (!surface.texture.glows) {
        const x = sight.eyeX[index]! + (prism.cos * dirX + prism.sin * dirY) * distanceM;
        const y = sight.eyeY[index]! + (prism.cos * dirY - prism.sin * dirX) * distanceM;
        shade = (shade * sideLight(Math.atan2(y, x))) | 0;
      }
    }
    drawSide(lens, prism, surface, column, distanceM, alongM, faceWidthM, shade);
  }

  return {
    width,
    height,
    rgba: new Uint8Array(lens.out.buffer),
    pixels: new Uint32Array(lens.out.buffer),
    draw(xM, yM, headingRad) {
      const cos = Math.cos(headingRad);
      const sin = Math.sin(headingRad);
      sight.look(xM, yM, cos, sin);
      for (let column = 0; column < width; column += 1) drawColumn(column, xM, yM, cos, sin);
    },
  };
}
