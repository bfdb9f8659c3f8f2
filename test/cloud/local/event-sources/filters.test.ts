import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { messageFilter, streamFilter } from '../../../../cloud/local/event-sources/filters.ts';

const criteria = (...patterns: object[]) => ({
  Filters: patterns.map((pattern) => ({ Pattern: JSON.stringify(pattern) })),
});

/** The table of https://docs.aws.amazon.com/lambda/latest/dg/with-sqs-filtering.html, and what follows from it. */
const messages: readonly (readonly [pattern: object, body: string, passes: boolean])[] = [
  [{ body: ['hello'] }, 'hello', true],
  [{ body: ['hello'] }, 'bye', false],
  [{ body: ['hello'] }, '{"hello":1}', false],
  [{ body: [{ prefix: 'he' }] }, 'hello', true],
  [{ body: { RequestCode: ['BBBB'] } }, '{"RequestCode":"BBBB"}', true],
  [{ body: { RequestCode: ['BBBB'] } }, '{"RequestCode":"AAAA"}', false],
  [{ body: { RequestCode: ['BBBB'] } }, 'BBBB', false],
  [{ body: { RequestCode: [{ exists: false }] } }, 'no JSON', false],
  [{ body: { n: [{ numeric: ['>', 5] }] } }, '{"n":6}', true],
];

for (const [pattern, body, passes] of messages) {
  test(`a message ${body} ${passes ? 'passes' : 'does not pass'} ${JSON.stringify(pattern)}`, () => {
    assert.is(messageFilter(criteria(pattern))({ body }), passes);
  });
}

test('one of several filters is enough, and none lets all pass', () => {
  const filter = messageFilter(criteria({ body: ['a'] }, { body: ['b'] }));
  assert.equal(
    ['a', 'b', 'c'].map((body) => filter({ body })),
    [true, true, false],
  );
  assert.ok(messageFilter()({ body: 'x' }));
  assert.ok(streamFilter({ Filters: [] })({ eventName: 'INSERT' }));
});

test('records of a stream are told apart by who deleted', () => {
  const expiry = streamFilter(
    criteria({ userIdentity: { type: ['Service'], principalId: ['dynamodb.amazonaws.com'] } }),
  );
  const userIdentity = { type: 'Service', principalId: 'dynamodb.amazonaws.com' };
  assert.ok(expiry({ eventName: 'REMOVE', userIdentity }));
  assert.not(expiry({ eventName: 'REMOVE' }));
});

test('what is no filter is refused', () => {
  const said = (make: () => unknown) => {
    try {
      make();
      return 'nothing';
    } catch (error) {
      return (error as Error).message;
    }
  };
  const six = criteria(...Array.from({ length: 6 }, () => ({ body: ['a'] })));
  assert.match(
    said(() => messageFilter(six)),
    'at most 5',
  );
  assert.match(
    said(() => messageFilter(criteria({ attributes: { a: ['b'] } }))),
    'on attributes',
  );
  assert.match(
    said(() => streamFilter({ Filters: [{ Pattern: 'x' }] })),
    'a JSON object',
  );
  assert.match(
    said(() => streamFilter(criteria({ eventName: 'INSERT' }))),
    'must be an object or an array',
  );
});

test.run();
