import type { Desk } from './desk.ts';

const LOOK_MS = 10;

/**
 * Waits until what was set off has happened: events are at their targets, schedules that were due have told theirs, and
 * functions that nobody waits for are done. Not for what waits for its next try.
 * @returns false when it took longer than `limitMs`
 */
export async function quiet(
  {
    buses,
    schedules,
    topics,
    later,
    mappings,
  }: Pick<Desk, 'buses' | 'schedules' | 'topics' | 'later' | 'mappings'>,
  limitMs = 30_000,
): Promise<boolean> {
  const startedMs = performance.now();
  const isBusy = () =>
    [buses, schedules, topics].some(({ underWay }) => underWay > 0) ||
    later.pending > later.planned ||
    (mappings.pending > 0 && mappings.planned === 0);
  while (isBusy()) {
    if (performance.now() - startedMs > limitMs) return false;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  return true;
}
