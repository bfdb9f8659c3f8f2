import { Duration } from 'aws-cdk-lib';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { Alarms } from '../common/alarms.ts';
import { NodeFunction } from '../common/function.ts';
import { grantObjects, TO_CONSIDER, TO_REWRITE } from './grants.ts';
import type { RetentionSettings } from './settings.ts';

export interface ExpiryProps {
  readonly settings: RetentionSettings;
  /** Takes what could not be done. */
  readonly failures: Queue;
  readonly alarms: Alarms;
}

/** As long as Lambda lets a function run. */
const REWRITE_TIMEOUT_S = 900;
/** One whole core: what bounds it is the processor. */
const REWRITE_MIB = 1769;

/** The post's NotificationFunction. S3 hands it every event once at least; it tries three times, then tells the queue. */
export function scheduleFunction(
  scope: Construct,
  { settings, failures, alarms }: ExpiryProps,
  environment: Readonly<Record<string, string>>,
): NodeFunction {
  const schedule = new NodeFunction(scope, 'Schedule', {
    entry: `cloud/retention/schedule-${settings.expiry}.lambda.ts`,
    description: 'Puts objects down for the time at which they are to be rewritten',
    memoryMiB: 256,
    timeoutS: 30,
    environment: { TTL_S: `${settings.ttlS}`, ...environment },
  });
  schedule.configureAsyncInvoke({
    maxEventAge: Duration.hours(6),
    retryAttempts: 2,
    onFailure: new SqsDestination(failures),
  });
  grantObjects(schedule, settings, TO_CONSIDER);
  alarms.onFailures(
    'ScheduleFailed',
    schedule.metricErrors(),
    'An object could not be put down for its time',
  );
  return schedule;
}

/** The post's JSONProcessingFunction. */
export function rewriteFunction(
  scope: Construct,
  { settings, failures, alarms }: ExpiryProps,
  environment: Readonly<Record<string, string>>,
): NodeFunction {
  const rewrite = new NodeFunction(scope, 'Rewrite', {
    entry: `cloud/retention/rewrite-${settings.expiry}.lambda.ts`,
    description: 'Rewrites objects whose time is up',
    memoryMiB: REWRITE_MIB,
    timeoutS: REWRITE_TIMEOUT_S,
    environment: {
      FIELDS: settings.fields.join(','),
      TTL_S: `${settings.ttlS}`,
      FAILURES_URL: failures.queueUrl,
      ...environment,
    },
  });
  grantObjects(rewrite, settings, TO_REWRITE);
  failures.grantSendMessages(rewrite);
  alarms.onFailures(
    'RewriteFailed',
    rewrite.metricErrors(),
    'The function that rewrites objects failed itself',
  );
  return rewrite;
}
