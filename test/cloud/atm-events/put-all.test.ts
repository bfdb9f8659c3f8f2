import type { PutEventsRequestEntry, PutEventsResultEntry } from '@aws-sdk/client-eventbridge';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  FIRST_WAIT_MS,
  MAX_ENTRIES,
  MAX_REQUEST_BYTES,
  MAX_TRIES,
} from '../../../cloud/atm-events/constants.ts';
import {
  type PutAllOptions,
  putAll,
  requestsOf,
  sizeOf,
} from '../../../cloud/atm-events/put-all.lambda-shared.ts';
import { sizeOf as sizeOnTheDesk } from '../../../cloud/local/events/put-events.ts';

const entry = (id: number, bytes = 10): PutEventsRequestEntry => ({
  Source: 's',
  DetailType: 'd',
  Detail: `${id}`.padEnd(bytes, '.'),
});
const idOf = ({ Detail = '' }: PutEventsRequestEntry) => Number.parseInt(Detail, 10);

/** A bus that answers each try of each entry as told; it knows what it took. */
function busOf(
  answer: (id: number, tries: number) => string | null,
  whole: (request: number) => string | null = () => null,
) {
  const taken: number[] = [];
  const tries = new Map<number, number>();
  const waits: number[] = [];
  let requests = 0;
  const options: PutAllOptions = {
    async put(entries): Promise<PutEventsResultEntry[]> {
      requests++;
      assert.ok(entries.length >= 1 && entries.length <= MAX_ENTRIES);
      assert.ok(entries.reduce((sum, one) => sum + sizeOf(one), 0) < MAX_REQUEST_BYTES);
      const failure = whole(requests);
      if (failure !== null) throw Object.assign(new Error('as told'), { name: failure });
      return entries.map((one) => {
        const id = idOf(one);
        tries.set(id, (tries.get(id) ?? 0) + 1);
        const ErrorCode = answer(id, tries.get(id)!);
        if (ErrorCode !== null) return { ErrorCode, ErrorMessage: 'as told' };
        taken.push(id);
        return { EventId: `e${id}` };
      });
    },
    mayWait: () => true,
    sleep: async (ms) => void waits.push(ms),
    random: () => 1,
  };
  return { options, taken, tries, waits };
}

test('every entry is taken once, or given back; never both, never neither', async () => {
  const codes = [
    'ThrottlingException',
    'InternalFailure',
    'MalformedDetail',
    'NotAuthorizedForSourceException',
  ];
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 35 }),
      fc.array(fc.array(fc.constantFrom(null, null, ...codes), { maxLength: 8 }), { maxLength: 35 }),
      fc.array(fc.constantFrom(null, null, 'TimeoutError', 'AccessDeniedException'), { maxLength: 12 }),
      async (count, answers, requests) => {
        const { options, taken, tries } = busOf(
          (id, attempt) => answers[id]?.[attempt - 1] ?? null,
          (request) => requests[request - 1] ?? null,
        );
        const { unput } = await putAll(
          Array.from({ length: count }, (_, id) => entry(id)),
          options,
        );
        const back = unput.map((one) => idOf(one.entry));
        assert.equal(
          [...taken, ...back].sort((a, b) => a - b),
          Array.from({ length: count }, (_, id) => id),
        );
        assert.ok([...tries.values()].every((attempts) => attempts <= MAX_TRIES));
      },
    ),
    { numRuns: 200 },
  );
});

test('waits grow, up to the last try; what can not be helped is not tried again', async () => {
  const { options, waits, tries } = busOf((id) => (id === 0 ? 'MalformedDetail' : 'ThrottlingException'));
  const { unput, retried } = await putAll([entry(0), entry(1)], options);
  assert.equal(
    waits,
    [1, 2, 4, 8].map((factor) => factor * FIRST_WAIT_MS),
  );
  assert.equal(
    [...tries],
    [
      [0, 1],
      [1, MAX_TRIES],
    ],
  );
  assert.equal(
    unput.map(({ code, tries }) => [code, tries]),
    [
      ['MalformedDetail', 1],
      ['ThrottlingException', MAX_TRIES],
    ],
  );
  assert.is(retried, MAX_TRIES - 1);
});

test('without time to wait, what is left is given back', async () => {
  const { options, tries } = busOf(() => 'ThrottlingException');
  const { unput } = await putAll([entry(1)], { ...options, mayWait: () => false });
  assert.equal([unput.length, tries.get(1)], [1, 1]);
});

test('an answer that is missing counts as a failure', async () => {
  const { options } = busOf(() => null);
  const { unput } = await putAll([entry(1)], { ...options, put: async () => [] });
  assert.equal(
    unput.map(({ code, tries }) => [code, tries]),
    [['InternalFailure', MAX_TRIES]],
  );
});

test('a refusal of the whole request is final, a lost connection is not', async () => {
  for (const [name, expected] of [
    ['AccessDeniedException', 1],
    ['TimeoutError', 0],
  ] as const) {
    const { options } = busOf(
      () => null,
      (request) => (request === 1 ? name : null),
    );
    assert.is((await putAll([entry(1)], options)).unput.length, expected, name);
  }
});

test('requests are as large as they may be, in order', () => {
  const sizes = (entries: readonly PutEventsRequestEntry[]) =>
    requestsOf(entries).map((request) => request.map(idOf));
  const many = Array.from({ length: 21 }, (_, id) => entry(id));
  assert.equal(
    sizes(many).map((ids) => ids.length),
    [10, 10, 1],
  );
  // Source and type take 2 bytes each time.
  const half = MAX_REQUEST_BYTES / 2 - 2;
  assert.equal(sizes([entry(1, half), entry(2, half), entry(3)]), [[1], [2, 3]]);
  assert.equal(sizes([entry(1, half), entry(2, half - 1)]), [[1, 2]]);
  assert.equal(sizes([]), []);
});

test('sizes are counted as the bus counts them', () => {
  const Time = new Date();
  for (const one of [entry(1), { ...entry(2), Time }, { ...entry(3), Detail: 'äöü€😀' }]) {
    const { Time: at, ...rest } = one as PutEventsRequestEntry;
    const onTheDesk = { ...rest, ...(at ? { Time: at.getTime() / 1000 } : {}) } as Parameters<
      typeof sizeOnTheDesk
    >[0];
    assert.is(sizeOf(one), sizeOnTheDesk(onTheDesk));
  }
});

test.run();
