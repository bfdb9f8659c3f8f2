import { ScanCommand } from '@aws-sdk/client-dynamodb';
import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createClock } from '../../../../cloud/local/desk/clock.ts';
import type { Item } from '../../../../cloud/local/dynamodb/stream.ts';
import { Tables } from '../../../../cloud/local/dynamodb/tables.ts';
import { Faults } from '../../../../cloud/local/services/faults.ts';

const clock = createClock();
const tables = new Tables(clock, new Faults());
const streamArn = await tables.create(
  'things',
  {
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
  },
  { streamView: 'NEW_AND_OLD_IMAGES', expiresBy: null },
);
const stream = tables.stream(streamArn!);

const ask = (operation: string, input: object) =>
  tables.serve({
    method: 'POST',
    url: '/',
    headers: { 'x-amz-target': `DynamoDB_20120810.${operation}` },
    body: Buffer.from(JSON.stringify(input)),
    caller: 'test',
    decide: () => 'allow',
  });

const TableName = 'things';
const id = fc.constantFrom('a', 'b', 'c').map((S) => ({ id: { S } }));
const value = fc.integer({ min: 0, max: 2 }).map((n) => ({ N: `${n}` }));
const write = fc.oneof(
  fc
    .record({ key: id, v: value })
    .map(({ key, v }) => ['PutItem', { TableName, Item: { ...key, v } }] as const),
  fc.record({ key: id, v: value }).map(({ key, v }) => {
    const UpdateExpression = 'SET v = :v ADD times :one';
    const ExpressionAttributeValues = { ':v': v, ':one': { N: '1' } };
    return ['UpdateItem', { TableName, Key: key, UpdateExpression, ExpressionAttributeValues }] as const;
  }),
  id.map((Key) => ['DeleteItem', { TableName, Key }] as const),
  id.map((Key) => {
    const ConditionExpression = 'attribute_not_exists(times)';
    return ['DeleteItem', { TableName, Key, ConditionExpression }] as const;
  }),
  value.map((v) => {
    const things = [
      { PutRequest: { Item: { id: { S: 'a' }, v } } },
      { DeleteRequest: { Key: { id: { S: 'b' } } } },
    ];
    return ['BatchWriteItem', { RequestItems: { things } }] as const;
  }),
);

test('what was written at once by many, replayed from the stream, is the table', async () => {
  const replayed = new Map<string, Item>();
  let position = stream.trimHorizon;
  let last = 0n;
  await fc.assert(
    fc.asyncProperty(fc.array(write, { maxLength: 12 }), async (writes) => {
      await Promise.all(writes.map(([operation, input]) => ask(operation, input)));
      const { records, next } = stream.read(position, 1000);
      position = next;
      for (const { eventName, dynamodb } of records) {
        const { Keys, OldImage, NewImage, SequenceNumber } = dynamodb;
        const key = Keys.id!.S!;
        assert.ok(BigInt(SequenceNumber) > last);
        last = BigInt(SequenceNumber);
        assert.equal(OldImage, replayed.get(key), 'each change begins where the one before ended');
        assert.not.equal(OldImage, NewImage);
        assert.is(eventName, OldImage ? (NewImage ? 'MODIFY' : 'REMOVE') : 'INSERT');
        if (NewImage) replayed.set(key, NewImage);
        else replayed.delete(key);
      }
      const { Items = [] } = await (await tables.client()).send(new ScanCommand({ TableName }));
      const kept = Items.map((item): [string, unknown] => [item.id!.S!, item]);
      assert.equal(Object.fromEntries(kept), Object.fromEntries(replayed));
    }),
    { numRuns: 25 },
  );
  assert.ok(last > 0n, 'something was written');
});

test.after(async () => {
  clock.close();
  await tables.close();
});

test.run();
