import { createHash } from 'node:crypto';
import {
  ActionAfterCompletion,
  ConflictException,
  CreateScheduleCommand,
  FlexibleTimeWindowMode,
  type SchedulerClient,
} from '@aws-sdk/client-scheduler';
import type { Agenda, Due } from './agenda.lambda-shared.ts';

/** A schedule is for a time to come. */
const SOONEST_S = 60;

export interface SchedulerAgendaOptions {
  readonly group: string;
  /** The function that rewrites. */
  readonly targetArn: string;
  /** As whom the scheduler invokes it. */
  readonly roleArn: string;
  readonly failuresArn: string;
}

/**
 * EventBridge Scheduler: a one-time schedule for each object, to the minute, gone when it is done. It is named by what
 * it is for, so that the same is not put down twice; and by its time, since a schedule that has just run takes a
 * while to go.
 */
export class SchedulerAgenda implements Agenda {
  readonly #client: SchedulerClient;
  readonly #options: SchedulerAgendaOptions;

  constructor(client: SchedulerClient, options: SchedulerAgendaOptions) {
    this.#client = client;
    this.#options = options;
  }

  async add(due: Due): Promise<void> {
    const { group, targetArn, roleArn, failuresArn } = this.#options;
    const atS = Math.max(due.dueS, Math.ceil(Date.now() / 1000) + SOONEST_S);
    try {
      await this.#client.send(
        new CreateScheduleCommand({
          Name: createHash('sha256').update(JSON.stringify(due)).digest('hex'),
          GroupName: group,
          ScheduleExpression: `at(${new Date(atS * 1000).toISOString().slice(0, 19)})`,
          ScheduleExpressionTimezone: 'UTC',
          FlexibleTimeWindow: { Mode: FlexibleTimeWindowMode.OFF },
          ActionAfterCompletion: ActionAfterCompletion.DELETE,
          Target: {
            Arn: targetArn,
            RoleArn: roleArn,
            Input: JSON.stringify(due),
            DeadLetterConfig: { Arn: failuresArn },
          },
        }),
      );
    } catch (error) {
      if (!(error instanceof ConflictException)) throw error;
    }
  }

  /** An object that was put down anew has a schedule of its own. */
  putBack(due: Due): Promise<void> {
    return this.add(due);
  }
}

/** @throws Error when it is not what `add` put into the schedule */
export function dueIn(event: unknown): Due {
  const { path, etag, dueS, attempts } = (event ?? {}) as Partial<Record<keyof Due, unknown>>;
  const good =
    typeof path === 'string' &&
    (etag === null || typeof etag === 'string') &&
    typeof dueS === 'number' &&
    typeof attempts === 'number';
  if (good) return { path, etag, dueS, attempts };
  throw new Error(`Expected {path, etag, dueS, attempts} but received ${JSON.stringify(event)}`);
}
