import { DeleteItemCommand } from '@aws-sdk/client-dynamodb';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { until } from '../local/rig.ts';
import { deploy } from './deployed.ts';
import { BLANKED_ROWS, BUCKET, ROWS, TABLE } from './lake.ts';
import { mostResidentMiB, putLarge } from './large.ts';

const deployed = await deploy();
const { desk, s3, put, read, tagsOf, item, reports } = deployed;
test.after(() => deployed.close());

/** Larger than what the function is allowed to take. */
const LARGE_MIB = 260;
const MAX_RESIDENT_MIB = 256;
const FIVE_MINUTES_MS = 301_000;

const rewritten = (key: string) => async () => (await tagsOf(key)).includes('PROCESSED=True');
const linesWith = (text: string) => desk.lines.filter((line) => line.includes(text)).length;

test("the post's outcome: the item goes, the contents with it, and nothing is put down again", async () => {
  const key = 'dataset/mock uploaded_data.json';
  await put(key, `${ROWS.join('\n')}\n`);
  await put('elsewhere/mock_uploaded_data.json', ROWS[0]!);
  await until(async () => (await item(key)) !== null);
  desk.clock.skip(FIVE_MINUTES_MS);
  await until(rewritten(key));
  assert.is((await read(key)).text, `${BLANKED_ROWS.join('\n')}\n`);
  assert.equal((await read('elsewhere/mock_uploaded_data.json')).tags, []);
  // The function is told of its own work, and passes over it.
  await until(() => linesWith('"result":"tagged"') === 1);
  assert.is(await item(key), null);
  assert.equal(await reports(), []);
});

test('many at once, poison among them: each is done, or reported, once', async () => {
  const keys = Array.from({ length: 6 }, (_, at) => `dataset/many/${at}.json`);
  await Promise.all(keys.map((key) => put(key, ROWS.join('\n'))));
  await put('dataset/many/poison.json', `${ROWS[0]}\n{"a":`);
  await put('dataset/many/latin1.json', Buffer.from('{"a":"caf\u00e9"}', 'latin1'));
  await until(async () => (await Promise.all(keys.map(item))).every((one) => one !== null));
  await until(async () => (await item('dataset/many/poison.json')) !== null);
  await until(async () => (await item('dataset/many/latin1.json')) !== null);
  desk.s3.faults.failNext('SlowDown', { operation: 'PutObject', status: 503, times: 2 });
  desk.clock.skip(FIVE_MINUTES_MS);
  const found: Readonly<Record<string, unknown>>[] = [];
  await until(async () => {
    found.push(...(await reports()));
    return found.length >= 2 && (await Promise.all(keys.map((key) => rewritten(key)()))).every(Boolean);
  }, 30_000);
  assert.equal(found.map(({ path, reason }) => `${reason} ${path}`).sort(), [
    `encoding s3://${BUCKET}/dataset/many/latin1.json`,
    `malformed s3://${BUCKET}/dataset/many/poison.json`,
  ]);
  for (const key of keys) {
    assert.is((await read(key)).text, BLANKED_ROWS.join('\n'), key);
    assert.is(linesWith(`"path":"s3://${BUCKET}/${key}","Rewritten":1`), 1, key);
  }
});

test('what somebody deletes from the table is called off', async () => {
  await put('dataset/called-off.json', ROWS[0]!);
  await put('dataset/after.json', ROWS[0]!);
  await until(async () => (await item('dataset/called-off.json')) !== null);
  await until(async () => (await item('dataset/after.json')) !== null);
  const Key = { path: { S: `s3://${BUCKET}/dataset/called-off.json` } };
  await (await desk.tables.client()).send(new DeleteItemCommand({ TableName: TABLE, Key }));
  desk.clock.skip(FIVE_MINUTES_MS);
  await until(rewritten('dataset/after.json'));
  assert.equal((await read('dataset/called-off.json')).tags, []);
});

test('another object of the same name starts anew', async () => {
  const key = 'dataset/again.json';
  await put(key, ROWS[0]!);
  await until(async () => (await item(key)) !== null);
  const first = await item(key);
  desk.clock.skip(200_000);
  await put(key, ROWS[1]!);
  await until(async () => (await item(key))?.etag !== first?.etag);
  desk.clock.skip(200_000);
  assert.is((await read(key)).text, ROWS[1]);
  desk.clock.skip(101_000);
  await until(rewritten(key));
  assert.is((await read(key)).text, BLANKED_ROWS[1]);
});

/** The object can't be read, nor put back. */
function breakDown(times: number): void {
  desk.s3.faults.failNext('AccessDenied', { operation: 'GetObject', status: 403, times });
  desk.faults.dynamodb.failNext('ValidationException', { operation: 'PutItem', times });
}

test('what can not even be put back comes again; in the end the queue is told where it stands', async () => {
  await put('dataset/by-stream.json', ROWS[0]!);
  await until(async () => (await item('dataset/by-stream.json')) !== null);
  breakDown(1);
  desk.clock.skip(FIVE_MINUTES_MS);
  await until(async () => {
    desk.clock.skip(1000);
    return await rewritten('dataset/by-stream.json')();
  });

  await put('dataset/lost.json', ROWS[0]!);
  await until(async () => (await item('dataset/lost.json')) !== null);
  breakDown(6);
  desk.clock.skip(FIVE_MINUTES_MS);
  const found: Readonly<Record<string, unknown>>[] = [];
  await until(async () => {
    desk.clock.skip(1000);
    found.push(...(await reports()));
    return found.length > 0;
  });
  const [{ requestContext, DDBStreamBatchInfo }] = found as unknown as [
    { requestContext: { condition: string }; DDBStreamBatchInfo: { batchSize: number; streamArn: string } },
  ];
  assert.equal([requestContext.condition, DDBStreamBatchInfo.batchSize], ['RetryAttemptsExhausted', 1]);
  assert.match(DDBStreamBatchInfo.streamArn, /table\/objects-to-process\/stream\//);
});

test('an object larger than the memory that the function takes', async () => {
  const { rows } = await putLarge(s3, BUCKET, 'dataset/large.json', LARGE_MIB);
  await until(async () => (await item('dataset/large.json')) !== null);
  desk.clock.skip(FIVE_MINUTES_MS);
  await until(
    () => linesWith(`"path":"s3://${BUCKET}/dataset/large.json","Rewritten":1,"Lines":${rows}`) === 1,
    60_000,
  );
  assert.ok(mostResidentMiB('Rewrite') < MAX_RESIDENT_MIB, `${mostResidentMiB('Rewrite')} MiB`);
});

test.run();
