import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { quantile } from '../bench/figure.ts';
import { residentMiB } from '../bench/process.ts';
import { createChips } from '../chips/chips.ts';
import { until } from '../native/guardian-rig.ts';
import { ChipMotors, nowNs } from './motors.ts';
import { RobotBench } from './robot.ts';
import type { Stage } from './row.ts';
import { soakFaults } from './soak-faults.ts';
import { World } from './world.ts';

export interface SoakOptions {
  readonly minutes: number;
  /** The same seed gives the same faults in the same order. */
  readonly seed: number;
  readonly say: (line: string) => void;
}

export interface SoakResult {
  readonly seed: number;
  readonly faults: Readonly<Record<string, number>>;
  /** At rest after each fault, in the second quarter of the time and in the last. */
  readonly residentMiB: readonly [early: number, late: number];
  readonly heapMiB: readonly [early: number, late: number];
  readonly files: readonly [early: number, late: number];
  readonly handles: readonly [early: number, late: number];
  /** Names of faults after which the motors turned, or did not turn any more when asked to. */
  readonly failed: readonly string[];
}

interface Sample {
  readonly atMs: number;
  readonly residentMiB: number;
  readonly heapMiB: number;
  readonly files: number;
  readonly handles: number;
}

/** The longest way to a stop is the watchdog's; what is beyond is the machine's being busy. */
const STILL_WITHIN_MS = 2_000;
const STAYS_STILL_MS = 150;
/** Links and sockets of what is over go in their own time. */
const SETTLE_MS = 300;
/** HTTP keeps connections for some seconds, a guardian comes back in its own time: what is leaked stays for good. */
const REST = 0.1;
const SAY_EVERY = 50;

/** Drives one robot at random through random faults that it has to survive. */
export async function soak({ minutes, seed, say }: SoakOptions): Promise<SoakResult> {
  const random = mulberry32(seed);
  const chips = createChips({ pca9685: [0x60] });
  const stage: Stage = { chips, motors: new ChipMotors(chips) };
  const world = new World();
  const bench = Object.assign(
    await RobotBench.start(stage, { preload: world.preload, env: world.env, nodeOptions: '--expose-gc' }),
    { world },
  );
  const startMs = performance.now();
  const durationMs = minutes * 60_000;
  const samples: Sample[] = [];
  const faults: Record<string, number> = {};
  const failed: string[] = [];
  try {
    while (performance.now() - startMs < durationMs) {
      const { name, strike } = soakFaults[Math.floor(random() * soakFaults.length)]!;
      faults[name] = (faults[name] ?? 0) + 1;
      await bench.drive();
      await driveAbout(bench, random);
      await strike(bench, stage, random);
      if (!(await standsAfter(stage))) failed.push(name);
      bench.dropOperator();
      await sleep(SETTLE_MS);
      samples.push({ atMs: performance.now() - startMs, ...(await measure(bench)) });
      if (samples.length % SAY_EVERY === 0) say(inWords(samples));
    }
  } finally {
    chips.clearFaults();
    await bench.close();
    if (!stage.motors.areStill()) failed.push('the end');
    world.close();
    chips.close();
  }
  const compare = (key: keyof Sample, ratio: number) =>
    earlyAndLate(samples, durationMs, (sample) => sample[key], ratio);
  return {
    seed,
    faults,
    residentMiB: compare('residentMiB', 0.5),
    heapMiB: compare('heapMiB', 0.5),
    files: compare('files', REST),
    handles: compare('handles', REST),
    failed,
  };
}

async function driveAbout({ operator }: RobotBench, random: () => number): Promise<void> {
  for (let left = Math.floor(random() * 4); left > 0; left--) {
    operator.hold(2 * random() - 1);
    await sleep(random() * 150);
  }
}

async function standsAfter({ motors }: Stage): Promise<boolean> {
  try {
    await until('the motors stand', () => motors.areStill(), STILL_WITHIN_MS);
  } catch {
    return false;
  }
  const sinceNs = nowNs();
  await sleep(STAYS_STILL_MS);
  return motors.stillSince(sinceNs) === sinceNs;
}

async function measure(bench: RobotBench): Promise<Omit<Sample, 'atMs'>> {
  const { resources, heapBytes } = await bench.count();
  return {
    residentMiB: residentMiB(bench.robot.pid),
    heapMiB: heapBytes / 2 ** 20,
    files: readdirSync(`/proc/${bench.robot.pid}/fd`).length,
    handles: resources.length,
  };
}

function earlyAndLate(
  samples: readonly Sample[],
  durationMs: number,
  value: (sample: Sample) => number,
  ratio: number,
): [number, number] {
  const within = (from: number, to: number) =>
    quantile(
      samples
        .filter(({ atMs }) => atMs >= from * durationMs && atMs < to * durationMs)
        .map((sample) => value(sample)),
      ratio,
    );
  return [within(0.25, 0.5), within(0.75, Number.POSITIVE_INFINITY)];
}

function inWords(samples: readonly Sample[]): string {
  const { atMs, residentMiB: resident, heapMiB, files, handles } = samples.at(-1)!;
  return `${(atMs / 60_000).toFixed(1)} min, ${samples.length} faults: ${resident.toFixed(1)} MiB resident, heap ${heapMiB.toFixed(1)} MiB, ${files} files, ${handles} handles`;
}

/** Tommy Ettinger's generator of 32 bits, in the public domain. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
