import type { PreTokenGenerationV2TriggerEvent } from 'aws-lambda';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { handler } from '../../../cloud/robot/cognito-scopes.lambda.ts';
import { OPERATOR_SCOPE, VIEWER_SCOPE } from '../../../cloud/robot/constants.ts';

process.env.OPERATOR_SCOPE = OPERATOR_SCOPE;
process.env.VIEWER_SCOPE = VIEWER_SCOPE;

async function suppressedFor(groups: string[] | undefined): Promise<string[] | undefined> {
  const event: PreTokenGenerationV2TriggerEvent = {
    version: '2',
    triggerSource: 'TokenGeneration_HostedAuth',
    region: 'eu-central-1',
    userPoolId: 'eu-central-1_test',
    userName: 'zoe',
    callerContext: { awsSdkVersion: '', clientId: 'client-1' },
    request: {
      userAttributes: {},
      groupConfiguration: groups ? { groupsToOverride: groups } : {},
      scopes: ['openid', OPERATOR_SCOPE, VIEWER_SCOPE],
    },
    response: { claimsAndScopeOverrideDetails: {} },
  };
  const { response } = await handler(event);
  return response.claimsAndScopeOverrideDetails?.accessTokenGeneration?.scopesToSuppress;
}

const rows: [groups: string[] | undefined, suppressed: string[]][] = [
  [['operators'], []],
  [['viewers', 'operators'], []],
  [['viewers'], [OPERATOR_SCOPE]],
  [['visitors'], [OPERATOR_SCOPE, VIEWER_SCOPE]],
  [[], [OPERATOR_SCOPE, VIEWER_SCOPE]],
  [undefined, [OPERATOR_SCOPE, VIEWER_SCOPE]],
];
for (const [groups, suppressed] of rows) {
  test(`groups ${JSON.stringify(groups)} lose ${suppressed.join(' and ') || 'nothing'}`, async () => {
    assert.equal(await suppressedFor(groups), suppressed);
  });
}

test.run();
