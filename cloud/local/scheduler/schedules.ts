/** https://docs.aws.amazon.com/scheduler/latest/UserGuide/what-is-scheduler.html */
import { randomUUID } from 'node:crypto';
import type { DeskClock } from '../desk/clock.ts';
import { bury, deliverAgain } from '../desk/deliver-again.ts';
import type { DeskLog } from '../desk/log.ts';
import { arn } from '../desk/place.ts';
import { Sending } from '../desk/sending.ts';
import type { Targets } from '../desk/targets.ts';
import type { View } from '../desk/views.ts';
import { eventOf, timeOf } from '../events/event.ts';
import { retryPolicyOf } from '../events/rule.ts';
import type { Principals } from '../iam/principals.ts';
import { follow, parseSchedule, type Schedule as Times } from '../schedule/schedule.ts';
import { ApiError } from '../services/json-api.ts';
import { check, type ScheduleProperties } from './check.ts';

export interface SchedulesOptions {
  readonly targets: Targets;
  readonly clock: DeskClock;
  readonly principals: Principals;
  readonly log: DeskLog;
}

export interface Schedule extends ScheduleProperties {
  readonly arn: string;
  readonly createdMs: number;
  readonly changedMs: number;
}

const PRINCIPAL = 'scheduler.amazonaws.com';

/** Schedules in groups, each with one target, by the desk's clock and to the second. */
export class Schedules {
  readonly #options: SchedulesOptions;
  readonly #groups = new Set(['default']);
  readonly #schedules = new Map<string, Schedule & { readonly end: () => void }>();
  readonly #sending = new Sending();

  constructor(options: SchedulesOptions) {
    this.#options = options;
  }

  addGroup(name: string): string {
    this.#groups.add(name);
    return arn('scheduler', `schedule-group/${name}`);
  }

  get all(): readonly Schedule[] {
    return [...this.#schedules.values()];
  }

  /** @throws ApiError where there is one of this name, or the service refuses it */
  create(properties: ScheduleProperties): Schedule {
    const key = arnOf(properties.GroupName, properties.Name);
    if (this.#schedules.has(key)) {
      throw new ApiError('ConflictException', `Schedule ${properties.Name} already exists.`, 409);
    }
    return this.#set(key, properties, this.#options.clock.nowMs());
  }

  /** In place of all that it was. @throws ApiError */
  update(properties: ScheduleProperties): Schedule {
    const { arn, createdMs } = this.get(properties.GroupName, properties.Name);
    return this.#set(arn, properties, createdMs);
  }

  /** @throws ApiError where there is none */
  get(group: string, name: string): Schedule {
    const found = this.#schedules.get(arnOf(group, name));
    if (!found) throw new ApiError('ResourceNotFoundException', `Schedule ${name} does not exist.`, 404);
    return found;
  }

  /** @throws ApiError where there is none */
  remove(group: string, name: string): void {
    this.#drop(this.get(group, name).arn);
  }

  /** Deliveries that have begun, without those that wait for their next try. */
  get underWay(): number {
    return this.#sending.underWay;
  }

  /** Waits until what was due has arrived, or is given up. */
  settled(): Promise<void> {
    return this.#sending.settled();
  }

  view(): View {
    return {
      title: 'Schedules',
      columns: ['group', 'schedule', 'when', 'state', 'target'],
      rows: async () =>
        this.all.map(({ GroupName, Name, ScheduleExpression, State = 'ENABLED', Target }) => [
          GroupName,
          Name,
          ScheduleExpression,
          State,
          Target.Arn,
        ]),
    };
  }

  close(): void {
    for (const { end } of this.#schedules.values()) end();
  }

  #set(key: string, properties: ScheduleProperties, createdMs: number): Schedule {
    const { GroupName, Name, ScheduleExpression, State, ActionAfterCompletion } = properties;
    const { clock, log } = this.#options;
    check(properties, this.#options);
    if (!this.#groups.has(GroupName)) {
      throw new ApiError('ResourceNotFoundException', `Schedule group ${GroupName} does not exist.`, 404);
    }
    const times = timesOf(properties, createdMs);
    this.#schedules.get(key)?.end();
    const schedule = { ...properties, arn: key, createdMs, changedMs: clock.nowMs() };
    let over = false;
    const end =
      State === 'DISABLED'
        ? () => undefined
        : follow(
            times,
            clock,
            (dueMs) => {
              this.#sending.add(this.#deliver(schedule, dueMs));
              if (over && ActionAfterCompletion === 'DELETE') this.#drop(key);
            },
            () => {
              over = true;
            },
          );
    if (over) log.line('scheduler', `${Name}: ${ScheduleExpression} is past, it does nothing`);
    this.#schedules.set(key, { ...schedule, end });
    return schedule;
  }

  #drop(key: string): void {
    this.#schedules.get(key)?.end();
    this.#schedules.delete(key);
  }

  async #deliver({ arn, Target }: Schedule, dueMs: number): Promise<void> {
    const { Arn, RoleArn: roleArn, DeadLetterConfig, SqsParameters } = Target;
    const payload = payloadOf(Target, arn, dueMs);
    const sender = { principal: PRINCIPAL, sourceArn: arn, roleArn, payload };
    const groupId = SqsParameters?.MessageGroupId;
    const delivery = {
      ...sender,
      ...(groupId === undefined ? {} : { groupId, deduplicationId: randomUUID() }),
    };
    const givenUp = await deliverAgain(Arn, delivery, retryPolicyOf(Target), {
      ...this.#options,
      onWait: this.#sending.onWait,
    });
    if (!givenUp) return;
    const attributes = {
      SCHEDULE_ARN: arn,
      TARGET_ARN: Arn,
      SCHEDULED_TIME: timeOf(dueMs),
      IS_PAYLOAD_TRUNCATED: 'false',
    };
    // The schedule's own role has to be allowed to write into the queue.
    const letter = { ...sender, queueArn: DeadLetterConfig?.Arn ?? null, attributes };
    await bury(letter, givenUp, this.#options.log, this.#options);
  }
}

function arnOf(group: string, name: string): string {
  return arn('scheduler', `schedule/${group}/${name}`);
}

/** @throws ApiError (ValidationException) */
function timesOf(properties: ScheduleProperties, createdMs: number): Times {
  const { ScheduleExpression, ScheduleExpressionTimezone, StartDate, EndDate } = properties;
  const startMs = StartDate === undefined ? null : StartDate * 1000;
  const endMs = EndDate === undefined ? Number.POSITIVE_INFINITY : EndDate * 1000;
  let times: Times;
  try {
    times = parseSchedule(ScheduleExpression, {
      anchorMs: startMs ?? createdMs,
      ...(ScheduleExpressionTimezone === undefined ? {} : { timeZone: ScheduleExpressionTimezone }),
    });
  } catch (error) {
    const message = `Invalid Schedule Expression ${ScheduleExpression}. ${(error as Error).message}`;
    throw new ApiError('ValidationException', message);
  }
  if (ScheduleExpression.startsWith('at(')) return times;
  return {
    next(afterMs) {
      const dueMs = times.next(Math.max(afterMs, (startMs ?? 0) - 1));
      return dueMs !== null && dueMs <= endMs ? dueMs : null;
    },
  };
}

/** https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html */
function payloadOf(target: ScheduleProperties['Target'], scheduleArn: string, dueMs: number): string {
  const { Input, EventBridgeParameters } = target;
  const values: Readonly<Record<string, string>> = {
    'aws.scheduler.schedule-arn': scheduleArn,
    'aws.scheduler.scheduled-time': timeOf(dueMs),
    'aws.scheduler.execution-id': randomUUID(),
    'aws.scheduler.attempt-number': '1',
  };
  const filled = Input?.replace(
    /<(aws\.scheduler\.[\w-]+)>/g,
    (whole, name: string) => values[name] ?? whole,
  );
  if (EventBridgeParameters) {
    const { Source: source, DetailType } = EventBridgeParameters;
    return JSON.stringify({ source, 'detail-type': DetailType, detail: JSON.parse(filled ?? '{}') });
  }
  if (filled !== undefined) return filled;
  const said = {
    source: 'aws.scheduler',
    detailType: 'Scheduled Event',
    detail: '{}',
    resources: [scheduleArn],
  };
  return JSON.stringify(eventOf({ ...said, atMs: dueMs }));
}
