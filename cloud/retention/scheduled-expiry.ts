import { Aws, Duration } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import { CfnScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import { Construct } from 'constructs';
import { acknowledge } from '../common/acknowledge.ts';
import type { NodeFunction } from '../common/function.ts';
import { SCHEDULE_GROUP } from './constants.ts';
import { type ExpiryProps, rewriteFunction, scheduleFunction } from './functions.ts';

/** A one-time schedule for each object instead of the table: within the minute, where expiry may take days. */
export class ScheduledExpiry extends Construct {
  readonly schedule: NodeFunction;

  constructor(scope: Construct, id: string, props: ExpiryProps) {
    super(scope, id);
    const { failures } = props;
    // It takes its schedules with it when it goes.
    const group = new CfnScheduleGroup(this, 'Group', { name: SCHEDULE_GROUP });
    const role = new Role(this, 'Role', {
      description: 'Invokes the function that rewrites objects',
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
      }),
    });
    const environment = {
      SCHEDULE_GROUP: group.ref,
      SCHEDULE_ROLE_ARN: role.roleArn,
      FAILURES_ARN: failures.queueArn,
    };
    const rewrite = rewriteFunction(this, props, environment);
    this.schedule = scheduleFunction(this, props, { ...environment, TARGET_ARN: rewrite.functionArn });
    rewrite.configureAsyncInvoke({
      maxEventAge: Duration.hours(6),
      retryAttempts: 2,
      onFailure: new SqsDestination(failures),
    });
    role.addToPolicy(
      new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [rewrite.functionArn] }),
    );
    failures.grantSendMessages(role);
    const schedules = `arn:${Aws.PARTITION}:scheduler:${Aws.REGION}:${Aws.ACCOUNT_ID}:schedule/${SCHEDULE_GROUP}/*`;
    for (const one of [this.schedule, rewrite]) {
      one.addToRolePolicy(
        new PolicyStatement({ actions: ['scheduler:CreateSchedule'], resources: [schedules] }),
      );
      one.addToRolePolicy(
        new PolicyStatement({
          actions: ['iam:PassRole'],
          resources: [role.roleArn],
          conditions: { StringEquals: { 'iam:PassedToService': 'scheduler.amazonaws.com' } },
        }),
      );
      acknowledge(one.role!, {
        [`AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:scheduler:<AWS::Region>:<AWS::AccountId>:schedule/${SCHEDULE_GROUP}/*]`]:
          'Every object has a schedule of its own in this group, named by what it is for.',
      });
    }
  }
}
