import {
  ChangeMessageVisibilityCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Delivery } from '../../../cloud/local/desk/targets.ts';
import { functionResources, openRig, writeStack } from './rig.ts';

const QUEUE_ACTIONS = ['SendMessage', 'ReceiveMessage', 'DeleteMessage', 'ChangeMessageVisibility'];
const RULE = 'arn:aws:events:eu-central-1:123456789012:rule/mine';
const arnOf = (name: string) => ({ 'Fn::GetAtt': [name, 'Arn'] });
const written = writeStack(
  {
    Orders: {
      Type: 'AWS::SQS::Queue',
      Properties: {
        QueueName: 'orders',
        VisibilityTimeout: 60,
        RedrivePolicy: { deadLetterTargetArn: arnOf('Dead'), maxReceiveCount: 2 },
      },
    },
    Dead: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'dead' } },
    Line: {
      Type: 'AWS::SQS::Queue',
      Properties: { QueueName: 'line.fifo', FifoQueue: true, ContentBasedDeduplication: true },
    },
    Policy: {
      Type: 'AWS::SQS::QueuePolicy',
      Properties: {
        Queues: [{ Ref: 'Orders' }],
        PolicyDocument: {
          Statement: [
            {
              Effect: 'Allow',
              Principal: { Service: 'events.amazonaws.com' },
              Action: 'sqs:SendMessage',
              Resource: arnOf('Orders'),
              Condition: { ArnEquals: { 'aws:SourceArn': RULE } },
            },
            {
              Effect: 'Deny',
              Principal: '*',
              Action: 'sqs:*',
              Resource: arnOf('Orders'),
              Condition: { Bool: { 'aws:SecureTransport': 'false' } },
            },
          ],
        },
      },
    },
    ...functionResources('Worker', {}, [
      {
        Effect: 'Allow',
        Action: [...QUEUE_ACTIONS, 'GetQueueUrl', 'GetQueueAttributes'].map((name) => `sqs:${name}`),
        Resource: [arnOf('Orders'), arnOf('Line'), queueArn('gone')],
      },
    ]),
  },
  { Worker: 'export const handler = async () => 1;' },
);
const desk = await openRig(written.stack);
const client = new SQSClient({
  endpoint: desk.services.url,
  region: 'eu-central-1',
  credentials: desk.principals.assume(desk.functions.all[0]!.roleArn, 'lambda.amazonaws.com'),
  maxAttempts: 1,
});
const urlOf = (name: string) => `${desk.services.url}/123456789012/${name}`;
const orders = { QueueUrl: urlOf('orders') };
const line = { QueueUrl: urlOf('line.fifo') };
const receive = async (queue = orders, max = 10): Promise<Message[]> =>
  (
    await client.send(
      new ReceiveMessageCommand({
        ...queue,
        MaxNumberOfMessages: max,
        MessageSystemAttributeNames: ['All'],
        MessageAttributeNames: ['All'],
      }),
    )
  ).Messages ?? [];
const remove = (queue: typeof orders, { ReceiptHandle }: Message) =>
  client.send(new DeleteMessageCommand({ ...queue, ReceiptHandle }));
const nameOf = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error: Error) => error.name,
  );

test('a message comes with its attributes, stays unseen while it is out, and goes when it is deleted', async () => {
  await client.send(
    new SendMessageCommand({
      ...orders,
      MessageBody: 'tea, “hot”',
      MessageAttributes: {
        cups: { DataType: 'Number', StringValue: '2' },
        raw: { DataType: 'Binary', BinaryValue: Buffer.from([0, 255]) },
      },
    }),
  );
  const [message] = await receive();
  assert.is(message?.Body, 'tea, “hot”');
  assert.is(message?.MessageAttributes?.cups?.StringValue, '2');
  assert.equal([...(message?.MessageAttributes?.raw?.BinaryValue ?? [])], [0, 255]);
  assert.is(message?.Attributes?.ApproximateReceiveCount, '1');
  assert.equal(await receive(), []);
  const { Attributes } = await client.send(
    new GetQueueAttributesCommand({ ...orders, AttributeNames: ['ApproximateNumberOfMessagesNotVisible'] }),
  );
  assert.equal(Attributes, { ApproximateNumberOfMessagesNotVisible: '1' });
  await remove(orders, message!);
  assert.equal(desk.queues.depth(desk.queues.find(queueArn('orders')).settings.arn), {
    visible: 0,
    inFlight: 0,
    delayed: 0,
  });
});

test('a message received too often is put into the dead-letter queue, and nowhere else', async () => {
  await client.send(new SendMessageCommand({ ...orders, MessageBody: 'poison' }));
  for (const count of ['1', '2']) {
    const [message] = await receive();
    assert.is(message?.Attributes?.ApproximateReceiveCount, count);
    desk.clock.skip(61_000);
  }
  assert.equal(await receive(), []);
  assert.equal(desk.queues.bodies('dead'), ['poison']);
  assert.equal(desk.queues.bodies('orders'), []);
});

test('a delay holds a message back; a visibility of 0 gives it back at once', async () => {
  await client.send(new SendMessageCommand({ ...orders, MessageBody: 'later', DelaySeconds: 90 }));
  assert.equal(await receive(), []);
  desk.clock.skip(90_000);
  const [message] = await receive();
  assert.is(message?.Body, 'later');
  await client.send(
    new ChangeMessageVisibilityCommand({
      ...orders,
      ReceiptHandle: message!.ReceiptHandle,
      VisibilityTimeout: 0,
    }),
  );
  const [again] = await receive();
  assert.is(again?.MessageId, message?.MessageId);
  await remove(orders, again!);
});

test('waiting for messages ends with the first one', async () => {
  const waiting = client.send(new ReceiveMessageCommand({ ...orders, WaitTimeSeconds: 20 }));
  await client.send(new SendMessageCommand({ ...orders, MessageBody: 'at last' }));
  const { Messages = [] } = await waiting;
  assert.is(Messages[0]?.Body, 'at last');
  await remove(orders, Messages[0]!);
});

test('FIFO: in order within a group, none while one is out, the same one once', async () => {
  const send = (body: string, group: string) =>
    client.send(new SendMessageCommand({ ...line, MessageBody: body, MessageGroupId: group }));
  for (const [body, group] of [
    ['a1', 'a'],
    ['a1', 'a'],
    ['a2', 'a'],
    ['b1', 'b'],
  ] as const)
    await send(body, group);
  const first = await receive(line, 1);
  assert.equal(
    first.map(({ Body }) => Body),
    ['a1'],
  );
  const second = await receive(line);
  assert.equal(
    second.map(({ Body }) => Body),
    ['b1'],
    'a2 waits for a1',
  );
  await remove(line, first[0]!);
  const third = await receive(line);
  assert.equal(
    third.map(({ Body }) => Body),
    ['a2'],
  );
  for (const message of [...second, ...third]) await remove(line, message);
  await send('a1', 'a');
  assert.equal(await receive(line), [], 'sent again within five minutes');
  desk.clock.skip(301_000);
  await send('a1', 'a');
  assert.is((await receive(line))[0]?.Body, 'a1');
});

test('a batch tells which of its entries failed', async () => {
  const { Successful = [], Failed = [] } = await client.send(
    new SendMessageBatchCommand({
      ...orders,
      Entries: [
        { Id: 'one', MessageBody: 'fine' },
        { Id: 'two', MessageBody: 'x'.repeat(1024 * 1024 + 1) },
      ],
    }),
  );
  assert.equal([Successful.map(({ Id }) => Id), Failed.map(({ Id }) => Id)], [['one'], ['two']]);
  assert.match(Failed[0]?.Message ?? '', /Message must be shorter than 1048576 bytes/);
  const messages = await receive();
  await client.send(
    new DeleteMessageBatchCommand({
      ...orders,
      Entries: messages.map(({ ReceiptHandle }, at) => ({ Id: `${at}`, ReceiptHandle })),
    }),
  );
  assert.equal(desk.queues.bodies('orders'), []);
});

test('what a role was not granted is refused; so is a queue that is not there', async () => {
  const send = (name: string) =>
    nameOf(client.send(new SendMessageCommand({ QueueUrl: urlOf(name), MessageBody: 'x' })));
  assert.is(await send('dead'), 'AccessDenied');
  assert.is(await send('gone'), 'QueueDoesNotExist');
  const { QueueUrl } = await client.send(new GetQueueUrlCommand({ QueueName: 'orders' }));
  assert.is(QueueUrl, 'https://sqs.eu-central-1.amazonaws.com/123456789012/orders');
});

test('a resource may deliver what the policy of the queue lets it', async () => {
  const delivery: Delivery = {
    principal: 'events.amazonaws.com',
    sourceArn: RULE,
    roleArn: null,
    payload: '{"a":1}',
    attributes: { ERROR_CODE: 'NONE' },
  };
  assert.equal(await desk.targets.deliver(queueArn('orders'), delivery), { ok: true });
  const [message] = await receive();
  assert.is(message?.MessageAttributes?.ERROR_CODE?.StringValue, 'NONE');
  await remove(orders, message!);
  const other = await desk.targets.deliver(queueArn('orders'), { ...delivery, sourceArn: `${RULE}-else` });
  assert.equal(
    [other.ok, !other.ok && other.code, !other.ok && other.retryable],
    [false, 'AccessDenied', false],
  );
  const gone = await desk.targets.deliver(queueArn('else'), delivery);
  assert.is(!gone.ok && gone.code, 'AWS.SimpleQueueService.NonExistentQueue');
});

test('a failure that was ordered is answered once', async () => {
  desk.faults.sqs.failNext('ThrottlingException', { operation: 'SendMessage' });
  const send = () => nameOf(client.send(new SendMessageCommand({ ...orders, MessageBody: 'again' })));
  assert.equal([await send(), await send()], ['ThrottlingException', 'done']);
});

test.after(async () => {
  client.destroy();
  await desk.close();
  written.remove();
});

function queueArn(name: string): string {
  return `arn:aws:sqs:eu-central-1:123456789012:${name}`;
}

test.run();
