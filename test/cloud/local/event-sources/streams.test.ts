import { DeleteItemCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { functionResources, openRig, until, writeStack } from '../rig.ts';

const arnOf = (name: string) => ({ 'Fn::GetAtt': [name, 'Arn'] });
const streamOf = (name: string) => ({ 'Fn::GetAtt': [`${name}Table`, 'StreamArn'] });
const mayRead = (name: string) => [
  {
    Effect: 'Allow',
    Action: ['dynamodb:GetRecords', 'dynamodb:GetShardIterator', 'dynamodb:DescribeStream'],
    Resource: streamOf(name),
  },
  { Effect: 'Allow', Action: 'dynamodb:ListStreams', Resource: '*' },
  { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: arnOf('Lost') },
];

/** A table NameTable whose stream feeds a function Name. */
const fed = (name: string, mapping: object = {}, environment: Readonly<Record<string, string>> = {}) => ({
  [`${name}Table`]: {
    Type: 'AWS::DynamoDB::Table',
    Properties: {
      TableName: name,
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
      TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
    },
  },
  ...functionResources(name, { Environment: { Variables: environment } }, mayRead(name)),
  [`${name}Mapping`]: {
    Type: 'AWS::Lambda::EventSourceMapping',
    Properties: {
      EventSourceArn: streamOf(name),
      FunctionName: { Ref: name },
      StartingPosition: 'TRIM_HORIZON',
      MaximumBatchingWindowInSeconds: 2,
      DestinationConfig: { OnFailure: { Destination: arnOf('Lost') } },
      ...mapping,
    },
  },
});

/** What an item is called says what becomes of it. ANSWER: how failures are told; otherwise by throwing. */
const worker = `
  const seen = new Map();
  export const handler = async ({ Records }) => {
    const ids = Records.map(({ dynamodb }) => dynamodb.Keys.id.S + (dynamodb.NewImage?.n?.N ?? ''));
    console.log('batch', process.hrtime.bigint(), ids.join());
    for (const id of ids) seen.set(id, (seen.get(id) ?? 0) + 1);
    if (ids.some((id) => id.startsWith('slow'))) await new Promise((done) => setTimeout(done, 50 * Math.random()));
    const failed = Records.filter((_, at) => ids[at].startsWith('poison') || (ids[at].startsWith('moody') && seen.get(ids[at]) < 2));
    if (failed.length === 0) return null;
    if (process.env.ANSWER === 'odd') return { batchItemFailures: [{ itemIdentifier: '' }] };
    if (process.env.ANSWER !== 'exact') throw new Error('not these');
    return { batchItemFailures: failed.map(({ dynamodb }) => ({ itemIdentifier: dynamodb.SequenceNumber })) };
  };`;
const REPORTS = { FunctionResponseTypes: ['ReportBatchItemFailures'] };
const expiryOnly = { userIdentity: { type: ['Service'], principalId: ['dynamodb.amazonaws.com'] } };
const lost = { Lost: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'lost' } } };
const written = writeStack(
  {
    ...lost,
    ...functionResources('Editor', {}, [{ Effect: 'Allow', Action: 'dynamodb:DeleteItem', Resource: '*' }]),
    ...fed('Halved', { BisectBatchOnFunctionError: true, MaximumRetryAttempts: 1 }),
    ...fed('Plain', { MaximumRetryAttempts: 2, BatchSize: 3 }),
    ...fed('Exact', { ...REPORTS, MaximumRetryAttempts: 5 }, { ANSWER: 'exact' }),
    ...fed(
      'Both',
      { ...REPORTS, BisectBatchOnFunctionError: true, MaximumRetryAttempts: 0 },
      { ANSWER: 'exact' },
    ),
    ...fed('Odd', { ...REPORTS, MaximumRetryAttempts: 0 }, { ANSWER: 'odd' }),
    ...fed('Aged', { MaximumRecordAgeInSeconds: 60 }),
    ...fed('Lanes', {
      ParallelizationFactor: 4,
      BatchSize: 2,
      MaximumBatchingWindowInSeconds: 0,
      MaximumRetryAttempts: 3,
    }),
    ...fed('Expired', { FilterCriteria: { Filters: [{ Pattern: JSON.stringify(expiryOnly) }] } }),
  },
  Object.fromEntries(
    ['Editor', 'Halved', 'Plain', 'Exact', 'Both', 'Odd', 'Aged', 'Lanes', 'Expired'].map((name) => [
      name,
      worker,
    ]),
  ),
);
const desk = await openRig(written.stack);
/** In the order of their beginning: every process prints the time of the same clock. */
const batches = (name: string) =>
  desk.lines
    .flatMap((line) => {
      const [, at, ids] = new RegExp(`^${name} batch (\\d+)n (.*)`).exec(line) ?? [];
      return at === undefined ? [] : [{ at: BigInt(at), ids: ids! }];
    })
    .sort((a, b) => (a.at < b.at ? -1 : 1))
    .map(({ ids }) => ids);
const put = async (table: string, ...ids: string[]) => {
  for (const id of ids) await desk.tables.put(table, { id: { S: id } });
};
/** Lets the window pass, and every wait before another try. */
const settled = () =>
  until(() => {
    if (desk.mappings.pending === 0) return true;
    desk.clock.skip(2000);
    return false;
  });

interface Told {
  readonly requestContext: Readonly<Record<string, unknown>>;
  readonly responseContext: unknown;
  readonly version: string;
  readonly DDBStreamBatchInfo: Readonly<Record<string, unknown>>;
}
/** What the destination heard since the last time. */
const told = (): Told[] => {
  const bodies = desk.queues.bodies('lost').map((body) => JSON.parse(body) as Told);
  desk.queues.find('arn:aws:sqs:eu-central-1:123456789012:lost').purge();
  return bodies;
};
const streamArn = (table: string) =>
  `arn:aws:dynamodb:eu-central-1:123456789012:table/${table}/stream/2026-01-01T00:00:00.000`;
const numberOf = (table: string, id: string) => {
  const stream = desk.tables.stream(streamArn(table));
  const { records } = stream.read(stream.trimHorizon, 1000);
  return records.find(({ dynamodb }) => dynamodb.Keys.id?.S === id)!.dynamodb.SequenceNumber;
};

test('a poison record is found by halving and given up alone; all others are done', async () => {
  await put('Halved', 'a', 'b', 'c', 'poison', 'd', 'e', 'f', 'g');
  await settled();
  assert.equal(batches('Halved'), [
    'a,b,c,poison,d,e,f,g',
    'a,b,c,poison',
    'a,b',
    'c,poison',
    'c',
    'poison',
    'poison',
    'd,e,f,g',
  ]);
  const [record, ...others] = told();
  assert.is(others.length, 0);
  const number = numberOf('Halved', 'poison');
  const { approximateArrivalOfFirstRecord: first, shardId, ...info } = record!.DDBStreamBatchInfo;
  assert.match(String(first), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  assert.match(String(shardId), /^shardId-/);
  assert.equal(info, {
    startSequenceNumber: number,
    endSequenceNumber: number,
    approximateArrivalOfLastRecord: first,
    batchSize: 1,
    streamArn: streamArn('Halved'),
  });
  const { requestId, ...context } = record!.requestContext;
  assert.match(String(requestId), /^[0-9a-f-]{36}$/);
  assert.equal(context, {
    functionArn: desk.functions.all.find(({ label }) => label === 'Halved')!.arn,
    condition: 'RetryAttemptsExhausted',
    approximateInvokeCount: 2,
  });
  assert.equal(record!.responseContext, {
    statusCode: 200,
    executedVersion: '$LATEST',
    functionError: 'Unhandled',
  });
  assert.is(record!.version, '1.0');
});

test('without halving the whole batch is tried again, good records and all, then given up; the next goes on', async () => {
  await put('Plain', 'a', 'poison', 'b', 'c', 'd');
  await settled();
  assert.equal(batches('Plain'), ['a,poison,b', 'a,poison,b', 'a,poison,b', 'c,d']);
  const [record] = told();
  assert.is(record?.requestContext.approximateInvokeCount, 3);
  assert.is(record?.DDBStreamBatchInfo.startSequenceNumber, numberOf('Plain', 'a'));
  assert.is(record?.DDBStreamBatchInfo.endSequenceNumber, numberOf('Plain', 'b'));
  assert.is(record?.DDBStreamBatchInfo.batchSize, 3);
});

test('what stands before the first reported record is done, what stands behind it comes again', async () => {
  await put('Exact', 'a', 'moody1', 'b', 'moody2', 'c');
  await settled();
  assert.equal(batches('Exact'), ['a,moody1,b,moody2,c', 'moody1,b,moody2,c']);
  assert.equal(told(), []);
});

test('with both, a batch is cut where the failure was reported', async () => {
  await put('Both', 'a', 'b', 'poison', 'c', 'd');
  await settled();
  assert.equal(batches('Both'), ['a,b,poison,c,d', 'poison,c,d', 'poison,c', 'poison', 'c', 'd']);
  assert.equal(
    told().map(({ DDBStreamBatchInfo }) => DDBStreamBatchInfo.startSequenceNumber),
    [numberOf('Both', 'poison')],
  );
});

test('an answer that names no record fails the whole batch', async () => {
  await put('Odd', 'a', 'poison');
  await settled();
  await put('Odd', 'b');
  await settled();
  assert.equal(batches('Odd'), ['a,poison', 'b']);
  const [record] = told();
  assert.is(record?.DDBStreamBatchInfo.batchSize, 2);
  assert.equal(record?.responseContext, {
    statusCode: 200,
    executedVersion: '$LATEST',
    functionError: null,
  });
});

test('a record that is too old is given up before the next try, and makes way', async () => {
  await put('Aged', 'poison');
  desk.clock.skip(2000);
  await until(() => desk.mappings.planned === 1);
  desk.clock.skip(62_000);
  await until(() => desk.mappings.pending === 0);
  await put('Aged', 'a');
  await settled();
  assert.equal(batches('Aged'), ['poison', 'a']);
  const [record] = told();
  assert.is(record?.requestContext.condition, 'RecordAgeExceeded');
  assert.is(record?.requestContext.approximateInvokeCount, 1);
});

test('with several batches at a time one item that fails holds up few others, and each item keeps its order', async () => {
  await put('Lanes', 'poison');
  for (let n = 1; n <= 4; n++) {
    for (let id = 0; id < 6; id++)
      await desk.tables.put('Lanes', { id: { S: `slow${id}` }, n: { N: `${n}` } });
  }
  const changes = () => batches('Lanes').flatMap((ids) => ids.split(','));
  const isDone = (id: number) => changes().includes(`slow${id}4`);
  await until(() => [0, 1, 2, 3, 4, 5].filter(isDone).length >= 3 && desk.mappings.planned === 1);
  assert.equal(told(), [], 'it is not given up yet');
  await settled();
  assert.is(told().length, 1);
  const held = changes().filter((id) => id.startsWith('poison'));
  assert.is(held.length, 4);
  for (let id = 0; id < 6; id++) {
    const seen = changes().filter((change) => change.startsWith(`slow${id}`));
    const once = [...new Set(seen)];
    assert.equal(once, [1, 2, 3, 4].map((n) => `slow${id}${n}`).slice(-once.length));
  }
});

test('an item that expired is told from one that was deleted', async () => {
  const { roleArn } = desk.functions.all.find(({ label }) => label === 'Editor')!;
  const client = new DynamoDBClient({
    endpoint: desk.services.url,
    region: 'eu-central-1',
    credentials: desk.principals.assume(roleArn, 'lambda.amazonaws.com'),
  });
  const pastS = Math.floor(desk.clock.nowMs() / 1000) - 10;
  await put('Expired', 'deleted');
  await client.send(new DeleteItemCommand({ TableName: 'Expired', Key: { id: { S: 'deleted' } } }));
  client.destroy();
  await desk.tables.put('Expired', { id: { S: 'expired' }, ttl: { N: `${pastS}` } });
  await desk.tables.expire();
  await settled();
  assert.equal(batches('Expired'), ['expired']);
});

const refused: readonly (readonly [mapping: object, said: string])[] = [
  [{ StartingPosition: undefined }, 'Expected the StartingPosition LATEST or TRIM_HORIZON'],
  [{ ParallelizationFactor: 11 }, 'Expected ParallelizationFactor of 1 to 10 but received 11'],
  [{ MaximumRecordAgeInSeconds: 59 }, 'Expected MaximumRecordAgeInSeconds of -1 or 60 and more'],
  [{ ScalingConfig: {} }, 'ScalingConfig: not for a source of this kind'],
  [
    { DestinationConfig: { OnFailure: { Destination: 'arn:aws:s3:::bucket' } } },
    'Expected a queue or a topic as destination',
  ],
];
for (const [mapping, said] of refused) {
  test(`refuses ${JSON.stringify(mapping)}: ${said}`, async () => {
    assert.match(await refusalOf({ ...lost, ...fed('Small', mapping) }), said);
  });
}

test('refuses a role that may not read the stream', async () => {
  assert.match(
    await refusalOf({ ...lost, ...fed('Small'), ...functionResources('Small') }),
    'the role may not perform GetRecords, GetShardIterator, DescribeStream, ListStreams',
  );
});

async function refusalOf(resources: Parameters<typeof writeStack>[0]): Promise<string> {
  const small = writeStack(resources, { Small: worker });
  const said = await openRig(small.stack).then(
    () => 'nothing',
    (reason: Error) => reason.message,
  );
  small.remove();
  return said;
}

test.after(async () => {
  await desk.close();
  written.remove();
});

test.run();
