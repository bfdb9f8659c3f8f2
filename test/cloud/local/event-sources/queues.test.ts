import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { functionResources, openRig, until, writeStack } from '../rig.ts';

const arnOf = (name: string) => ({ 'Fn::GetAtt': [name, 'Arn'] });
const mayRead = (source: string) => ({
  Effect: 'Allow',
  Action: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
  Resource: arnOf(source),
});

/** A queue NameQueue that feeds a function Name. */
const fed = (
  name: string,
  {
    queue = {},
    mapping = {},
    properties = {},
  }: { queue?: object; mapping?: object; properties?: Readonly<Record<string, unknown>> } = {},
) => ({
  [`${name}Queue`]: { Type: 'AWS::SQS::Queue', Properties: { VisibilityTimeout: 30, ...queue } },
  ...functionResources(name, properties, [mayRead(`${name}Queue`)]),
  [`${name}Mapping`]: {
    Type: 'AWS::Lambda::EventSourceMapping',
    Properties: { EventSourceArn: arnOf(`${name}Queue`), FunctionName: { Ref: name }, ...mapping },
  },
});
const REPORTS = { FunctionResponseTypes: ['ReportBatchItemFailures'] };

/** Bodies say what becomes of them: `a ok`, `b fails`, `c slow`. */
const worker = `
  export const handler = async ({ Records }) => {
    console.log('batch', Records.map(({ body, attributes }) => body + '#' + attributes.ApproximateReceiveCount).join());
    const startedMs = Date.now();
    if (Records.some(({ body }) => body.includes('slow'))) await new Promise((done) => setTimeout(done, 200));
    console.log('span', startedMs, Date.now());
    const failed = Records.filter(({ body }) => body.includes('fails'));
    if (failed.length > 0 && !process.env.REPORTS) throw new Error('not these');
    return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) };
  };`;
const WINDOW = { MaximumBatchingWindowInSeconds: 2 };
const reporting = { Environment: { Variables: { REPORTS: 'yes' } } };
const written = writeStack(
  {
    Dead: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'dead' } },
    ...fed('Whole', {
      queue: { RedrivePolicy: { deadLetterTargetArn: arnOf('Dead'), maxReceiveCount: 2 } },
      mapping: WINDOW,
    }),
    ...fed('Partly', { mapping: { ...REPORTS, ...WINDOW, BatchSize: 50 }, properties: reporting }),
    ...fed('Chosen', {
      mapping: { FilterCriteria: { Filters: [{ Pattern: '{"body":[{"prefix":"yes"}]}' }] } },
    }),
    ...fed('Ordered', {
      queue: { FifoQueue: true, ContentBasedDeduplication: true, QueueName: 'ordered.fifo' },
      mapping: REPORTS,
      properties: reporting,
    }),
    ...fed('Two', { mapping: { BatchSize: 1, ScalingConfig: { MaximumConcurrency: 2 } } }),
    ...fed('Busy', { mapping: { BatchSize: 1 }, properties: { ReservedConcurrentExecutions: 1 } }),
    ...fed('Off', { mapping: { Enabled: false } }),
  },
  Object.fromEntries(
    ['Whole', 'Partly', 'Chosen', 'Ordered', 'Two', 'Busy', 'Off'].map((name) => [name, worker]),
  ),
);
const desk = await openRig(written.stack);
const queueOf = (name: string) =>
  desk.queues.find(
    `arn:aws:sqs:eu-central-1:123456789012:${desk.resources
      .find(({ logicalId }) => logicalId === name)!
      .ref.split('/')
      .at(-1)}`,
  );
const batches = (name: string) =>
  desk.lines.flatMap((line) => (line.startsWith(`${name} batch `) ? [line.slice(name.length + 7)] : []));
/** From when to when a function worked, in ms. */
const spans = (name: string) =>
  desk.lines.flatMap((line): (readonly [number, number])[] => {
    const [, from, to] = new RegExp(`^${name} span (\\d+) (\\d+)`).exec(line) ?? [];
    return from === undefined ? [] : [[Number(from), Number(to)]];
  });
const kept = (name: string) => queueOf(`${name}Queue`).bodies();
const skippingUntil = (holds: () => boolean, ms = 1000) =>
  until(() => {
    if (holds()) return true;
    desk.clock.skip(ms);
    return false;
  });

test('a batch that fails comes again whole when its time is over, and goes to the dead-letter queue in the end', async () => {
  for (const body of ['a ok', 'b fails', 'c ok']) queueOf('WholeQueue').send({ body });
  desk.clock.skip(2000);
  await until(() => batches('Whole').length === 1);
  assert.equal(batches('Whole'), ['a ok#1,b fails#1,c ok#1']);
  assert.is(kept('Whole').length, 3);
  desk.clock.skip(27_000);
  assert.is(batches('Whole').length, 1, 'not before its visibility timeout');
  await skippingUntil(() => batches('Whole').length === 2);
  assert.equal(batches('Whole')[1], 'a ok#2,b fails#2,c ok#2', 'good ones come twice too');
  await skippingUntil(() => kept('Whole').length === 0);
  const dead = desk.queues.bodies('dead');
  assert.equal([...dead].sort(), ['a ok', 'b fails', 'c ok']);
});

test('of a batch of more than ten that fails partly, only the failed come again', async () => {
  for (let n = 0; n < 12; n++) queueOf('PartlyQueue').send({ body: `${n} ${n === 5 ? 'fails' : 'ok'}` });
  desk.clock.skip(2000);
  await until(() => kept('Partly').length === 1);
  assert.is(batches('Partly')[0]?.split(',').length, 12);
  assert.equal(kept('Partly'), ['5 fails']);
  await skippingUntil(() => batches('Partly').length === 2);
  assert.is(batches('Partly')[1], '5 fails#2');
});

test('what no filter wants is deleted without an invocation', async () => {
  queueOf('ChosenQueue').send({ body: 'no' });
  queueOf('ChosenQueue').send({ body: 'yes please' });
  await until(() => kept('Chosen').length === 0 && batches('Chosen').length === 1);
  assert.equal(batches('Chosen'), ['yes please#1']);
});

test('a group of a FIFO queue waits for its failed message; others go on', async () => {
  const send = (body: string, groupId: string) => queueOf('OrderedQueue').send({ body, groupId });
  send('1 fails', 'x');
  await until(() => batches('Ordered').length === 1);
  send('2 ok', 'x');
  send('1 ok', 'y');
  await until(() => batches('Ordered').join().includes('1 ok'));
  assert.not(batches('Ordered').join().includes('2 ok'));
  await skippingUntil(() => batches('Ordered').join().includes('1 fails#2'));
});

test('no more batches are in work than the mapping allows', async () => {
  for (let n = 0; n < 6; n++) queueOf('TwoQueue').send({ body: `${n} slow` });
  await until(() => kept('Two').length === 0 && spans('Two').length === 6);
  const most = spans('Two').map(([at]) => spans('Two').filter(([from, to]) => from <= at && at < to).length);
  assert.ok(Math.max(...most) <= 2, `${most}`);
  assert.is(batches('Two').length, 6);
});

test('throttled batches wait and are tried again, and no message is lost or taken twice', async () => {
  for (let n = 0; n < 4; n++) queueOf('BusyQueue').send({ body: `${n} slow` });
  await skippingUntil(() => kept('Busy').length === 0, 20);
  assert.equal(batches('Busy').sort(), ['0 slow#1', '1 slow#1', '2 slow#1', '3 slow#1']);
});

test('a mapping that is not enabled reads nothing', async () => {
  queueOf('OffQueue').send({ body: 'a ok' });
  desk.clock.skip(60_000);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(batches('Off'), []);
  assert.equal(queueOf('OffQueue').depth(), { visible: 1, inFlight: 0, delayed: 0 });
});

const refused: readonly (readonly [what: object, said: string])[] = [
  [{ mapping: { StartingPosition: 'LATEST' } }, 'StartingPosition: not for a source of this kind'],
  [{ mapping: { BatchSize: 11 } }, 'need a MaximumBatchingWindowInSeconds'],
  [{ mapping: { ScalingConfig: { MaximumConcurrency: 1 } } }, 'Expected MaximumConcurrency of 2 to 1000'],
  [{ properties: { Timeout: 31 } }, 'Queue visibility timeout: 30 seconds is less than Function timeout: 31'],
];
for (const [what, said] of refused) {
  test(`refuses ${JSON.stringify(what)}`, async () => {
    const small = writeStack(fed('X', what), { X: worker });
    const error = await openRig(small.stack).then(
      () => null,
      (reason: Error) => reason.message,
    );
    small.remove();
    assert.match(error ?? 'nothing', said);
  });
}

test('refuses a role that may not read the queue', async () => {
  const resources = { ...fed('X'), ...functionResources('X') };
  const small = writeStack(resources, { X: worker });
  const error = await openRig(small.stack).then(
    () => null,
    (reason: Error) => reason.message,
  );
  small.remove();
  assert.match(
    error ?? 'nothing',
    'permissions to call ReceiveMessage, DeleteMessage, GetQueueAttributes on',
  );
});

test.after(async () => {
  await desk.close();
  written.remove();
});

test.run();
