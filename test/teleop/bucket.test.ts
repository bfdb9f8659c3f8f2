import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Bucket, Buckets } from '../../firmware/teleop/bucket.ts';

const takes = (bucket: Bucket, times: number, nowMs: number) =>
  Array.from({ length: times }, () => bucket.take(nowMs)).filter(Boolean).length;

test('a burst at once, then the rate', () => {
  const bucket = new Bucket(10, 5, 0);
  assert.is(takes(bucket, 20, 0), 5);
  assert.is(takes(bucket, 20, 99), 0);
  assert.is(takes(bucket, 20, 100), 1);
  assert.is(takes(bucket, 20, 10_000), 5);
});

test('a clock set back gives nothing and takes nothing', () => {
  const bucket = new Bucket(10, 1, 1000);
  assert.ok(bucket.take(1000));
  assert.not(bucket.take(0));
  assert.ok(bucket.take(100));
});

test('callers do not share; the one unused for longest makes room', () => {
  const buckets = new Buckets(1, 1, 2);
  assert.ok(buckets.take('a', 0) && buckets.take('b', 0));
  assert.not(buckets.take('a', 0));
  assert.ok(buckets.take('c', 0), 'b makes room');
  assert.not(buckets.take('a', 0));
  assert.ok(buckets.take('b', 0));
});

test.run();
