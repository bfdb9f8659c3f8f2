import { described, type Family } from '../desk/family.ts';
import { arn } from '../desk/place.ts';
import { type PolicyDocument, unsupportedIn } from '../iam/policy.ts';

export const logs: Family = {
  'AWS::Logs::LogGroup': described(['LogGroupName', 'RetentionInDays', 'Tags'], 'LogGroupName', (name) => ({
    Arn: `${arn('logs', `log-group:${name}`)}:*`,
  })),
  'AWS::Logs::ResourcePolicy': {
    properties: ['PolicyDocument', 'PolicyName'],
    create({ name, properties }, { logGroups }) {
      const document = JSON.parse(String(properties.PolicyDocument)) as PolicyDocument;
      const beyond = unsupportedIn(document);
      if (beyond.length > 0) throw new Error(`${beyond.join(', ')} in a policy: not supported`);
      logGroups.addPolicy(document);
      return { ref: String(properties.PolicyName ?? name) };
    },
  },
};
