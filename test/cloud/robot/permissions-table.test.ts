import { BatchWriteItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createAuthorizer } from '../../../cloud/robot/authorize.lambda-shared.ts';
import { tablePermissions } from '../../../cloud/robot/authorizer-table.lambda.ts';
import { MAX_PERMISSIONS, PERMISSIONS_CACHE_MS } from '../../../cloud/robot/constants.ts';
import { startDynamo } from '../dynamo.ts';
import { ofType, synthesize } from '../synthesized.ts';
import { linesOf } from './events.ts';
import { AUDIENCE, startProvider } from './identity-provider.ts';

const API = 'arn:aws:execute-api:eu-central-1:123456789012:a1b2c3d4e5';
const dynamo = await startDynamo();
const provider = await startProvider();
const [, table] = ofType(synthesize('roverd-robot', { permissions: 'table' }), 'AWS::DynamoDB::Table').find(
  ([name]) => name.includes('Permissions'),
)!;

let tables = 0;
async function tableWith(entries: readonly Record<string, string>[]) {
  const name = `permissions-${tables++}`;
  await dynamo.create(name, table);
  const itemOf = (entry: Record<string, string>, i: number) =>
    Object.fromEntries(
      Object.entries({ entry: `${i}`, ...entry }).map(([key, value]) => [key, { S: value }]),
    );
  const put = (entry: Record<string, string>, i: number) =>
    dynamo.client.send(new PutItemCommand({ TableName: name, Item: itemOf(entry, i) }));
  const requests = entries.map((entry, i) => ({ PutRequest: { Item: itemOf(entry, i) } }));
  for (let i = 0; i < requests.length; i += 25) {
    const batch = { [name]: requests.slice(i, i + 25) };
    await dynamo.client.send(new BatchWriteItemCommand({ RequestItems: batch }));
  }
  return { name, put };
}

test('the table decides; what is no permission in it is passed over', async () => {
  const { name } = await tableWith([
    { scope: 'lab', httpVerb: 'POST', resource: 'robots/lab/publish', role: 'operator' },
    { scope: 'lab', httpVerb: 'GET', resource: 'robots', role: 'king' },
    { scope: 'lab', resource: 'publish' },
    { scope: 'hall', httpVerb: 'POST', resource: 'publish' },
  ]);
  const env = {
    ISSUER: provider.issuer,
    JWKS_URI: provider.jwksUri,
    AUDIENCE,
    AUDIENCE_CLAIM: 'aud',
    PERMISSIONS_TABLE: name,
  };
  const authorize = createAuthorizer(env, tablePermissions(env, dynamo.client));
  const ask = async (scope: string) => {
    const authorizationToken = `Bearer ${await provider.token({ scope })}`;
    const event = { type: 'TOKEN', methodArn: `${API}/Prod/GET/robots`, authorizationToken } as const;
    return (await linesOf(() => authorize(event))).result;
  };
  const lab = await ask('lab');
  assert.equal(lab.policyDocument.Statement, [
    {
      Action: 'execute-api:Invoke',
      Effect: 'Allow',
      Resource: [`${API}/Prod/GET/robots`, `${API}/Prod/POST/robots/lab/publish`],
    },
  ]);
  assert.is(lab.context?.role, 'operator');
  assert.is((await ask('hall')).context?.role, 'viewer', 'no role named: the least');
  assert.is((await ask('roof')).policyDocument.Statement[0]?.Effect, 'Deny');
});

test('an empty table allows nothing', async () => {
  const { name } = await tableWith([]);
  assert.equal(await tablePermissions({ PERMISSIONS_TABLE: name }, dynamo.client)(), []);
});

test('the table is read once a while, and again after a failure', async () => {
  const { name, put } = await tableWith([{ scope: 'a', httpVerb: 'GET', resource: 'robots' }]);
  let nowMs = 0;
  const permissions = tablePermissions({ PERMISSIONS_TABLE: name }, dynamo.client, () => nowMs);
  assert.is((await permissions()).length, 1);
  await put({ scope: 'b', httpVerb: 'GET', resource: 'robots' }, 1);
  nowMs = PERMISSIONS_CACHE_MS - 1;
  assert.is((await permissions()).length, 1);
  nowMs = PERMISSIONS_CACHE_MS;
  assert.is((await permissions()).length, 2);

  const late = tablePermissions({ PERMISSIONS_TABLE: 'late' }, dynamo.client, () => 0);
  const failed = await late().then(
    () => null,
    (error: Error) => error.name,
  );
  assert.is(failed, 'ResourceNotFoundException');
  await dynamo.create('late', table);
  assert.equal(await late(), []);
});

test('a table beyond the bound is refused', async () => {
  const entries = Array.from({ length: MAX_PERMISSIONS + 1 }, (_, i) => ({
    scope: 's',
    httpVerb: 'GET',
    resource: `r${i}`,
  }));
  const { name } = await tableWith(entries);
  const failed = await tablePermissions({ PERMISSIONS_TABLE: name }, dynamo.client)().then(
    () => null,
    (error: Error) => error.message,
  );
  assert.is(failed, `Expected at most ${MAX_PERMISSIONS} permissions in ${name}`);
});

test.after(async () => {
  await dynamo.close();
  await provider.close();
});

test.run();
