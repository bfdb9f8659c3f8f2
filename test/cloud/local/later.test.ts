import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { functionResources, openRig, until, writeStack } from './rig.ts';

const arnOf = (name: string) => ({ 'Fn::GetAtt': [name, 'Arn'] });
const RULE = 'arn:aws:events:eu-central-1:123456789012:rule/mine';
const mayTell = (...queues: string[]) => [
  { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: queues.map(arnOf) },
];
const queue = (QueueName: string) => ({ Type: 'AWS::SQS::Queue', Properties: { QueueName } });
const written = writeStack(
  {
    Done: queue('done'),
    Failed: queue('failed'),
    Dead: queue('dead'),
    ...functionResources(
      'Moody',
      { DeadLetterConfig: { TargetArn: arnOf('Dead') } },
      mayTell('Done', 'Failed', 'Dead'),
    ),
    Config: {
      Type: 'AWS::Lambda::EventInvokeConfig',
      Properties: {
        FunctionName: { Ref: 'Moody' },
        Qualifier: '$LATEST',
        DestinationConfig: {
          OnSuccess: { Destination: arnOf('Done') },
          OnFailure: { Destination: arnOf('Failed') },
        },
      },
    },
    ...functionResources('Busy', { ReservedConcurrentExecutions: 1 }, mayTell('Failed')),
    BusyConfig: {
      Type: 'AWS::Lambda::EventInvokeConfig',
      Properties: {
        FunctionName: { Ref: 'Busy' },
        Qualifier: '$LATEST',
        MaximumEventAgeInSeconds: 60,
        MaximumRetryAttempts: 0,
        DestinationConfig: { OnFailure: { Destination: arnOf('Failed') } },
      },
    },
    Permit: {
      Type: 'AWS::Lambda::Permission',
      Properties: {
        Action: 'lambda:InvokeFunction',
        FunctionName: arnOf('Moody'),
        Principal: 'events.amazonaws.com',
        SourceArn: RULE,
      },
    },
    ...functionResources('Caller', {}, [
      { Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: arnOf('Moody') },
    ]),
  },
  {
    // Fails as often as its event says.
    Moody: `
      const tries = new Map();
      export const handler = async ({ id, fails }, { awsRequestId }) => {
        const tried = (tries.get(awsRequestId) ?? 0) + 1;
        tries.set(awsRequestId, tried);
        console.log('try', tried, 'of', id);
        if (tried <= fails) throw new RangeError('not yet');
        return { id };
      };`,
    Busy: "export const handler = async ({ ms }) => { console.log('busy'); await new Promise((resolve) => setTimeout(resolve, ms)); };",
    Caller: 'export const handler = async () => 1;',
  },
);
const desk = await openRig(written.stack);
const functionArn = (name: string) => desk.functions.all.find(({ label }) => label === name)!.arn;
interface Told {
  readonly requestPayload?: unknown;
  readonly requestContext?: { readonly condition: string; readonly approximateInvokeCount: number };
  readonly responseContext?: unknown;
  readonly responsePayload?: { readonly errorMessage?: string };
}

const taken = (queueName: string): Told[] => {
  const bodies = desk.queues.bodies(queueName).map((body) => JSON.parse(body) as Told);
  desk.queues.find(`arn:aws:sqs:eu-central-1:123456789012:${queueName}`).purge();
  return bodies;
};
const tries = (id: string) => desk.lines.filter((line) => line.endsWith(`of ${id}`)).length;

test('an invocation that succeeds at the third try is told once, as a success', async () => {
  desk.later.accept(functionArn('Moody'), '{"id":"a","fails":2}');
  await until(() => desk.later.planned === 1);
  desk.clock.skip(59_000);
  assert.is(tries('a'), 1, 'a minute has to pass');
  desk.clock.skip(1000);
  await until(() => tries('a') === 2 && desk.later.planned === 1);
  desk.clock.skip(120_000);
  await until(() => desk.later.pending === 0);
  const [record] = taken('done');
  assert.equal(record?.requestPayload, { id: 'a', fails: 2 });
  assert.equal(record?.responsePayload, { id: 'a' });
  assert.is(record?.requestContext?.condition, 'Success');
  assert.is(record?.requestContext?.approximateInvokeCount, 3);
  assert.equal([taken('failed'), taken('dead')], [[], []]);
});

test('one that fails to the end is told to the destination and kept in the dead-letter queue', async () => {
  desk.later.accept(functionArn('Moody'), '{"id":"b","fails":9}');
  for (const seconds of [60, 120]) {
    await until(() => desk.later.planned === 1);
    desk.clock.skip(seconds * 1000);
  }
  await until(() => desk.later.pending === 0);
  assert.is(tries('b'), 3);
  const [record] = taken('failed');
  assert.is(record?.requestContext?.condition, 'RetriesExhausted');
  assert.equal(record?.responseContext, {
    statusCode: 200,
    executedVersion: '$LATEST',
    functionError: 'Unhandled',
  });
  assert.is(record?.responsePayload?.errorMessage, 'not yet');
  assert.equal(taken('dead'), [{ id: 'b', fails: 9 }]);
});

test('one that is throttled is tried until it is too old, and counts no attempt', async () => {
  desk.later.accept(functionArn('Busy'), '{"ms":1500}');
  await until(() => desk.lines.some((line) => line.endsWith(' busy')));
  desk.later.accept(functionArn('Busy'), '{"ms":0,"second":true}');
  await until(() => {
    desk.clock.skip(1000);
    return desk.later.pending <= 1;
  });
  await until(() => desk.later.pending === 0);
  const [record] = taken('failed');
  assert.is(record?.requestContext?.condition, 'EventAgeExceeded');
  assert.is(record?.requestContext?.approximateInvokeCount, 0);
});

test('another resource invokes if the function lets it', async () => {
  const delivery = {
    principal: 'events.amazonaws.com',
    sourceArn: RULE,
    roleArn: null,
    payload: '{"id":"c"}',
  };
  assert.equal(await desk.targets.deliver(functionArn('Moody'), delivery), { ok: true });
  await until(() => desk.later.pending === 0);
  assert.is(tries('c'), 1);
  const refused = await desk.targets.deliver(functionArn('Busy'), delivery);
  assert.is(!refused.ok && refused.code, 'NO_PERMISSIONS');
});

test('functions invoke functions, waiting for the answer or not', async () => {
  const client = new LambdaClient({
    endpoint: desk.services.url,
    region: 'eu-central-1',
    credentials: desk.principals.assume(
      desk.functions.all.find(({ label }) => label === 'Caller')!.roleArn,
      'lambda.amazonaws.com',
    ),
    maxAttempts: 1,
  });
  const invoke = (FunctionName: string, Payload: string, InvocationType: 'Event' | 'RequestResponse') =>
    client.send(new InvokeCommand({ FunctionName, Payload: Buffer.from(Payload), InvocationType }));
  const name = desk.functions.config(functionArn('Moody')).name;
  const answer = await invoke(name, '{"id":"d"}', 'RequestResponse');
  assert.equal(JSON.parse(Buffer.from(answer.Payload!).toString()), { id: 'd' });
  const failed = await invoke(name, '{"id":"e","fails":1}', 'RequestResponse');
  assert.is(failed.FunctionError, 'Unhandled');
  assert.is((await invoke(name, '{"id":"f"}', 'Event')).StatusCode, 202);
  await until(() => tries('f') === 1);
  const refused = await invoke(desk.functions.config(functionArn('Busy')).name, '{}', 'Event').catch(
    (error: Error) => error.name,
  );
  assert.is(refused, 'AccessDeniedException');
  client.destroy();
});

test('what functions print is kept by log group', () => {
  const { logGroup } = desk.functions.config(functionArn('Moody'));
  assert.ok(desk.logGroups.entries(logGroup).includes('try 1 of a'));
});

test.after(async () => {
  await desk.close();
  written.remove();
});

test.run();
