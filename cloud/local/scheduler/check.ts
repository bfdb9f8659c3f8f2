import type { Targets } from '../desk/targets.ts';
import { retryPolicyOf, type TargetProperties } from '../events/rule.ts';
import type { Principals } from '../iam/principals.ts';
import { ApiError } from '../services/json-api.ts';

export interface ScheduleTarget extends Pick<TargetProperties, 'Arn' | 'DeadLetterConfig' | 'RetryPolicy'> {
  readonly RoleArn: string;
  readonly Input?: string;
  readonly SqsParameters?: { readonly MessageGroupId?: string };
  readonly EventBridgeParameters?: { readonly DetailType: string; readonly Source: string };
}

export interface ScheduleProperties {
  readonly Name: string;
  readonly GroupName: string;
  readonly Description?: string;
  readonly ScheduleExpression: string;
  readonly ScheduleExpressionTimezone?: string;
  readonly State?: 'ENABLED' | 'DISABLED';
  /** s since 1970. */
  readonly StartDate?: number;
  readonly EndDate?: number;
  readonly FlexibleTimeWindow: { readonly Mode: string };
  readonly Target: ScheduleTarget;
  readonly ActionAfterCompletion?: 'NONE' | 'DELETE';
}

export const SCHEDULE_PROPERTIES = [
  ...['Name', 'GroupName', 'Description', 'ScheduleExpression', 'ScheduleExpressionTimezone', 'State'],
  ...['StartDate', 'EndDate', 'FlexibleTimeWindow', 'Target', 'ActionAfterCompletion'],
];

const TARGET_PROPERTIES = [
  ...['Arn', 'RoleArn', 'Input', 'RetryPolicy', 'DeadLetterConfig', 'SqsParameters', 'EventBridgeParameters'],
];

/** What of a schedule has no engine here, in words. */
export function unsupportedIn(properties: Readonly<Record<string, unknown>>): string[] {
  const { FlexibleTimeWindow, Target, ...rest } = properties;
  const { Mode } = (FlexibleTimeWindow ?? {}) as { readonly Mode?: string };
  const target = (Target ?? {}) as Readonly<Record<string, unknown>>;
  return [
    ...Object.keys(rest)
      .filter((name) => !SCHEDULE_PROPERTIES.includes(name))
      .map((name) => `the property ${name}`),
    ...(Mode === 'OFF' ? [] : [`the mode ${Mode} of FlexibleTimeWindow`]),
    ...Object.keys(target)
      .filter((name) => !TARGET_PROPERTIES.includes(name))
      .map((name) => `the target's property ${name}`),
    ...(String(target.Arn).startsWith('arn:aws:scheduler:::aws-sdk:')
      ? [`the universal target ${target.Arn}`]
      : []),
  ];
}

const NAME = /^[0-9a-zA-Z\-_.]{1,64}$/;

/** @throws ApiError (ValidationException) saying what the service, or the desk, refuses */
export function check(
  properties: ScheduleProperties,
  { targets, principals }: { readonly targets: Targets; readonly principals: Principals },
): void {
  const refuse = (reason: string): never => {
    throw new ApiError('ValidationException', reason);
  };
  const { Name, Target, State = 'ENABLED', ActionAfterCompletion = 'NONE' } = properties;
  if (!NAME.test(Name)) refuse(`Expected a name of 1 to 64 letters, digits, -, _ or . but received ${Name}`);
  if (!Target?.Arn || !Target.RoleArn) refuse('Expected a Target with Arn and RoleArn');
  if (!['ENABLED', 'DISABLED'].includes(State)) refuse(`Expected ENABLED or DISABLED but received ${State}`);
  if (!['NONE', 'DELETE'].includes(ActionAfterCompletion)) {
    refuse(`Expected NONE or DELETE but received ${ActionAfterCompletion}`);
  }
  const found = unsupportedIn(properties as unknown as Readonly<Record<string, unknown>>);
  if (found.length > 0) refuse(`Not supported on the desk: ${found.join(', ')}`);
  for (const to of [Target.Arn, Target.DeadLetterConfig?.Arn ?? Target.Arn]) {
    if (!targets.has(to)) refuse(`Nothing on the desk takes deliveries to ${to}`);
  }
  try {
    retryPolicyOf(Target);
    principals.assume(Target.RoleArn, 'scheduler.amazonaws.com');
  } catch (error) {
    refuse((error as Error).message);
  }
}
