import {
  BatchWriteItemCommand,
  DeleteItemCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  ScanCommand,
  UpdateItemCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Item, StreamRecord, TableStream } from '../../../cloud/local/dynamodb/stream.ts';
import { functionResources, openRig, until, writeStack } from './rig.ts';

const TABLE = 'objects';
const table = (TableName: string, view?: string) => ({
  Type: 'AWS::DynamoDB::Table',
  Properties: {
    TableName,
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
    ...(view ? { StreamSpecification: { StreamViewType: view } } : {}),
  },
});
const written = writeStack(
  {
    Objects: table(TABLE, 'NEW_AND_OLD_IMAGES'),
    Keys: table('keys', 'KEYS_ONLY'),
    Plain: table('plain'),
    ...functionResources('Worker', {}, [
      {
        Effect: 'Allow',
        Action: 'dynamodb:*',
        Resource: ['Objects', 'Keys', 'Plain'].map((name) => ({ 'Fn::GetAtt': [name, 'Arn'] })),
      },
    ]),
  },
  { Worker: 'export const handler = async () => 1;' },
  { Outputs: { Stream: { Value: { 'Fn::GetAtt': ['Objects', 'StreamArn'] } } } },
);
const desk = await openRig(written.stack);
const client = new DynamoDBClient({
  endpoint: desk.services.url,
  region: 'eu-central-1',
  credentials: desk.principals.assume(desk.functions.all[0]!.roleArn, 'lambda.amazonaws.com'),
  maxAttempts: 1,
});
const stream: TableStream = desk.tables.stream(desk.outputs.Stream!);
let position = stream.latest;
/** Records since the last time this was asked. */
function records(): readonly StreamRecord[] {
  const { records: read, next } = stream.read(position, 1000);
  position = next;
  return read;
}
const put = (Item: Item, TableName = TABLE) => client.send(new PutItemCommand({ TableName, Item }));
const nowS = () => Math.floor(desk.clock.nowMs() / 1000);

test('each change is a record with its images, in order; what changes nothing is none', async () => {
  await put({ id: { S: 'a' }, n: { N: '1' } });
  await put({ n: { N: '1' }, id: { S: 'a' } });
  await client.send(
    new UpdateItemCommand({
      TableName: TABLE,
      Key: { id: { S: 'a' } },
      UpdateExpression: 'SET n = n + :one',
      ExpressionAttributeValues: { ':one': { N: '1' } },
    }),
  );
  await client.send(new DeleteItemCommand({ TableName: TABLE, Key: { id: { S: 'a' } } }));
  await client.send(new DeleteItemCommand({ TableName: TABLE, Key: { id: { S: 'a' } } }));
  const read = records();
  assert.equal(
    read.map(({ eventName, dynamodb }) => [eventName, dynamodb.OldImage?.n?.N, dynamodb.NewImage?.n?.N]),
    [
      ['INSERT', undefined, '1'],
      ['MODIFY', '1', '2'],
      ['REMOVE', '2', undefined],
    ],
  );
  const numbers = read.map(({ dynamodb }) => BigInt(dynamodb.SequenceNumber));
  assert.ok(numbers[0]! < numbers[1]! && numbers[1]! < numbers[2]!);
  assert.equal(read[0]?.dynamodb.Keys, { id: { S: 'a' } });
  assert.is(read[0]?.eventSourceARN, desk.outputs.Stream);
  assert.ok(read.every(({ userIdentity }) => userIdentity === undefined));
});

test('a write that its condition refuses leaves no record', async () => {
  const refused = client.send(
    new PutItemCommand({
      TableName: TABLE,
      Item: { id: { S: 'c' } },
      ConditionExpression: 'attribute_exists(id)',
    }),
  );
  assert.is(await refused.catch((error: Error) => error.name), 'ConditionalCheckFailedException');
  assert.equal(records(), []);
});

test('a batch is a record for each item, of each table as its stream says', async () => {
  await client.send(
    new BatchWriteItemCommand({
      RequestItems: {
        [TABLE]: [
          { PutRequest: { Item: { id: { S: 'b1' } } } },
          { PutRequest: { Item: { id: { S: 'b2' } } } },
        ],
        keys: [{ PutRequest: { Item: { id: { S: 'k' }, secret: { S: 's' } } } }],
        plain: [{ PutRequest: { Item: { id: { S: 'p' } } } }],
      },
    }),
  );
  assert.equal(
    records().map(({ dynamodb }) => dynamodb.Keys.id?.S),
    ['b1', 'b2'],
  );
  const keys = desk.tables.stream(
    `arn:aws:dynamodb:eu-central-1:123456789012:table/keys/stream/2026-01-01T00:00:00.000`,
  );
  const [only] = keys.read(keys.trimHorizon, 10).records;
  assert.equal([only?.dynamodb.Keys, only?.dynamodb.NewImage], [{ id: { S: 'k' } }, undefined]);
});

test('what the desk itself puts is in the stream, too', async () => {
  await desk.tables.put(TABLE, { id: { S: 'by a rule' } });
  assert.is(records()[0]?.dynamodb.NewImage?.id?.S, 'by a rule');
});

test('an item goes when its time has come, as the service does it, and only then', async () => {
  await put({ id: { S: 'soon' }, ttl: { N: `${nowS() + 300}` } });
  await put({ id: { S: 'later' }, ttl: { N: `${nowS() + 3000}` } });
  await put({ id: { S: 'text' }, ttl: { S: 'no time' } });
  await put({ id: { S: 'long gone' }, ttl: { N: '1' } });
  records();
  desk.clock.skip(290_000);
  await desk.tables.expire();
  assert.equal(records(), []);
  desk.clock.skip(30_000);
  await until(() => stream.latest > position);
  const [gone, ...more] = records();
  assert.equal(more, []);
  assert.equal(
    [gone?.eventName, gone?.dynamodb.OldImage?.id?.S, gone?.userIdentity],
    ['REMOVE', 'soon', { type: 'Service', principalId: 'dynamodb.amazonaws.com' }],
  );
});

test('an item that is renewed in time stays', async () => {
  await put({ id: { S: 'renewed' }, ttl: { N: `${nowS() + 60}` } });
  desk.clock.skip(50_000);
  await put({ id: { S: 'renewed' }, ttl: { N: `${nowS() + 600}` } });
  desk.clock.skip(60_000);
  await desk.tables.expire();
  const { Item } = await client.send(new GetItemCommand({ TableName: TABLE, Key: { id: { S: 'renewed' } } }));
  assert.ok(Item);
  records();
});

test('expiry is told and can be set', async () => {
  const told = async () =>
    (await client.send(new DescribeTimeToLiveCommand({ TableName: TABLE }))).TimeToLiveDescription;
  assert.equal(await told(), { TimeToLiveStatus: 'ENABLED', AttributeName: 'ttl' });
  const set = (Enabled: boolean) =>
    client.send(
      new UpdateTimeToLiveCommand({
        TableName: TABLE,
        TimeToLiveSpecification: { AttributeName: 'ttl', Enabled },
      }),
    );
  await set(false);
  assert.equal(await told(), { TimeToLiveStatus: 'DISABLED' });
  await set(true);
});

test('whatever is written, at once and in any order, the stream replayed gives the table', async () => {
  const ids = ['x', 'y', 'z'];
  const step = fc.record({
    id: fc.constantFrom(...ids),
    kind: fc.constantFrom('put', 'add', 'delete'),
    n: fc.integer({ min: 0, max: 3 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
      await Promise.all(
        steps.map(({ id, kind, n }) => {
          const Key = { id: { S: id } };
          if (kind === 'put') return put({ ...Key, n: { N: `${n}` } });
          if (kind === 'delete') return client.send(new DeleteItemCommand({ TableName: TABLE, Key }));
          return client.send(
            new UpdateItemCommand({
              TableName: TABLE,
              Key,
              UpdateExpression: 'ADD n :n',
              ExpressionAttributeValues: { ':n': { N: `${n}` } },
            }),
          );
        }),
      );
      const replayed = new Map<string, Item>();
      for (const { dynamodb } of stream.read(stream.trimHorizon, 1e6).records) {
        const id = dynamodb.Keys.id!.S!;
        assert.equal(dynamodb.OldImage, replayed.get(id), 'each begins where the one before ended');
        if (dynamodb.NewImage) replayed.set(id, dynamodb.NewImage);
        else replayed.delete(id);
      }
      const { Items = [] } = await client.send(new ScanCommand({ TableName: TABLE }));
      const sorted = (items: readonly Item[]) => [...items].sort((a, b) => (a.id!.S! < b.id!.S! ? -1 : 1));
      assert.equal(sorted([...replayed.values()]), sorted(Items as Item[]));
    }),
    { numRuns: 6 },
  );
});

test('a throttled table is answered as such', async () => {
  desk.faults.dynamodb.failNext('ProvisionedThroughputExceededException', { operation: 'PutItem' });
  const name = () =>
    put({ id: { S: 't' } }).then(
      () => 'done',
      (error: Error) => error.name,
    );
  assert.equal([await name(), await name()], ['ProvisionedThroughputExceededException', 'done']);
});

test('records are kept for a day', () => {
  desk.clock.skip(24 * 3_600_000 + 1000);
  assert.equal(stream.read(stream.trimHorizon, 10).records, []);
});

test.after(async () => {
  client.destroy();
  await desk.close();
  written.remove();
});

test.run();
