import { DEFAULT_RETRY_POLICY, type RetryPolicy } from '../desk/deliver-again.ts';
import { parseSchedule, type Schedule } from '../schedule/schedule.ts';
import { checkInput, type TargetInput } from './input.ts';
import { compilePattern, PatternError } from './pattern.ts';

/** As in CloudFormation and PutTargets. */
export interface TargetProperties extends TargetInput {
  readonly Id: string;
  readonly Arn: string;
  readonly RoleArn?: string;
  readonly DeadLetterConfig?: { readonly Arn?: string };
  readonly RetryPolicy?: {
    readonly MaximumEventAgeInSeconds?: number;
    readonly MaximumRetryAttempts?: number;
  };
  readonly SqsParameters?: { readonly MessageGroupId: string };
}

export interface RuleProperties {
  readonly Name: string;
  readonly EventBusName: string;
  readonly EventPattern?: unknown;
  readonly ScheduleExpression?: string;
  readonly State: 'ENABLED' | 'DISABLED';
  readonly Targets: readonly TargetProperties[];
}

export interface Rule extends RuleProperties {
  readonly arn: string;
  /** Null: it goes by a schedule alone. */
  readonly matches: ((event: unknown) => boolean) | null;
  readonly schedule: Schedule | null;
}

export const TARGET_PROPERTIES = [
  ...['Id', 'Arn', 'RoleArn', 'Input', 'InputPath', 'InputTransformer'],
  ...['DeadLetterConfig', 'RetryPolicy', 'SqsParameters'],
];

/** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html */
const MAX_TARGETS = 5;
const MAX_PATTERN_LENGTH = 4096;

/** @throws Error saying what the service would refuse */
export function createRule(properties: RuleProperties, arn: string, nowMs: number): Rule {
  const { EventBusName, EventPattern, ScheduleExpression, Targets } = properties;
  if (EventPattern === undefined && ScheduleExpression === undefined) {
    throw new Error('Expected an EventPattern or a ScheduleExpression');
  }
  if (ScheduleExpression !== undefined && EventBusName !== 'default') {
    throw new Error('ScheduleExpression is supported only on the default event bus.');
  }
  if (ScheduleExpression?.startsWith('at(')) throw new Error('Parameter ScheduleExpression is not valid.');
  if (Targets.length > MAX_TARGETS) {
    throw new Error(`Expected at most ${MAX_TARGETS} targets but received ${Targets.length}`);
  }
  if (new Set(Targets.map(({ Id }) => Id)).size !== Targets.length) {
    throw new Error('Expected every target to have an Id of its own');
  }
  for (const target of Targets) {
    checkInput(target);
    retryPolicyOf(target);
  }
  return {
    ...properties,
    arn,
    matches: EventPattern === undefined ? null : patternOf(EventPattern),
    schedule:
      ScheduleExpression === undefined ? null : parseSchedule(ScheduleExpression, { anchorMs: nowMs }),
  };
}

/** @throws Error as InvalidEventPatternException says it */
export function patternOf(pattern: unknown): (event: unknown) => boolean {
  const text = typeof pattern === 'string' ? pattern : JSON.stringify(pattern);
  try {
    if (text.length > MAX_PATTERN_LENGTH)
      throw new PatternError(`longer than ${MAX_PATTERN_LENGTH} characters`);
    return compilePattern(pattern);
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    throw new PatternError(`Event pattern is not valid. Reason: ${error.message}`);
  }
}

/** @throws Error naming the value that is out of range */
export function retryPolicyOf({
  RetryPolicy: given = {},
}: Pick<TargetProperties, 'RetryPolicy'>): RetryPolicy {
  const { MaximumEventAgeInSeconds: maxAgeS, MaximumRetryAttempts: maxRetries } = given;
  const policy = {
    maxAgeS: Number(maxAgeS ?? DEFAULT_RETRY_POLICY.maxAgeS),
    maxRetries: Number(maxRetries ?? DEFAULT_RETRY_POLICY.maxRetries),
  };
  if (!(policy.maxAgeS >= 60 && policy.maxAgeS <= 86_400)) {
    throw new Error(`Expected MaximumEventAgeInSeconds to be 60 to 86400 but received ${maxAgeS}`);
  }
  if (!(policy.maxRetries >= 0 && policy.maxRetries <= 185)) {
    throw new Error(`Expected MaximumRetryAttempts to be 0 to 185 but received ${maxRetries}`);
  }
  return policy;
}
