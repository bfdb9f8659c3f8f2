import { described, type Family } from '../desk/family.ts';
import { arn } from '../desk/place.ts';
import { checkedPolicy, type PolicyDocument } from '../iam/policy.ts';

export const logs: Family = {
  'AWS::Logs::LogGroup': described(['LogGroupName', 'RetentionInDays', 'Tags'], 'LogGroupName', (name) => ({
    Arn: `${arn('logs', `log-group:${name}`)}:*`,
  })),
  'AWS::Logs::ResourcePolicy': {
    properties: ['PolicyDocument', 'PolicyName'],
    create({ name, properties }, { logGroups }) {
      const document = checkedPolicy(JSON.parse(String(properties.PolicyDocument)) as PolicyDocument);
      logGroups.addPolicy(document);
      return { ref: String(properties.PolicyName ?? name) };
    },
  },
};
