import { setTimeout as sleep } from 'node:timers/promises';
import { quantile } from '../bench/figure.ts';
import { createChips } from '../chips/chips.ts';
import { ChipMotors, nowNs } from './motors.ts';
import type { AnyRow, Opened, Result, Stage } from './row.ts';

/** Motors that turn for so long after a fault count as never stopped. */
const GIVE_UP_MS = 10_000;
/** A fault comes at any time between two commands. */
const LONGEST_PAUSE_MS = 100;
const DRIVE_ATTEMPTS = 5;
/** Watching for motion afterwards takes most of a trial's time. */
const WATCH_EVERY = 20;
const WATCH_MS = 300;

interface Trial {
  /** null: the motors did not stop, or moved again. */
  readonly tookMs: number | null;
}

/** Tries one fault so many times. @throws Error when a trial can't even begin */
export async function tryRow(row: AnyRow, trials: number): Promise<Result> {
  const lanes = Math.min(row.lanes ?? 1, trials);
  const counts = Array.from({ length: lanes }, (_, lane) => Math.ceil((trials - lane) / lanes));
  // Also when one lane fails, the others come to their end before the next row is measured.
  const ended = await Promise.allSettled(counts.map((count) => runLane(row, count)));
  const done = ended.flatMap((lane) => {
    if (lane.status === 'rejected') throw lane.reason;
    return lane.value;
  });
  const tookMs = done.map((trial) => trial.tookMs ?? GIVE_UP_MS);
  return {
    fault: row.fault,
    measured: row.measured,
    trials: done.length,
    medianMs: quantile(tookMs, 0.5),
    p99Ms: quantile(tookMs, 0.99),
    maxMs: Math.max(...tookMs),
    boundMs: row.boundMs,
    stopped: done.every((trial) => trial.tookMs !== null),
  };
}

async function runLane(row: AnyRow, count: number): Promise<Trial[]> {
  const chips = createChips({ pca9685: [0x60] });
  const stage: Stage = { chips, motors: new ChipMotors(chips) };
  const done: Trial[] = [];
  let bench: Opened | null = null;
  try {
    for (let i = 0; i < count; i++) {
      bench ??= await row.open(stage);
      await driveOn(bench, stage);
      done.push(await oneTrial(row, stage, bench, i % WATCH_EVERY === 0));
      if ((i + 1) % (row.lasts ?? count) === 0) {
        await bench.close();
        bench = null;
      }
    }
    return done;
  } catch (error) {
    const { message } = error as Error;
    throw new Error(`${row.fault}, trial ${done.length + 1}: ${message}`, { cause: error });
  } finally {
    chips.clearFaults();
    await bench?.close();
    chips.close();
  }
}

/** Drives until some moment between two commands. A robot that was kept from its core meanwhile has stopped: again. */
async function driveOn(bench: Opened, { motors }: Stage): Promise<void> {
  for (let attempt = 1; attempt <= DRIVE_ATTEMPTS; attempt++) {
    await bench.drive();
    await sleep(Math.random() * LONGEST_PAUSE_MS);
    if (motors.atFullSpeed()) return;
  }
  throw new Error('Expected motors at full speed before the fault');
}

async function oneTrial(row: AnyRow, { motors }: Stage, bench: Opened, watch: boolean): Promise<Trial> {
  const atNs = await bench.inject();
  const stoodNs = await firstStill(motors, atNs);
  if (watch) await sleep(row.watchMs ?? WATCH_MS);
  await bench.mend();
  if (watch) await sleep(WATCH_MS);
  // From here on it may move again, but nobody asks for it.
  const offNs = motors.stillSince(atNs);
  bench.rest?.();
  const lasted = stoodNs !== null && offNs === stoodNs;
  return { tookMs: lasted ? Number(offNs - atNs) / 1e6 : null };
}

async function firstStill(motors: ChipMotors, atNs: bigint): Promise<bigint | null> {
  for (const endNs = nowNs() + BigInt(GIVE_UP_MS * 1e6); nowNs() < endNs; await sleep(2)) {
    const stoodNs = motors.stillSince(atNs);
    if (stoodNs !== null) return stoodNs;
  }
  return null;
}
