/** https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html */
import type { DeskClock } from '../desk/clock.ts';
import { ApiError } from '../services/json-api.ts';
import type { ServiceRequest } from '../services/services.ts';
import type { Buses } from './buses.ts';

export interface PutEventsEntry {
  readonly Source?: string;
  readonly DetailType?: string;
  readonly Detail?: string;
  readonly EventBusName?: string;
  readonly Resources?: readonly string[];
  /** s since 1970. */
  readonly Time?: number;
  readonly TraceHeader?: string;
}

interface Failed {
  readonly ErrorCode: string;
  readonly ErrorMessage: string;
}

const MAX_ENTRIES = 10;
/** All entries together: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html */
const MAX_BYTES = 1024 * 1024;
const TIME_BYTES = 14;

/**
 * Takes what can be taken; each entry has an answer of its own.
 * @throws ApiError when the request as a whole is refused
 */
export function putEvents(
  entries: readonly PutEventsEntry[],
  request: ServiceRequest,
  { buses, clock }: { readonly buses: Buses; readonly clock: DeskClock },
): object {
  if (!Array.isArray(entries) || entries.length < 1 || entries.length > MAX_ENTRIES) {
    throw new ApiError(
      'ValidationException',
      `1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have length between 1 and ${MAX_ENTRIES}`,
    );
  }
  if (entries.reduce((sum, entry) => sum + sizeOf(entry), 0) >= MAX_BYTES) {
    throw new ApiError('ValidationException', 'Total size of the entries in the request is over the limit.');
  }
  for (const entry of entries) {
    const { EventBusName = 'default' } = entry;
    const resource = buses.bus(EventBusName)?.arn ?? EventBusName;
    if (request.decide('events:PutEvents', resource, contextOf(entry)) === 'allow') continue;
    const message = `User: ${request.caller} is not authorized to perform: events:PutEvents on resource: ${resource}`;
    throw new ApiError('AccessDeniedException', message);
  }
  const results = entries.map((entry) => {
    const failure = buses.takeFailure();
    if (failure !== null) return failed(failure, 'Ordered to fail');
    const found = faultOf(entry, buses);
    if (found) return found;
    const { Source, DetailType, Detail, EventBusName, Resources, Time } = entry;
    const event = buses.put(
      {
        source: Source!,
        detailType: DetailType!,
        detail: JSON.parse(Detail!),
        resources: Resources ?? [],
        atMs: Time === undefined ? clock.nowMs() : Time * 1000,
      },
      EventBusName,
    );
    return { EventId: event.id };
  });
  return { FailedEntryCount: results.filter((one) => 'ErrorCode' in one).length, Entries: results };
}

/** Condition keys of a policy. */
export function contextOf({
  Source = '',
  DetailType = '',
}: PutEventsEntry): Readonly<Record<string, string>> {
  return { 'events:source': Source, 'events:detail-type': DetailType };
}

/** As https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html#eb-putevent-size counts it, in bytes. */
export function sizeOf({
  Time,
  Source = '',
  DetailType = '',
  Detail = '',
  Resources = [],
}: PutEventsEntry): number {
  const texts = [Source, DetailType, Detail, ...Resources];
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), Time === undefined ? 0 : TIME_BYTES);
}

function faultOf(entry: PutEventsEntry, buses: Buses): Failed | null {
  for (const name of ['Source', 'DetailType', 'Detail'] as const) {
    if (entry[name]) continue;
    return failed(
      'InvalidArgument',
      `Parameter ${name} is not valid. Reason: ${name} is a required argument.`,
    );
  }
  if (entry.Source!.startsWith('aws.')) {
    return failed('NotAuthorizedForSourceException', 'Not authorized for the source.');
  }
  if (buses.bus(entry.EventBusName ?? 'default') === undefined) {
    return failed('InvalidArgument', `Event bus ${entry.EventBusName} does not exist.`);
  }
  return isObject(entry.Detail!) ? null : failed('MalformedDetail', 'Detail is malformed.');
}

function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

function failed(ErrorCode: string, ErrorMessage: string): Failed {
  return { ErrorCode, ErrorMessage };
}
