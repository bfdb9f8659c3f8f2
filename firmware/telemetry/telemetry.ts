import {
  asyncScheduler,
  BehaviorSubject,
  catchError,
  defer,
  exhaustMap,
  forkJoin,
  map,
  type Observable,
  of,
  type SchedulerLike,
  timeout,
  timer,
} from 'rxjs';
import type { Logger } from './log.ts';
import type { Samples, Sensor } from './sensor.ts';

export interface TelemetryOptions {
  readonly sensors: readonly Sensor[];
  /** Time from one reading to the next, 100..60000. */
  readonly everyMs: number;
  /** A sensor that takes longer counts as absent until it answers. Default: half of everyMs, at most 1000. */
  readonly sensorTimeoutMs?: number;
  /** How often the samples are logged, rounded up to whole readings. Default 60000. */
  readonly logEveryMs?: number;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
  readonly scheduler?: SchedulerLike;
}

export interface Telemetry {
  /** The latest samples at once (none before the first reading), then those of each reading. Completes on close. */
  readonly samples$: Observable<Samples>;
  latest(): Samples;
  /** Stops reading, then closes every sensor. A sensor that fails to close is logged. */
  close(): Promise<void>;
}

/** Reads all sensors at a set rate. One that fails or hangs is left out of that reading and told once in the log. */
export function createTelemetry(options: TelemetryOptions): Telemetry {
  const { sensors, everyMs, logger, scheduler = asyncScheduler } = options;
  const sensorTimeoutMs = options.sensorTimeoutMs ?? Math.min(everyMs / 2, 1000);
  const readingsPerLog = Math.ceil((options.logEveryMs ?? 60_000) / everyMs);
  const samples$ = new BehaviorSubject<Samples>({});
  const reads = sensors.map((sensor) => watched(sensor, sensorTimeoutMs, scheduler, logger));

  let readings = 0;
  const reading = timer(0, everyMs, scheduler)
    .pipe(
      exhaustMap(() => (reads.length === 0 ? of([]) : forkJoin(reads.map((read) => read())))),
      map((parts) => Object.assign({}, ...parts) as Samples),
    )
    .subscribe((samples) => {
      if (readings++ % readingsPerLog === 0) logger.info({ samples }, 'telemetry');
      samples$.next(samples);
    });

  return {
    samples$: samples$.asObservable(),
    latest: () => samples$.value,
    async close() {
      reading.unsubscribe();
      samples$.complete();
      await Promise.all(
        sensors.map(async (sensor) => {
          try {
            await sensor.close?.();
          } catch (error) {
            logger.warn({ sensor: sensor.name, error: String(error) }, 'sensor did not close');
          }
        }),
      );
    },
  };
}

/** A read that always answers within the time-out, and is not begun again while an earlier one still hangs. */
function watched(
  sensor: Sensor,
  timeoutMs: number,
  scheduler: SchedulerLike,
  logger: TelemetryOptions['logger'],
): () => Observable<Samples> {
  let underWay = false;
  let failing = false;
  const report = (error: unknown) => {
    if (!failing) logger.warn({ sensor: sensor.name, error: String(error) }, 'sensor gives no reading');
    failing = true;
    return of({});
  };
  const read = async () => {
    underWay = true;
    try {
      return finiteOnly(await sensor.read());
    } finally {
      underWay = false;
    }
  };
  return () =>
    underWay
      ? of({})
      : defer(read).pipe(
          timeout({
            first: timeoutMs,
            scheduler,
            with: () => report(new Error(`no answer within ${timeoutMs} ms`)),
          }),
          map((samples) => {
            if (failing && !underWay) {
              failing = false;
              logger.info({ sensor: sensor.name }, 'sensor reads again');
            }
            return samples;
          }),
          catchError(report),
        );
}

function finiteOnly(samples: Samples | null): Samples {
  return Object.fromEntries(Object.entries(samples ?? {}).filter(([, value]) => Number.isFinite(value)));
}
