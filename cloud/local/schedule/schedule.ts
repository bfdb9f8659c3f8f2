import { type Cron, daysIn, parseCron } from './cron.ts';
import { checkZone, instantOf, wallOf } from './zone.ts';

/** When something is due. */
export interface Schedule {
  /** The first time after this one; null: never again. */
  next(afterMs: number): number | null;
}

const UNITS: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/**
 * `rate(5 minutes)`, `cron(0 12 * * ? *)`, `at(2026-11-25T13:00:00)`:
 * https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
 * Where clocks are put forward, what falls into the hour left out is left out; where they are put back, the hour that
 * comes twice counts once.
 * @param anchorMs from when a rate is counted
 * @throws Error saying what is wrong with it
 */
export function parseSchedule(
  expression: string,
  { anchorMs, timeZone = 'UTC' }: { readonly anchorMs: number; readonly timeZone?: string },
): Schedule {
  const [, kind, inside = ''] = /^(rate|cron|at)\((.*)\)$/.exec(expression) ?? [];
  try {
    checkZone(timeZone);
  } catch {
    throw new Error(`Expected a time zone such as Europe/Berlin but received ${timeZone}`);
  }
  if (kind === 'rate') return rate(inside, anchorMs);
  if (kind === 'cron') return cron(parseCron(inside), timeZone);
  if (kind === 'at') return at(inside, timeZone);
  throw new Error(`Expected rate(...), cron(...) or at(...) but received ${expression}`);
}

function rate(text: string, anchorMs: number): Schedule {
  const [, count, unit, plural] = /^(\d+) (minute|hour|day)(s?)$/.exec(text) ?? [];
  const value = Number(count);
  if (unit === undefined || value < 1 || (value === 1) !== (plural === '')) {
    throw new Error(`Expected a rate such as "1 minute" or "5 minutes" but received "${text}"`);
  }
  const periodMs = value * UNITS[unit]!;
  return {
    next: (afterMs) => anchorMs + (Math.floor(Math.max(0, afterMs - anchorMs) / periodMs) + 1) * periodMs,
  };
}

function at(text: string, timeZone: string): Schedule {
  const wallMs = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(text) ? Date.parse(`${text}Z`) : Number.NaN;
  if (Number.isNaN(wallMs)) throw new Error(`Expected yyyy-mm-ddThh:mm:ss but received "${text}"`);
  const dueMs = instantOf(wallMs, timeZone);
  return { next: (afterMs) => (dueMs !== null && dueMs > afterMs ? dueMs : null) };
}

function cron({ minutes, hours, years, day }: Cron, timeZone: string): Schedule {
  return {
    next(afterMs) {
      const from = new Date(wallOf(afterMs, timeZone));
      for (const year of years) {
        if (year < from.getUTCFullYear()) continue;
        const sameYear = year === from.getUTCFullYear();
        for (let month = sameYear ? from.getUTCMonth() + 1 : 1; month <= 12; month++) {
          const sameMonth = sameYear && month === from.getUTCMonth() + 1;
          // From the day before: where clocks are put back at midnight, yesterday is not over.
          for (
            let date = sameMonth ? Math.max(1, from.getUTCDate() - 1) : 1;
            date <= daysIn(year, month);
            date++
          ) {
            if (!day(year, month, date)) continue;
            for (const hour of hours) {
              for (const minute of minutes) {
                const due = instantOf(Date.UTC(year, month - 1, date, hour, minute), timeZone);
                if (due !== null && due > afterMs) return due;
              }
            }
          }
        }
      }
      return null;
    },
  };
}

/**
 * Does `work` whenever a schedule is due, by a clock of the desk.
 * @returns what ends it
 */
export function follow(
  schedule: Schedule,
  clock: { nowMs(): number; after(delayMs: number, work: () => void): () => void },
  work: (dueMs: number) => void,
  onEnd: () => void = () => undefined,
): () => void {
  let stop: () => void = () => undefined;
  const arm = (afterMs: number): void => {
    const dueMs = schedule.next(afterMs);
    if (dueMs === null) return onEnd();
    stop = clock.after(dueMs - clock.nowMs(), () => {
      // The next first: what is done may end the schedule.
      arm(dueMs);
      work(dueMs);
    });
  };
  arm(clock.nowMs());
  return () => stop();
}
