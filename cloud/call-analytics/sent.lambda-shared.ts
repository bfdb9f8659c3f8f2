import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type Environment, required } from '../common/environment.lambda-shared.ts';
import { createOnce, type Once } from '../common/once.lambda-shared.ts';
import { SEND_LEASE_S, SENT_DAYS } from './constants.ts';

/** Sends what has no way of its own to be sent once; what was sent stands in a table. */
export function sentOnce(env: Environment, dynamo: DynamoDBClient): Once {
  const table = required(env, 'SENT_TABLE');
  return createOnce(dynamo, { table, leaseS: SEND_LEASE_S, keepS: SENT_DAYS * 86_400 });
}
