import type { Desk } from './desk.ts';

const LOOK_MS = 10;

/**
 * Waits until what was set off has happened: events are at their targets, schedules that were due have told theirs, and
 * functions that nobody waits for are done. Not for what waits for its next try.
 * @returns false when it took longer than `limitMs`
 */
export async function quiet(
  { buses, schedules, later }: Pick<Desk, 'buses' | 'schedules' | 'later'>,
  limitMs = 30_000,
): Promise<boolean> {
  const startedMs = performance.now();
  while (buses.underWay > 0 || schedules.underWay > 0 || later.pending > later.planned) {
    if (performance.now() - startedMs > limitMs) return false;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  return true;
}
