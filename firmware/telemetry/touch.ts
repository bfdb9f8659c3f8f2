import {
  asyncScheduler,
  distinctUntilChanged,
  exhaustMap,
  filter,
  from,
  map,
  merge,
  type Observable,
  type SchedulerLike,
  share,
  takeUntil,
  tap,
  timer,
} from 'rxjs';
import type { I2cBus } from '../drive/i2c.ts';
import { readCap1208, setUpCap1208 } from './cap1208.ts';
import type { Logger } from './log.ts';
import type { Sensor } from './sensor.ts';

/** Without an answer for so long the pads count as unread. Less may be a disturbed transfer. */
const SILENT_MS = 200;
/** A chip that does not answer is asked at this pace. */
const RETRY_MS = 1_000;

export interface TouchOptions {
  readonly bus: () => Promise<I2cBus>;
  /** From one reading to the next, 5..200 ms where it matters. */
  readonly pollMs: number;
  readonly nowMs: () => number;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
  readonly scheduler?: SchedulerLike;
}

export interface Touch {
  /** What is touched, bit 0 being pad 1, whenever that changes; null while the chip does not answer. */
  readonly pads$: Observable<number | null>;
  /** `touchedPads`: every pad touched since the last time it was asked. Reads nothing itself. */
  readonly sensor: Sensor;
}

/** The pads of a CAP1208, read for as long as somebody listens to `pads$`. */
export function createTouch(options: TouchOptions): Touch {
  const { pollMs, nowMs, logger, scheduler = asyncScheduler } = options;
  let ready = false;
  let failingSinceMs: number | null = null;
  let retryMs = Number.NEGATIVE_INFINITY;
  let latest: number | null = null;
  let seen = 0;

  /** Undefined: no news. */
  const read = async (): Promise<number | null | undefined> => {
    if (nowMs() < retryMs) return undefined;
    try {
      const bus = await options.bus();
      if (!ready) await setUpCap1208(bus);
      const pads = await readCap1208(bus);
      if (failingSinceMs !== null && latest === null) logger.info('the touch pads are read again');
      ready = true;
      failingSinceMs = null;
      return pads;
    } catch (error) {
      ready = false;
      failingSinceMs ??= nowMs();
      if (nowMs() - failingSinceMs < SILENT_MS) return undefined;
      if (latest !== null || retryMs === Number.NEGATIVE_INFINITY) {
        logger.warn({ error: String(error) }, 'the touch pads are not read');
      }
      retryMs = nowMs() + RETRY_MS;
      return null;
    }
  };

  const pads$ = timer(0, pollMs, scheduler).pipe(
    exhaustMap(() => {
      const answer$ = from(read()).pipe(share());
      const silence$ = timer(SILENT_MS, scheduler).pipe(map(() => null));
      return merge(answer$, silence$.pipe(takeUntil(answer$)));
    }),
    filter((pads) => pads !== undefined),
    tap((pads) => {
      latest = pads;
      seen |= pads ?? 0;
    }),
    distinctUntilChanged(),
    share(),
  );

  return {
    pads$,
    sensor: {
      name: 'touch',
      async read() {
        if (latest === null) return null;
        const touchedPads = seen | latest;
        seen = 0;
        return { touchedPads };
      },
    },
  };
}
