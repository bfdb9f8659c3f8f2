/** The REST protocol of https://docs.aws.amazon.com/scheduler/latest/APIReference/Welcome.html */
import { arn } from '../desk/place.ts';
import type { Faults } from '../services/faults.ts';
import { ApiError } from '../services/json-api.ts';
import { refusal, type Service, type ServiceRequest } from '../services/services.ts';
import type { ScheduleProperties } from './check.ts';
import type { Schedule, Schedules } from './schedules.ts';

const OPERATIONS: Readonly<Record<string, string>> = {
  POST: 'CreateSchedule',
  PUT: 'UpdateSchedule',
  GET: 'GetSchedule',
  DELETE: 'DeleteSchedule',
};
/** Tokens by which a request that comes again is known. */
const MAX_TOKENS = 1000;
const MAX_LISTED = 100;

interface Asked {
  readonly operation: string;
  readonly group: string;
  readonly name: string;
  readonly query: URLSearchParams;
  readonly body: Readonly<Record<string, unknown>>;
}

export function schedulerApi(schedules: Schedules, faults: Faults): Service {
  const seen = new Map<string, object>();
  return async (request) => {
    const asked = askedIn(request);
    if (!asked)
      return refusal(501, 'NotImplemented', `${request.method} ${request.url} is not supported on the desk`);
    const { operation } = asked;
    const fault = faults.take(operation);
    if (fault) return refusal(fault.status, fault.code, fault.message);
    try {
      authorize(asked, request);
      const token = asked.body.ClientToken ?? asked.query.get('clientToken');
      const key = typeof token === 'string' ? `${operation} ${asked.group}/${asked.name} ${token}` : null;
      // The SDK repeats a request with its token where no answer came: it is done once.
      const answer = (key !== null && seen.get(key)) || run(asked, schedules);
      if (key !== null) seen.set(key, answer);
      if (seen.size > MAX_TOKENS) seen.delete(seen.keys().next().value!);
      return { status: 200, body: JSON.stringify(answer) };
    } catch (error) {
      if (error instanceof ApiError) return refusal(error.status, error.code, error.message);
      throw error;
    }
  };
}

function askedIn({ method, url, body }: ServiceRequest): Asked | null {
  const { pathname, searchParams: query } = new URL(url, 'http://desk');
  const [, collection, encoded, ...more] = pathname.split('/');
  if (collection !== 'schedules' || more.length > 0) return null;
  const parsed = JSON.parse(body.toString() || '{}') as Asked['body'];
  const group = String(parsed.GroupName ?? query.get('groupName') ?? query.get('ScheduleGroup') ?? 'default');
  if (encoded === undefined || encoded === '') {
    return method === 'GET' ? { operation: 'ListSchedules', group, name: '*', query, body: parsed } : null;
  }
  const operation = OPERATIONS[method];
  return operation === undefined
    ? null
    : { operation, group, name: decodeURIComponent(encoded), query, body: parsed };
}

/** The caller needs the action itself, and to pass on the role that the schedule will act as. */
function authorize({ operation, group, name, body }: Asked, { decide, caller }: ServiceRequest): void {
  const resource = operation === 'ListSchedules' ? '*' : arn('scheduler', `schedule/${group}/${name}`);
  const need = (action: string, on: string, context?: Readonly<Record<string, string>>) => {
    if (decide(action, on, context) === 'allow') return;
    const message = `User: ${caller} is not authorized to perform: ${action} on resource: ${on}`;
    throw new ApiError('AccessDeniedException', message, 403);
  };
  need(`scheduler:${operation}`, resource);
  const { RoleArn } = (body.Target ?? {}) as { readonly RoleArn?: string };
  if (RoleArn !== undefined)
    need('iam:PassRole', RoleArn, { 'iam:PassedToService': 'scheduler.amazonaws.com' });
}

function run({ operation, group, name, query, body }: Asked, schedules: Schedules): object {
  const { ClientToken: _, ...given } = body;
  const properties = { ...given, Name: name, GroupName: group } as unknown as ScheduleProperties;
  switch (operation) {
    case 'CreateSchedule':
      return { ScheduleArn: schedules.create(properties).arn };
    case 'UpdateSchedule':
      return { ScheduleArn: schedules.update(properties).arn };
    case 'DeleteSchedule':
      schedules.remove(group, name);
      return {};
    case 'GetSchedule':
      return described(schedules.get(group, name));
    default:
      return list(query, schedules);
  }
}

function described({ arn, createdMs, changedMs, ...properties }: Schedule): object {
  const {
    State = 'ENABLED',
    ScheduleExpressionTimezone = 'UTC',
    ActionAfterCompletion = 'NONE',
  } = properties;
  const times = { CreationDate: createdMs / 1000, LastModificationDate: changedMs / 1000 };
  return { ...properties, State, ScheduleExpressionTimezone, ActionAfterCompletion, Arn: arn, ...times };
}

function list(query: URLSearchParams, schedules: Schedules): object {
  const [group, prefix, state] = ['ScheduleGroup', 'NamePrefix', 'State'].map((name) => query.get(name));
  const from = query.get('NextToken') ?? '';
  const max = Math.min(Number(query.get('MaxResults') ?? MAX_LISTED), MAX_LISTED);
  const found = schedules.all
    .filter(({ GroupName }) => group === null || GroupName === group)
    .filter(
      ({ Name, State = 'ENABLED' }) => Name.startsWith(prefix ?? '') && (state === null || State === state),
    )
    .sort((a, b) => (a.arn < b.arn ? -1 : 1))
    .filter((one) => one.arn > from);
  const page = found.slice(0, max);
  return {
    Schedules: page.map(({ arn, Name, GroupName, State = 'ENABLED', Target, createdMs, changedMs }) => ({
      Arn: arn,
      Name,
      GroupName,
      State,
      Target: { Arn: Target.Arn },
      CreationDate: createdMs / 1000,
      LastModificationDate: changedMs / 1000,
    })),
    ...(found.length > max ? { NextToken: page.at(-1)!.arn } : {}),
  };
}
