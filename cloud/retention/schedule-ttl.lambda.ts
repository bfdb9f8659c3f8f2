import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import type { S3Event } from 'aws-lambda';
import { type Environment, required } from '../common/environment.lambda-shared.ts';
import { scheduleAll } from './schedule.lambda-shared.ts';
import { TableAgenda } from './table-agenda.lambda-shared.ts';

/** Puts new objects down in the table, whose items expire. */
export function createSchedule(env: Environment): (event: S3Event) => Promise<void> {
  const s3 = new S3Client({});
  const agenda = new TableAgenda(new DynamoDBClient({}), required(env, 'TABLE'));
  const ttlS = Number(required(env, 'TTL_S'));
  return (event) => scheduleAll(event, s3, agenda, ttlS);
}

let schedule: ReturnType<typeof createSchedule> | undefined;
export const handler = (event: S3Event): Promise<void> => {
  schedule ??= createSchedule(process.env);
  return schedule(event);
};
