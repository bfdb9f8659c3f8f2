import type { S3Event } from 'aws-lambda';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { scheduleAll } from '../../../cloud/retention/schedule.lambda-shared.ts';
import { BUCKET, openLake, ROWS } from './lake.ts';

const lake = await openLake();
const { desk, options, put, item } = lake;
test.after(() => lake.close());

/** As S3 tells of objects: keys as a form would send them. */
function event(...keys: string[]): S3Event {
  const Records = keys.map((key) => ({
    eventSource: 'aws:s3',
    eventName: 'ObjectCreated:Put',
    s3: {
      bucket: { name: BUCKET },
      object: { key: encodeURIComponent(key).replaceAll('%20', '+').replaceAll('%2F', '/') },
    },
  }));
  return { Records } as unknown as S3Event;
}
const schedule = (...keys: string[]) => scheduleAll(event(...keys), options.s3, options.agenda, 300);

test('every object of an event is put down, for five minutes after it was stored', async () => {
  const keys = ['dataset/a.json', 'dataset/b c+d.json', 'dataset/ü/漢字?#%25&=.json', 'dataset//deep/.'];
  const beforeS = Math.floor(Date.now() / 1000);
  const etags = await Promise.all(keys.map((key) => put(key, ROWS[0]!)));
  const afterS = Math.floor(Date.now() / 1000);
  await schedule(...keys);
  for (const [index, key] of keys.entries()) {
    const due = await item(key);
    assert.equal(due, { path: `s3://${BUCKET}/${key}`, etag: etags[index], dueS: due?.dueS, attempts: 0 });
    assert.ok(due!.dueS >= beforeS + 300 && due!.dueS <= afterS + 300, `${due!.dueS}`);
  }
});

test('the same event later, or an older one after a newer, comes to the same', async () => {
  await put('dataset/twice', ROWS[0]!);
  await schedule('dataset/twice');
  await put('dataset/twice', ROWS[1]!);
  await schedule('dataset/twice');
  const due = await item('dataset/twice');
  desk.clock.skip(120_000);
  await schedule('dataset/twice', 'dataset/twice');
  assert.equal(await item('dataset/twice'), due);
});

test('what is empty, tagged or gone is passed over', async () => {
  await put('dataset/empty', '');
  await put('dataset/rewritten', ROWS[0]!, { Tagging: 'PROCESSED=True' });
  await put('dataset/tagged', ROWS[0]!, { Tagging: 'team=red' });
  await schedule('dataset/empty', 'dataset/rewritten', 'dataset/tagged', 'dataset/gone');
  for (const key of ['dataset/empty', 'dataset/rewritten', 'dataset/tagged', 'dataset/gone']) {
    assert.is(await item(key), null, key);
  }
});

test('one that fails has the event come again, and holds none of the others up', async () => {
  await put('dataset/first', ROWS[0]!);
  await put('dataset/second', ROWS[0]!);
  desk.s3.faults.failNext('SlowDown', { operation: 'GetObjectTagging', status: 503 });
  const failed = await schedule('dataset/first', 'dataset/second').catch(({ name }: Error) => name);
  assert.is(failed, 'SlowDown');
  const down = await Promise.all(['dataset/first', 'dataset/second'].map(item));
  assert.is(down.filter((one) => one !== null).length, 1);
  await schedule('dataset/first', 'dataset/second');
  assert.ok(await item('dataset/first'));
  assert.ok(await item('dataset/second'));
});

test('an event about no object, as S3 sends to try, is nothing', async () => {
  const tried = { Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: BUCKET } as unknown as S3Event;
  await scheduleAll(tried, options.s3, options.agenda, 300);
});

test.run();
