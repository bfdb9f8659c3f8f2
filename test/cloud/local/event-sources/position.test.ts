import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createClock } from '../../../../cloud/local/desk/clock.ts';
import { createLog } from '../../../../cloud/local/desk/log.ts';
import { Targets } from '../../../../cloud/local/desk/targets.ts';
import { TableStream } from '../../../../cloud/local/dynamodb/stream.ts';
import { StreamMapping } from '../../../../cloud/local/event-sources/stream-mapping.ts';
import type { FunctionConfig } from '../../../../cloud/local/lambda/functions.ts';
import { until } from '../rig.ts';

const EVERYTHING = {
  batchSize: 10,
  windowMs: 0,
  reportsFailures: false,
  maxRetries: 0,
  maxAgeS: 60,
  bisects: false,
  lanes: 1,
  onFailure: null,
  filter: () => true,
};

for (const [startsAt, expected] of [
  ['TRIM_HORIZON', 'before,after'],
  ['LATEST', 'after'],
] as const) {
  test(`a mapping that starts at ${startsAt} gets ${expected}`, async () => {
    const clock = createClock();
    const stream = new TableStream('arn', 'KEYS_ONLY', clock);
    const add = (id: string) =>
      stream.add({ keys: { id: { S: id } }, before: null, after: { id: { S: id } }, expired: false });
    const got: unknown[] = [];
    add('before');
    const mapping = new StreamMapping(
      stream,
      { ...EVERYTHING, startsAt },
      {
        config: {} as FunctionConfig,
        targets: new Targets(),
        clock,
        log: createLog(() => undefined),
        invoke: async (records) => {
          got.push(...records);
          return { requestId: 'one', outcome: { ok: true, payload: 'null' } };
        },
      },
    );
    add('after');
    mapping.start();
    await until(() => mapping.progress.pending === 0 && got.length > 0);
    const ids = got.map(
      (record) => (record as { dynamodb: { Keys: { id: { S: string } } } }).dynamodb.Keys.id.S,
    );
    assert.is(ids.join(), expected);
    mapping.close();
    add('closed');
    await Promise.resolve();
    assert.is(got.length, ids.length);
    clock.close();
  });
}

test.run();
