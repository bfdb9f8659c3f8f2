import { asyncScheduler, firstValueFrom, map, type SchedulerLike, timer } from 'rxjs';

/** Waits for so many ms. */
export type Pause = (ms: number) => Promise<void>;

export function pauseOn(scheduler: SchedulerLike = asyncScheduler): Pause {
  return (ms) => firstValueFrom(timer(ms, scheduler).pipe(map(() => undefined)));
}
