import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Body } from '../../../../cloud/local/s3/body.ts';
import { Bucket, type StoredObject } from '../../../../cloud/local/s3/bucket.ts';
import { pageOf } from '../../../../cloud/local/s3/listing.ts';
import type { Notifications } from '../../../../cloud/local/s3/notifications.ts';

const NOTHING: Omit<StoredObject, 'key'> = {
  headers: {},
  metadata: {},
  tags: new Map(),
  etag: '""',
  size: 0,
  modifiedMs: 0,
  body: new Body([]),
  checksum: null,
  parts: null,
};

function bucketOf(keys: readonly string[]): Bucket {
  const bucket = new Bucket({ name: 'b', notifications: {} as Notifications, encryption: 'AES256' });
  for (const key of keys) bucket.put({ ...NOTHING, key });
  return bucket;
}

const key = fc.string({
  unit: fc.constantFrom('a', 'b', '/', '-', 'ü', '\uffee', '\u{1f916}'),
  minLength: 1,
  maxLength: 6,
});

test('pages of any length, one after another, give every key or its common prefix once and in order', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(key, { maxLength: 25 }),
      fc.constantFrom('', 'a', 'a/', 'b-'),
      fc.constantFrom('', '/', '-', '/a'),
      fc.integer({ min: 1, max: 8 }),
      (keys, prefix, delimiter, maxKeys) => {
        const bucket = bucketOf(keys);
        const expected = new Set(
          keys
            .filter((one) => one.startsWith(prefix))
            .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
            .map((one) => {
              const cut = delimiter === '' ? -1 : one.indexOf(delimiter, prefix.length);
              return cut < 0 ? `object ${one}` : `prefix ${one.slice(0, cut + delimiter.length)}`;
            }),
        );
        const seen: string[] = [];
        let after: string | null = '';
        while (after !== null) {
          const { objects, prefixes, next } = pageOf(bucket, { prefix, delimiter, after, maxKeys });
          const length = objects.length + prefixes.length;
          assert.ok(next === null ? length <= maxKeys : length === maxKeys);
          seen.push(...objects.map((one) => `object ${one.key}`), ...prefixes.map((one) => `prefix ${one}`));
          after = next;
        }
        assert.is(seen.length, expected.size);
        assert.equal(seen.sort(), [...expected].sort());
      },
    ),
    { numRuns: 500 },
  );
});

test('what comes and goes between pages shifts nothing', () => {
  const bucket = bucketOf(['a', 'c', 'e', 'g']);
  const first = pageOf(bucket, { prefix: '', delimiter: '', after: '', maxKeys: 2 });
  bucket.remove('c');
  bucket.put({ ...NOTHING, key: 'b' });
  bucket.put({ ...NOTHING, key: 'd' });
  const second = pageOf(bucket, { prefix: '', delimiter: '', after: first.next!, maxKeys: 10 });
  assert.equal(
    second.objects.map((one) => one.key),
    ['d', 'e', 'g'],
  );
});

test.run();
