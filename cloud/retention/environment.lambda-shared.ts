import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { Context } from 'aws-lambda';
import { type Environment, listed, required } from '../common/environment.lambda-shared.ts';
import type { Agenda } from './agenda.lambda-shared.ts';
import type { CarryOutOptions } from './carry-out.lambda-shared.ts';
import { RESERVE_MS } from './constants.ts';

/** What rewriting needs, as the stack set it. */
export function carryOutOptions(env: Environment, agenda: Agenda): CarryOutOptions {
  return {
    s3: new S3Client({}),
    sqs: new SQSClient({}),
    agenda,
    failuresUrl: required(env, 'FAILURES_URL'),
    fields: listed(env, 'FIELDS'),
    ttlS: Number(required(env, 'TTL_S')),
  };
}

/** Ends while there is still time to put back what was not done. */
export function deadline({ getRemainingTimeInMillis }: Context): AbortSignal {
  return AbortSignal.timeout(Math.max(0, getRemainingTimeInMillis() - RESERVE_MS));
}

/** Of EventBridge Scheduler. */
export function schedulerOptions(env: Environment) {
  return {
    group: required(env, 'SCHEDULE_GROUP'),
    roleArn: required(env, 'SCHEDULE_ROLE_ARN'),
    failuresArn: required(env, 'FAILURES_ARN'),
  };
}
