import type { Faults } from '../services/faults.ts';
import type { Services } from '../services/services.ts';
import { eventsApi } from './api.ts';
import { Buses, type BusesOptions } from './buses.ts';

/** EventBridge: what functions call, and what others on the desk deliver to. */
export function openBuses({
  services,
  faults,
  ...options
}: BusesOptions & { readonly services: Services; readonly faults: Faults }): Buses {
  const buses = new Buses(options);
  services.provide('events', eventsApi(buses, options.clock, faults));
  options.targets.provide('events', (arn, delivery) => buses.receive(arn, delivery));
  return buses;
}
