import type { Family } from '../desk/family.ts';
import { type PolicyDocument, unsupportedIn } from './policy.ts';

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
      const documents = (Policies as InlinePolicy[]).map(({ PolicyDocument }) => checked(PolicyDocument));
      const managed = (ManagedPolicyArns as string[]).map((arn) => {
        const document = MANAGED[arn.replace(/^arn:[^:]+:iam::aws:policy\//, '')];
        if (!document) throw new Error(`the managed policy ${arn} is not supported`);
        return document;
      });
      const roleName = String(RoleName);
      const arn = principals.addRole(roleName, checked(trust as PolicyDocument), [...documents, ...managed]);
      return { ref: roleName, attributes: { Arn: arn } };
    },
  },
  'AWS::IAM::Policy': {
    properties: ['PolicyDocument', 'PolicyName', 'Roles'],
    create({ name, properties }, { principals }) {
      const { PolicyDocument: document, Roles = [] } = properties;
      for (const role of Roles as string[]) principals.addPolicy(role, checked(document as PolicyDocument));
      return { ref: name };
    },
  },
};

function checked(document: PolicyDocument): PolicyDocument {
  const found = unsupportedIn(document);
  if (found.length > 0) throw new Error(`${found.join(', ')} in a policy: not supported`);
  return document;
}
