import { PublishBatchCommand, PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { functionResources, openRig, until, writeStack } from './rig.ts';

const arnOf = (name: string) => ({ 'Fn::GetAtt': [name, 'Arn'] });
const queue = (QueueName: string) => ({ Type: 'AWS::SQS::Queue', Properties: { QueueName } });
const subscription = (Protocol: string, Endpoint: unknown, more: object = {}) => ({
  Type: 'AWS::SNS::Subscription',
  Properties: { TopicArn: { Ref: 'News' }, Protocol, Endpoint, ...more },
});
const written = writeStack(
  {
    News: { Type: 'AWS::SNS::Topic', Properties: { TopicName: 'news' } },
    All: queue('all'),
    Raw: queue('raw'),
    Large: queue('large'),
    Closed: queue('closed'),
    Dead: queue('dead'),
    Policy: {
      Type: 'AWS::SQS::QueuePolicy',
      Properties: {
        Queues: ['All', 'Raw', 'Large', 'Dead'].map((name) => ({ Ref: name })),
        PolicyDocument: {
          Statement: [
            {
              Effect: 'Allow',
              Principal: { Service: 'sns.amazonaws.com' },
              Action: 'sqs:SendMessage',
              Resource: '*',
              Condition: { ArnEquals: { 'aws:SourceArn': { Ref: 'News' } } },
            },
          ],
        },
      },
    },
    ToAll: subscription('sqs', arnOf('All')),
    ToRaw: subscription('sqs', arnOf('Raw'), {
      RawMessageDelivery: true,
      FilterPolicy: { kind: ['order', { prefix: 'urgent-' }], cups: [{ numeric: ['>', 1] }] },
    }),
    ToLarge: subscription('sqs', arnOf('Large'), {
      FilterPolicyScope: 'MessageBody',
      FilterPolicy: { amount: [{ numeric: ['>=', 300] }] },
    }),
    ToClosed: subscription('sqs', arnOf('Closed'), {
      RedrivePolicy: { deadLetterTargetArn: arnOf('Dead') },
      FilterPolicy: { closed: ['yes'] },
    }),
    ToPerson: subscription('email', 'zoe@example.org'),
    ToHears: subscription('lambda', arnOf('Hears')),
    ...functionResources('Hears', {}, [
      { Effect: 'Allow', Action: 'sns:Publish', Resource: { Ref: 'News' } },
    ]),
    May: {
      Type: 'AWS::Lambda::Permission',
      Properties: {
        Action: 'lambda:InvokeFunction',
        FunctionName: arnOf('Hears'),
        Principal: 'sns.amazonaws.com',
        SourceArn: { Ref: 'News' },
      },
    },
    ...functionResources('Stranger'),
  },
  {
    Hears:
      "export const handler = async ({ Records: [{ Sns }] }) => { console.log('heard', Sns.Message, Sns.MessageAttributes.kind?.Value); };",
    Stranger: 'export const handler = async () => 1;',
  },
);
const desk = await openRig(written.stack);
const TopicArn = 'arn:aws:sns:eu-central-1:123456789012:news';
const clientOf = (label: string) =>
  new SNSClient({
    endpoint: desk.services.url,
    region: 'eu-central-1',
    credentials: desk.principals.assume(
      desk.functions.all.find((one) => one.label === label)!.roleArn,
      'lambda.amazonaws.com',
    ),
    maxAttempts: 1,
  });
const client = clientOf('Hears');
const text = (StringValue: string) => ({ DataType: 'String', StringValue });
const taken = (name: string): string[] => {
  const bodies = desk.queues.bodies(name);
  desk.queues.find(`arn:aws:sqs:eu-central-1:123456789012:${name}`).purge();
  return bodies;
};

test('a message goes to queues, functions and people, in each its own form', async () => {
  const Message = 'tea, “hot” & <strong>';
  const { MessageId } = await client.send(
    new PublishCommand({ TopicArn, Subject: 'Tea', Message, MessageAttributes: { kind: text('note') } }),
  );
  await until(() => desk.lines.some((line) => line.endsWith(`heard ${Message} note`)));
  const [body] = taken('all');
  const { Type, MessageAttributes, ...rest } = JSON.parse(body!);
  assert.equal(
    [Type, rest.MessageId, rest.Subject, rest.Message, rest.TopicArn],
    ['Notification', MessageId, 'Tea', Message, TopicArn],
  );
  assert.equal(MessageAttributes, { kind: { Type: 'String', Value: 'note' } });
  assert.equal(desk.topics.mails.at(-1), { to: 'zoe@example.org', subject: 'Tea', text: Message });
  assert.equal([taken('raw'), taken('large'), taken('dead')], [[], [], []]);
});

test('a filter on attributes lets through what has all of them; raw is the text alone', async () => {
  const publish = (kind: string, cups: string) =>
    client.send(
      new PublishCommand({
        TopicArn,
        Message: `${kind} ${cups}`,
        MessageAttributes: { kind: text(kind), cups: { DataType: 'Number', StringValue: cups } },
      }),
    );
  for (const [kind, cups] of [
    ['order', '2'],
    ['order', '1'],
    ['urgent-order', '5'],
    ['note', '5'],
  ] as const)
    await publish(kind, cups);
  await until(() => desk.queues.bodies('raw').length === 2);
  assert.equal(taken('raw'), ['order 2', 'urgent-order 5']);
});

test('a filter on the body looks into its JSON; what is none is not wanted', async () => {
  for (const Message of ['{"amount":300}', '{"amount":299}', 'no json'])
    await client.send(new PublishCommand({ TopicArn, Message }));
  await until(() => desk.queues.bodies('large').length === 1);
  assert.is(JSON.parse(taken('large')[0]!).Message, '{"amount":300}');
});

test('what a queue does not take goes to the queue of the dead', async () => {
  await client.send(
    new PublishCommand({ TopicArn, Message: 'knock', MessageAttributes: { closed: text('yes') } }),
  );
  await until(() => desk.queues.bodies('dead').length === 1);
  assert.is(JSON.parse(taken('dead')[0]!).Message, 'knock');
  assert.equal(taken('closed'), []);
});

test('a batch tells which of its entries failed', async () => {
  taken('all');
  const { Successful = [], Failed = [] } = await client.send(
    new PublishBatchCommand({
      TopicArn,
      PublishBatchRequestEntries: [
        { Id: 'one', Message: 'fine' },
        { Id: 'two', Message: 'x'.repeat(256 * 1024 + 1) },
      ],
    }),
  );
  assert.equal(
    [Successful.map(({ Id }) => Id), Failed.map(({ Id, Code }) => [Id, Code])],
    [['one'], [['two', 'InvalidParameter']]],
  );
  await until(() => desk.queues.bodies('all').length === 1);
});

test('who was not granted it, publishes nothing', async () => {
  const stranger = clientOf('Stranger');
  const refused = await stranger
    .send(new PublishCommand({ TopicArn, Message: 'x' }))
    .catch((error: Error) => error.name);
  assert.match(String(refused), /AuthorizationError/);
  stranger.destroy();
  const delivery = {
    principal: 'events.amazonaws.com',
    sourceArn: 'arn:aws:events:::rule/x',
    roleArn: null,
    payload: '{}',
  };
  const delivered = await desk.targets.deliver(TopicArn, delivery);
  assert.is(!delivered.ok && delivered.code, 'AuthorizationError');
});

test.after(async () => {
  client.destroy();
  await desk.close();
  written.remove();
});

test.run();
