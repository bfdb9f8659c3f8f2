import { Aws } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { AttributeType, type Table } from 'aws-cdk-lib/aws-dynamodb';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnTopicRule } from 'aws-cdk-lib/aws-iot';
import { Construct } from 'constructs';
import type { Alarms } from '../common/alarms.ts';
import { logGroup } from '../common/logs.ts';
import { ownedTable } from '../common/table.ts';
import { STATUS_FIELDS, TELEMETRY_DAYS, TELEMETRY_FIELDS } from './constants.ts';

const SQL_VERSION = '2016-03-23';

export interface LandingProps {
  readonly robots: readonly string[];
  readonly alarms: Alarms;
}

/**
 * IoT rules that put what robots tell into tables, without a function between. They name every field: by `SELECT *` a
 * robot could send a `robot` of its own and speak for another.
 */
export class Landing extends Construct {
  /** `robot`, `at` (ms): every sample for a month. */
  readonly telemetry: Table;
  /** `robot`, `kind` (status, connected, disconnected): the latest of each. */
  readonly presence: Table;

  constructor(scope: Construct, id: string, { robots, alarms }: LandingProps) {
    super(scope, id);
    this.telemetry = ownedTable(this, 'Telemetry', {
      partitionKey: 'robot',
      sortKey: { name: 'at', type: AttributeType.NUMBER },
      expiresBy: 'expiresAt',
    });
    this.presence = ownedTable(this, 'Presence', {
      partitionKey: 'robot',
      sortKey: { name: 'kind', type: AttributeType.STRING },
    });
    const failures = logGroup(this, 'Failures');
    const role = new Role(this, 'Role', {
      description: 'Puts what robots tell into tables',
      assumedBy: new ServicePrincipal('iot.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
      }),
    });
    for (const table of [this.telemetry, this.presence]) table.grant(role, 'dynamodb:PutItem');
    // As https://docs.aws.amazon.com/iot/latest/developerguide/cloud-watch-logs-rule-action.html asks for.
    failures.grant(role, 'logs:CreateLogStream', 'logs:DescribeLogStreams', 'logs:PutLogEvents');

    const land = (name: string, description: string, sql: string, table: Table) => {
      const rule = new CfnTopicRule(this, name, {
        topicRulePayload: {
          description,
          sql,
          awsIotSqlVersion: SQL_VERSION,
          ruleDisabled: false,
          actions: [{ dynamoDBv2: { putItem: { tableName: table.tableName }, roleArn: role.roleArn } }],
          errorAction: { cloudwatchLogs: { logGroupName: failures.logGroupName, roleArn: role.roleArn } },
        },
      });
      rule.node.addDependency(role);
      alarms.onFailures(
        `${name}Failed`,
        new Metric({
          namespace: 'AWS/IoT',
          metricName: 'Failure',
          dimensionsMap: { RuleName: rule.ref, ActionType: 'DynamoDBv2' },
        }),
        `What a robot told could not be put into the table (${description})`,
      );
    };
    land(
      'TelemetryRule',
      'Telemetry of the robots, for a month',
      `SELECT ${TELEMETRY_FIELDS.join(', ')}, topic(1) AS robot, timestamp() AS at, floor(timestamp() / 1000) + ${TELEMETRY_DAYS * 86_400} AS expiresAt FROM '+/telemetry' WHERE ${oneOf('topic(1)', robots)}`,
      this.telemetry,
    );
    land(
      'StatusRule',
      'What the robots say of themselves; the last will when they are gone',
      `SELECT ${STATUS_FIELDS.join(', ')}, topic(1) AS robot, 'status' AS kind, timestamp() AS at FROM '+/status' WHERE ${oneOf('topic(1)', robots)}`,
      this.presence,
    );
    land(
      'ConnectionRule',
      'What the broker says of their connections',
      `SELECT clientId AS robot, eventType AS kind, timestamp AS at, sessionIdentifier, disconnectReason FROM '$aws/events/presence/+/+' WHERE ${oneOf('clientId', robots)}`,
      this.presence,
    );
  }
}

/** The robots of this stack among everything that is connected to the account's broker. */
function oneOf(term: string, names: readonly string[]): string {
  return names.map((name) => `${term} = '${name}'`).join(' OR ');
}
