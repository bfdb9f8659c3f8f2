import type { Family } from '../desk/family.ts';
import { arn } from '../desk/place.ts';
import { checkedPolicy, type PolicyDocument } from '../iam/policy.ts';
import { parseRule } from './rule-sql.ts';

interface RulePayload {
  readonly Sql: string;
  readonly RuleDisabled?: boolean;
  readonly Actions: readonly Readonly<Record<string, unknown>>[];
  readonly ErrorAction?: Readonly<Record<string, unknown>>;
}

interface PutItem {
  readonly PutItem: { readonly TableName: string };
  readonly RoleArn: string;
}

const SQL_VERSION = '2016-03-23';

export const iot: Family = {
  'AWS::IoT::Thing': {
    properties: ['ThingName', 'AttributePayload'],
    create({ name, properties }, engines) {
      const thing = String(properties.ThingName ?? name);
      engines.iot.addThing(thing);
      return { ref: thing, attributes: { Arn: arn('iot', `thing/${thing}`) } };
    },
  },
  'AWS::IoT::Policy': {
    properties: ['PolicyDocument', 'PolicyName', 'Tags'],
    create({ name, properties }, engines) {
      engines.iot.addPolicy(checkedPolicy(properties.PolicyDocument as PolicyDocument));
      const policy = String(properties.PolicyName ?? name);
      return { ref: policy, attributes: { Arn: arn('iot', `policy/${policy}`) } };
    },
  },
  // Nobody gives credentials for certificates here.
  'AWS::IoT::RoleAlias': {
    properties: ['CredentialDurationSeconds', 'RoleAlias', 'RoleArn', 'Tags'],
    create({ name, properties }) {
      const alias = String(properties.RoleAlias ?? name);
      return { ref: alias, attributes: { RoleAliasArn: arn('iot', `rolealias/${alias}`) } };
    },
  },
  'AWS::IoT::TopicRule': {
    properties: ['RuleName', 'TopicRulePayload', 'Tags'],
    unsupported({ TopicRulePayload }) {
      const { Sql, Actions, ErrorAction = {}, ...rest } = TopicRulePayload as RulePayload;
      const actions = Actions.flatMap((action) => Object.keys(action)).filter(
        (name) => name !== 'DynamoDBv2',
      );
      const errorActions = Object.keys(ErrorAction).filter((name) => name !== 'CloudwatchLogs');
      const version = (rest as { readonly AwsIotSqlVersion?: string }).AwsIotSqlVersion;
      return [
        ...[...actions, ...errorActions].map((name) => `the action ${name}`),
        ...(version === SQL_VERSION ? [] : [`the SQL version ${version}`]),
        ...(typeof Sql === 'string' ? problemsOf(Sql) : []),
      ];
    },
    create({ name, logicalId, properties }, engines) {
      const payload = properties.TopicRulePayload as RulePayload;
      const ruleName = String(properties.RuleName ?? name.replace(/\W/g, '_'));
      const actions = payload.Actions.map(({ DynamoDBv2 }) => {
        const { PutItem, RoleArn } = DynamoDBv2 as PutItem;
        engines.principals.assume(RoleArn, 'iot.amazonaws.com');
        return { tableName: PutItem.TableName, roleArn: RoleArn };
      });
      const rule = { label: logicalId.replace(/[0-9A-F]{8}$/, ''), rule: parseRule(payload.Sql), actions };
      if (!payload.RuleDisabled) engines.iot.addRule(rule);
      return { ref: ruleName, attributes: { Arn: arn('iot', `rule/${ruleName}`) } };
    },
  },
};

function problemsOf(sql: string): string[] {
  try {
    parseRule(sql);
    return [];
  } catch (error) {
    return [(error as Error).message];
  }
}
