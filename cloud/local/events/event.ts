import { randomUUID } from 'node:crypto';
import { PLACE } from '../desk/place.ts';

/** As rules match and targets get it: https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html */
export interface BusEvent {
  readonly version: string;
  readonly id: string;
  readonly 'detail-type': string;
  readonly source: string;
  readonly account: string;
  /** To the second, as in 2026-11-25T07:00:00Z. */
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: unknown;
  readonly 'replay-name'?: string;
}

/** What a service of the desk puts onto the default bus. */
export interface NewEvent {
  readonly source: string;
  readonly detailType: string;
  readonly detail: unknown;
  readonly resources?: readonly string[];
  /** ms since 1970; default: now, by the desk's clock. */
  readonly atMs?: number;
}

export function eventOf({ source, detailType, detail, resources = [], atMs = 0 }: NewEvent): BusEvent {
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': detailType,
    source,
    account: PLACE.account,
    time: timeOf(atMs),
    region: PLACE.region,
    resources,
    detail,
  };
}

export function timeOf(atMs: number): string {
  return new Date(atMs).toISOString().replace(/\.\d+Z$/, 'Z');
}
