import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { failedPlaces } from '../../../../cloud/local/event-sources/answer.ts';

const failing = (...names: unknown[]) => ({
  batchItemFailures: names.map((itemIdentifier) => ({ itemIdentifier })),
});
const rows: readonly (readonly [answer: unknown, failed: readonly number[]])[] = [
  [null, []],
  [{}, []],
  [{ batchItemFailures: [] }, []],
  [{ batchItemFailures: null }, []],
  [{ statusCode: 200 }, []],
  [failing('b'), [1]],
  [failing('c', 'a', 'c'), [0, 2]],
  [failing(''), [0, 1, 2]],
  [failing(null), [0, 1, 2]],
  [failing('b', 'unknown'), [0, 1, 2]],
  [{ batchItemFailures: [{ messageId: 'b' }] }, [0, 1, 2]],
  [{ batchItemFailures: [null] }, [0, 1, 2]],
  [{ batchItemFailures: ['b'] }, [0, 1, 2]],
  [{ batchItemFailures: { itemIdentifier: 'b' } }, [0, 1, 2]],
  ['done', [0, 1, 2]],
  [7, [0, 1, 2]],
  [[], [0, 1, 2]],
];

for (const [answer, failed] of rows) {
  test(`of a batch of three, by ${JSON.stringify(answer)}, these failed: ${failed}`, () => {
    assert.equal(failedPlaces(JSON.stringify(answer), ['a', 'b', 'c']), failed);
  });
}

test.run();
