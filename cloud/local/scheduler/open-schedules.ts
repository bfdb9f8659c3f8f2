import type { Faults } from '../services/faults.ts';
import type { Services } from '../services/services.ts';
import { schedulerApi } from './api.ts';
import { Schedules, type SchedulesOptions } from './schedules.ts';

/** EventBridge Scheduler as functions call it. */
export function openSchedules({
  services,
  faults,
  ...options
}: SchedulesOptions & { readonly services: Services; readonly faults: Faults }): Schedules {
  const schedules = new Schedules(options);
  services.provide('scheduler', schedulerApi(schedules, faults));
  return schedules;
}
