import type { Family } from '../desk/family.ts';
import { checkedPolicy, type PolicyDocument } from './policy.ts';

const LOGS: PolicyDocument = {
  Statement: {
    Effect: 'Allow',
    Action: ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'],
    Resource: '*',
  },
};

/** Of AWS's own policies, those whose permissions are known here. */
const MANAGED: Readonly<Record<string, PolicyDocument>> = {
  'service-role/AWSLambdaBasicExecutionRole': LOGS,
  'service-role/AmazonAPIGatewayPushToCloudWatchLogs': LOGS,
};

interface InlinePolicy {
  readonly PolicyDocument: PolicyDocument;
}

export const iam: Family = {
  'AWS::IAM::Role': {
    properties: [
      'AssumeRolePolicyDocument',
      'Description',
      'ManagedPolicyArns',
      'MaxSessionDuration',
      'Path',
      'Policies',
      'RoleName',
      'Tags',
    ],
    create({ name, properties }, { principals }) {
      const {
        AssumeRolePolicyDocument: trust,
        Policies = [],
        ManagedPolicyArns = [],
        RoleName = name,
      } = properties;
      const documents = (Policies as InlinePolicy[]).map(({ PolicyDocument }) =>
        checkedPolicy(PolicyDocument),
      );
      const managed = (ManagedPolicyArns as string[]).map((arn) => {
        const document = MANAGED[arn.replace(/^arn:[^:]+:iam::aws:policy\//, '')];
        if (!document) throw new Error(`the managed policy ${arn} is not supported`);
        return document;
      });
      const roleName = String(RoleName);
      const arn = principals.addRole(roleName, checkedPolicy(trust as PolicyDocument), [
        ...documents,
        ...managed,
      ]);
      return { ref: roleName, attributes: { Arn: arn } };
    },
  },
  'AWS::IAM::Policy': {
    properties: ['PolicyDocument', 'PolicyName', 'Roles'],
    create({ name, properties }, { principals }) {
      const { PolicyDocument: document, Roles = [] } = properties;
      for (const role of Roles as string[])
        principals.addPolicy(role, checkedPolicy(document as PolicyDocument));
      return { ref: name };
    },
  },
};
