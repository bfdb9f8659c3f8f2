import { get } from 'node:https';
import {
  BatchGetItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import { IoTDataPlaneClient, PublishCommand } from '@aws-sdk/client-iot-data-plane';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { functionResources, openRig, writeStack } from './rig.ts';

const table = {
  Type: 'AWS::DynamoDB::Table',
  Properties: {
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    BillingMode: 'PAY_PER_REQUEST',
  },
};
const written = writeStack(
  {
    Mine: table,
    Other: table,
    ...functionResources('Worker', {}, [
      {
        Effect: 'Allow',
        Action: ['dynamodb:PutItem', 'dynamodb:GetItem', 'dynamodb:BatchGetItem'],
        Resource: { 'Fn::GetAtt': ['Mine', 'Arn'] },
      },
    ]),
  },
  { Worker: 'export const handler = async () => 1;' },
);
const desk = await openRig(written.stack);
const { roleArn } = desk.functions.all[0]!;
const keys = desk.principals.assume(roleArn, 'lambda.amazonaws.com');
const clientWith = (credentials: typeof keys) =>
  new DynamoDBClient({ endpoint: desk.services.url, region: 'eu-central-1', credentials, maxAttempts: 1 });
const client = clientWith(keys);

const nameOf = async (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error: Error) => error.name,
  );

test('a role does with a table what it was granted', async () => {
  await client.send(new PutItemCommand({ TableName: 'small-Mine', Item: { id: { S: 'a' }, n: { N: '1' } } }));
  const { Item } = await client.send(
    new GetItemCommand({ TableName: 'small-Mine', Key: { id: { S: 'a' } } }),
  );
  assert.equal(Item, { id: { S: 'a' }, n: { N: '1' } });
});

test('and nothing else', async () => {
  const Key = { id: { S: 'a' } };
  assert.is(await nameOf(client.send(new ScanCommand({ TableName: 'small-Mine' }))), 'AccessDeniedException');
  assert.is(
    await nameOf(client.send(new GetItemCommand({ TableName: 'small-Other', Key }))),
    'AccessDeniedException',
  );
  const both = { 'small-Mine': { Keys: [Key] }, 'small-Other': { Keys: [Key] } };
  assert.is(
    await nameOf(client.send(new BatchGetItemCommand({ RequestItems: both }))),
    'AccessDeniedException',
  );
  const one = { 'small-Mine': { Keys: [Key] } };
  assert.is(await nameOf(client.send(new BatchGetItemCommand({ RequestItems: one }))), 'done');
});

test('a wrong secret, a foreign key and an old session are refused', async () => {
  const read = (credentials: typeof keys) =>
    nameOf(
      clientWith(credentials).send(new GetItemCommand({ TableName: 'small-Mine', Key: { id: { S: 'a' } } })),
    );
  assert.is(await read({ ...keys, secretAccessKey: 'else' }), 'InvalidSignatureException');
  assert.is(await read({ ...keys, accessKeyId: 'ASIAELSE' }), 'UnrecognizedClientException');
  assert.is(await read({ ...keys, sessionToken: 'else' }), 'UnrecognizedClientException');
});

test('a service without an engine is refused by name', async () => {
  const answer = await fetch(desk.services.url, {
    method: 'POST',
    headers: {
      authorization:
        'AWS4-HMAC-SHA256 Credential=A/20260101/eu-central-1/kinesis/aws4_request, SignedHeaders=host, Signature=0',
    },
  });
  assert.is(answer.status, 501);
  assert.match(await answer.text(), /kinesis has no engine on the desk/);
  assert.ok(desk.lines.some((line) => line.includes('refused: kinesis has no engine')));
});

test('a request without a signature gets nowhere', async () => {
  const answer = await fetch(`${desk.services.url}/topics/a`, { method: 'POST' });
  assert.is(answer.status, 501);
});

test('publishing needs a grant, which this role does not have', async () => {
  const iot = new IoTDataPlaneClient({
    endpoint: desk.services.url,
    region: 'eu-central-1',
    credentials: keys,
    maxAttempts: 1,
  });
  assert.is(await nameOf(iot.send(new PublishCommand({ topic: 'a', qos: 1 }))), 'ForbiddenException');
});

test("HTTPS is the desk's own, and holds against its authority", async () => {
  const status = (ca?: string) =>
    new Promise<number | string>((resolve) => {
      get(`https://${desk.services.secureHost}/`, ca === undefined ? {} : { ca }, (response) =>
        resolve(response.resume().statusCode!),
      ).on('error', (error: NodeJS.ErrnoException) => resolve(error.code!));
    });
  assert.is(await status(desk.authority.ca), 501);
  assert.match(String(await status()), /SELF_SIGNED|UNABLE_TO/);
});

test.after(async () => {
  await desk.close();
  written.remove();
});

test.run();
