const formats = new Map<string, Intl.DateTimeFormat>();

/** @throws RangeError when there is no such time zone */
export function checkZone(timeZone: string): void {
  formatOf(timeZone);
}

/** The clock on the wall, in ms since 1970 as if it were UTC. */
export function wallOf(atMs: number, timeZone: string): number {
  if (timeZone === 'UTC') return atMs;
  const part = Object.fromEntries(
    formatOf(timeZone)
      .formatToParts(atMs)
      .map(({ type, value }) => [type, Number(value)]),
  ) as Record<'year' | 'month' | 'day' | 'hour' | 'minute' | 'second', number>;
  return Date.UTC(part.year, part.month - 1, part.day, part.hour, part.minute, part.second);
}

const DAY_MS = 86_400_000;

/**
 * When the clock on the wall shows this time: for one that comes twice, when clocks are put back, the first; null for
 * one that is left out when they are put forward.
 */
export function instantOf(wallMs: number, timeZone: string): number | null {
  if (timeZone === 'UTC') return wallMs;
  const offsets = [wallMs - DAY_MS, wallMs + DAY_MS].map((atMs) => wallOf(atMs, timeZone) - atMs);
  const found = offsets
    .map((offsetMs) => wallMs - offsetMs)
    .filter((atMs) => wallOf(atMs, timeZone) === wallMs);
  return found.length === 0 ? null : Math.min(...found);
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  let format = formats.get(timeZone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formats.set(timeZone, format);
  }
  return format;
}
