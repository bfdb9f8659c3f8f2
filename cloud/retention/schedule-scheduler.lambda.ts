import { S3Client } from '@aws-sdk/client-s3';
import { SchedulerClient } from '@aws-sdk/client-scheduler';
import type { S3Event } from 'aws-lambda';
import { type Environment, required } from '../common/environment.lambda-shared.ts';
import { schedulerOptions } from './environment.lambda-shared.ts';
import { scheduleAll } from './schedule.lambda-shared.ts';
import { SchedulerAgenda } from './scheduler-agenda.lambda-shared.ts';

/** Makes a one-time schedule for each new object. */
export function createSchedule(env: Environment): (event: S3Event) => Promise<void> {
  const s3 = new S3Client({});
  const targetArn = required(env, 'TARGET_ARN');
  const agenda = new SchedulerAgenda(new SchedulerClient({}), { ...schedulerOptions(env), targetArn });
  const ttlS = Number(required(env, 'TTL_S'));
  return (event) => scheduleAll(event, s3, agenda, ttlS);
}

let schedule: ReturnType<typeof createSchedule> | undefined;
export const handler = (event: S3Event): Promise<void> => {
  schedule ??= createSchedule(process.env);
  return schedule(event);
};
