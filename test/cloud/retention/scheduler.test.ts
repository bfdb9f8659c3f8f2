import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { until } from '../local/rig.ts';
import { deploy } from './deployed.ts';
import { BLANKED_ROWS, BUCKET, ROWS } from './lake.ts';

const deployed = await deploy({ retentionExpiry: 'scheduler', retentionTtlS: '600' });
const { desk, put, read, reports } = deployed;
test.after(() => deployed.close());

/** Names of schedules that are there. */
const schedules = () => desk.schedules.all.filter(({ GroupName }) => GroupName === 'roverd-retention');

test('an object is rewritten ten minutes after it came, and not before', async () => {
  await put('dataset/a b.json', ROWS.join('\n'));
  await put('elsewhere/a.json', ROWS.join('\n'));
  await until(() => schedules().length === 1);
  desk.clock.skip(590_000);
  assert.is((await read('dataset/a b.json')).text, ROWS.join('\n'));
  desk.clock.skip(70_000);
  await until(async () => (await read('dataset/a b.json')).tags.length > 0);
  assert.is((await read('dataset/a b.json')).text, BLANKED_ROWS.join('\n'));
  assert.is((await read('elsewhere/a.json')).text, ROWS.join('\n'));
  await until(() => schedules().length === 0);
});

test('what fails is put back, and done by the next schedule', async () => {
  const etag = await put('dataset/throttled.json', ROWS[0]!);
  await until(() => schedules().length === 1);
  desk.s3.faults.failNext('SlowDown', { operation: 'GetObject', status: 503, times: 3 });
  desk.clock.skip(605_000);
  const putBack = `"path":"s3://${BUCKET}/dataset/throttled.json","attempts":1`;
  await until(() => desk.lines.some((line) => line.includes(putBack)));
  assert.is((await read('dataset/throttled.json')).etag, etag);
  await until(() => schedules().length === 1);
  desk.clock.skip(200_000);
  await until(async () => (await read('dataset/throttled.json')).tags.length > 0);
  assert.is((await read('dataset/throttled.json')).text, BLANKED_ROWS[0]);
});

test('what can not be done is reported', async () => {
  await put('dataset/malformed.json', '[1]');
  await until(() => schedules().length === 1);
  desk.clock.skip(660_000);
  let found: Awaited<ReturnType<typeof reports>> = [];
  await until(async () => {
    found = await reports();
    return found.length > 0;
  });
  assert.equal(
    found.map(({ path, reason }) => [path, reason]),
    [[`s3://${BUCKET}/dataset/malformed.json`, 'malformed']],
  );
  assert.equal((await read('dataset/malformed.json')).tags, []);
});

test.run();
