import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Linux: Documentation/leds/leds-class.rst. */
export const LED_ROOT = '/sys/class/leds';

/**
 * The four LEDs of the Explorer HAT by GPIO. The overlay gpio-led makes them, for a user without root and on
 * every Pi: `dtoverlay=gpio-led,gpio=4,label=roverd:blue` and so on.
 */
export const LEDS = { blue: 4, yellow: 17, red: 27, green: 5 } as const;
export type LedColour = keyof typeof LEDS;
const COLOURS = Object.keys(LEDS) as LedColour[];

export interface RobotLook {
  readonly moving: boolean;
  /** A fault or an emergency stop keeps it still. */
  readonly barred: boolean;
  /** Pages and clouds that are connected. */
  readonly connections: number;
}

/** Which LEDs are lit: green ready, blue driving, red fault or emergency stop, yellow nobody connected. */
export function ledsFor({ moving, barred, connections }: RobotLook): Readonly<Record<LedColour, boolean>> {
  return {
    green: !barred && !moving,
    blue: moving,
    red: barred,
    yellow: connections === 0,
  };
}

export interface Leds {
  /** Lights what differs from the last time; never waits, never fails. */
  show(look: RobotLook): void;
  /** Puts all of them out. */
  close(): Promise<void>;
}

/** Opens those that are there, which may be none. */
export async function openLeds(root: string = LED_ROOT): Promise<Leds> {
  const names = await readdir(root).catch(() => [] as string[]);
  const there = COLOURS.filter((colour) => names.includes(`roverd:${colour}`));
  const lit = new Map<LedColour, boolean>();
  let writing: Promise<unknown> = Promise.resolve();
  let waiting = false;

  async function light(wanted: Readonly<Record<LedColour, boolean>>): Promise<void> {
    for (const colour of there) {
      if (lit.get(colour) === wanted[colour]) continue;
      lit.set(colour, wanted[colour]);
      // One that can't be written is tried again only when it changes.
      await writeFile(join(root, `roverd:${colour}`, 'brightness'), wanted[colour] ? '1' : '0').catch(
        () => undefined,
      );
    }
  }

  let newest = ledsFor({ moving: false, barred: false, connections: 0 });
  return {
    show(look) {
      newest = ledsFor(look);
      // One write waits at most, and takes the newest look with it.
      if (there.length === 0 || waiting || there.every((colour) => lit.get(colour) === newest[colour]))
        return;
      waiting = true;
      writing = writing.then(() => {
        waiting = false;
        return light(newest);
      });
    },
    async close() {
      await writing;
      await light({ green: false, blue: false, red: false, yellow: false });
    },
  };
}
