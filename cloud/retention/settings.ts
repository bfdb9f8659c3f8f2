import { Aws, Fn } from 'aws-cdk-lib';
import type { Node } from 'constructs';
import { contextText } from '../common/context.ts';
import { DEFAULT_FIELD, DEFAULT_TTL_S } from './constants.ts';

/** What can be set by context (`-c name=value`); every value has a default. */
export interface RetentionSettings {
  /** By what an object's time is up: DynamoDB's expiry, as in the post, or EventBridge Scheduler, to the minute. */
  readonly expiry: 'ttl' | 'scheduler';
  /** The bucket that is made; its name has to be known before it is there. */
  readonly bucketName: string;
  /** How long an object stays as it was put, in s. */
  readonly ttlS: number;
  /** What is blanked: names of members of the rows. */
  readonly fields: readonly string[];
  readonly alarmEmail: string;
}

/** @throws Error naming the context value, what was expected and what came */
export function readSettings(node: Node): RetentionSettings {
  const text = (name: string, fallback: string, pattern: RegExp, expected: string) =>
    contextText(node, name, fallback, pattern, expected);
  const named = text(
    'retentionBucket',
    '',
    /^([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])?$/,
    'the name of a bucket: 3 to 63 lower case letters, digits, . or -',
  );
  return {
    expiry: text('retentionExpiry', 'ttl', /^(ttl|scheduler)$/, 'ttl or scheduler') as 'ttl' | 'scheduler',
    bucketName: named || Fn.join('-', ['roverd-retention', Aws.ACCOUNT_ID, Aws.REGION]),
    ttlS: Number(text('retentionTtlS', `${DEFAULT_TTL_S}`, /^[1-9]\d{0,8}$/, 'seconds, from 1 to 999999999')),
    fields: text(
      'retentionFields',
      DEFAULT_FIELD,
      /^[^\s,"\\]+(,[^\s,"\\]+)*$/,
      'names of fields, separated by commas',
    ).split(','),
    alarmEmail: text('alarmEmail', '', /^([^\s@]+@[^\s@]+)?$/, 'an e-mail address'),
  };
}
