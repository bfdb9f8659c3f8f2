import { type AttributeValue, ScanCommand } from '@aws-sdk/client-dynamodb';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createOnce } from '../../../cloud/common/once.lambda-shared.ts';
import { startDynamo } from '../dynamo.ts';

const dynamo = await startDynamo();
const { client } = dynamo;
await dynamo.create('sent', {
  Type: 'AWS::DynamoDB::Table',
  Properties: {
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    BillingMode: 'PAY_PER_REQUEST',
  },
});
let nowMs = 1_700_000_000_000;
const once = createOnce(client, { table: 'sent', leaseS: 60, keepS: 86_400 }, () => nowMs);
const items = async (): Promise<Record<string, AttributeValue>[]> =>
  (await client.send(new ScanCommand({ TableName: 'sent' }))).Items ?? [];

test('work is done once, however often it is asked for', async () => {
  let times = 0;
  const work = async () => {
    times += 1;
  };
  assert.equal([await once('a', work), await once('a', work), await once('a', work)], [true, false, false]);
  assert.is(times, 1);
  assert.is(await once('b', work), true, 'other work is another matter');
});

test('work that fails is done again', async () => {
  const failing = once('c', () => Promise.reject(new Error('throttled')));
  assert.is(await failing.catch((error: Error) => error.message), 'throttled');
  assert.is(await once('c', async () => undefined), true);
});

test('of two at a time one does it, and the other is told to come again', async () => {
  let finish = () => {};
  const first = once(
    'd',
    () =>
      new Promise<void>((resolve) => {
        finish = resolve;
      }),
  );
  const waiting = async () => (await items()).some(({ id, state }) => id?.S === 'd' && state?.S === 'begun');
  while (!(await waiting())) await new Promise((resolve) => setTimeout(resolve, 5));
  const second = await once('d', async () => assert.unreachable()).catch((error: Error) => error.message);
  assert.is(second, 'd is under way elsewhere');
  finish();
  assert.is(await first, true);
  assert.is(await once('d', async () => assert.unreachable()), false);
});

test('an attempt that died makes room once its lease is over', async () => {
  void once('e', () => new Promise(() => undefined));
  const begun = async () => (await items()).some(({ id }) => id?.S === 'e');
  while (!(await begun())) await new Promise((resolve) => setTimeout(resolve, 5));
  nowMs += 60_000;
  const early = await once('e', async () => undefined).catch((error: Error) => error.message);
  assert.is(early, 'e is under way elsewhere');
  nowMs += 1000;
  assert.is(await once('e', async () => undefined), true);
});

test('what was done is forgotten after a while', async () => {
  await once('f', async () => undefined);
  const item = (await items()).find(({ id }) => id?.S === 'f');
  assert.is(Number(item?.expiresAt?.N), Math.floor(nowMs / 1000) + 86_400);
});

test.after(() => dynamo.close());

test.run();
