import { crosses, footprintOf } from './footprint.ts';
import type { Point, Room } from './room.ts';

export interface WifiReading {
  readonly dbm: number;
  /** 0 (nothing) to 1 (best). */
  readonly qualityRatio: number;
}

/** 20 lg(2437 MHz) - 28 dB: what ITU-R P.1238 loses on the first metre, on 2.4 GHz channel 6. */
const FIRST_METRE_DB = 39.7;
/** Loss for every tenfold distance at home, the same recommendation's coefficient N. */
const DISTANCE_DB = 28;
const WALL_DB = 7;
/** A router's 18 dBm less what two small antennas lose. */
const SENT_DBM = 9;
const FADING_DB = 2.5;

/** Signal strength by place: fades with distance and walls, and a little with every hand's breadth. */
export function createWifi(room: Room): (at: Point) => WifiReading {
  const walls = room.solids.filter((solid) => solid.wall && solid.bottomM === 0).map(footprintOf);
  const { accessPoint } = room;
  return (at) => {
    const distanceM = Math.hypot(at.xM - accessPoint.xM, at.yM - accessPoint.yM);
    const crossed = walls.filter((wall) =>
      crosses(wall, accessPoint.xM, accessPoint.yM, at.xM, at.yM),
    ).length;
    // Echoes add up and cancel out over half a wavelength (6 cm); here over somewhat more, and without chance.
    const fading = FADING_DB * Math.sin(at.xM * 31 + at.yM * 7) * Math.cos(at.yM * 29 - at.xM * 5);
    const loss = FIRST_METRE_DB + DISTANCE_DB * Math.log10(Math.max(0.5, distanceM)) + WALL_DB * crossed;
    const dbm = SENT_DBM - loss + fading;
    // As many drivers map it: -50 dBm and better is full, -100 nothing.
    return { dbm, qualityRatio: Math.min(1, Math.max(0, (dbm + 100) / 50)) };
  };
}
