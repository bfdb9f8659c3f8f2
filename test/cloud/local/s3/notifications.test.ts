import { DeleteObjectCommand, PutObjectCommand, PutObjectTaggingCommand } from '@aws-sdk/client-s3';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createClock } from '../../../../cloud/local/desk/clock.ts';
import { createLog } from '../../../../cloud/local/desk/log.ts';
import { Targets } from '../../../../cloud/local/desk/targets.ts';
import type { ObjectEvent } from '../../../../cloud/local/s3/events.ts';
import { type NotificationConfiguration, Notifications } from '../../../../cloud/local/s3/notifications.ts';
import type { Resource } from '../../../../cloud/local/template/template.ts';
import { functionResources, openRig, until, writeStack } from '../rig.ts';
import { bucketResource, s3Client } from './bucket-rig.ts';

const ARN = 'arn:aws:s3:::watched-bucket';
const permission = (SourceArn = ARN): Resource => ({
  Type: 'AWS::Lambda::Permission',
  Properties: {
    Action: 'lambda:InvokeFunction',
    FunctionName: { 'Fn::GetAtt': ['Seen', 'Arn'] },
    Principal: 's3.amazonaws.com',
    SourceAccount: { Ref: 'AWS::AccountId' },
    SourceArn,
  },
});
const queuePolicy = (SourceArn = ARN): Resource => ({
  Type: 'AWS::SQS::QueuePolicy',
  Properties: {
    Queues: [{ Ref: 'Told' }],
    PolicyDocument: {
      Statement: {
        Effect: 'Allow',
        Action: 'sqs:SendMessage',
        Principal: { Service: 's3.amazonaws.com' },
        Resource: { 'Fn::GetAtt': ['Told', 'Arn'] },
        Condition: { ArnLike: { 'aws:SourceArn': SourceArn } },
      },
    },
  },
});
const toFunction = (Event: string, rules: Readonly<Record<string, string>> = {}) => ({
  Event,
  Function: { 'Fn::GetAtt': ['Seen', 'Arn'] },
  Filter: { S3Key: { Rules: Object.entries(rules).map(([Name, Value]) => ({ Name, Value })) } },
});
const watched = (
  configuration: object,
  { functionSource = ARN, queueSource = ARN } = {},
): Readonly<Record<string, Resource>> => ({
  ...functionResources('Seen'),
  Told: { Type: 'AWS::SQS::Queue' },
  Permission: permission(functionSource),
  QueuePolicy: queuePolicy(queueSource),
  Events: {
    Type: 'AWS::Events::Rule',
    Properties: {
      EventPattern: { source: ['aws.s3'], resources: [ARN] },
      State: 'ENABLED',
      Targets: [{ Id: 'Function', Arn: { 'Fn::GetAtt': ['Seen', 'Arn'] } }],
    },
  },
  Topic: { Type: 'AWS::SNS::Topic' },
  TopicPolicy: {
    Type: 'AWS::SNS::TopicPolicy',
    Properties: {
      Topics: [{ Ref: 'Topic' }],
      PolicyDocument: {
        Statement: {
          Effect: 'Allow',
          Action: 'sns:Publish',
          Principal: { Service: 's3.amazonaws.com' },
          Resource: { Ref: 'Topic' },
          Condition: { ArnLike: { 'aws:SourceArn': ARN } },
        },
      },
    },
  },
  TopicPermission: {
    Type: 'AWS::Lambda::Permission',
    Properties: {
      Action: 'lambda:InvokeFunction',
      FunctionName: { 'Fn::GetAtt': ['Seen', 'Arn'] },
      Principal: 'sns.amazonaws.com',
      SourceArn: { Ref: 'Topic' },
    },
  },
  Subscription: {
    Type: 'AWS::SNS::Subscription',
    Properties: {
      Protocol: 'lambda',
      TopicArn: { Ref: 'Topic' },
      Endpoint: { 'Fn::GetAtt': ['Seen', 'Arn'] },
    },
  },
  EventsPermission: {
    Type: 'AWS::Lambda::Permission',
    Properties: {
      Action: 'lambda:InvokeFunction',
      FunctionName: { 'Fn::GetAtt': ['Seen', 'Arn'] },
      Principal: 'events.amazonaws.com',
      SourceArn: { 'Fn::GetAtt': ['Events', 'Arn'] },
    },
  },
  Watched: {
    ...bucketResource({
      BucketName: 'watched-bucket',
      NotificationConfiguration: configuration as NotificationConfiguration,
    }),
    DependsOn: ['Permission', 'QueuePolicy', 'TopicPolicy', 'TopicPermission', 'Subscription'],
  },
});

const code = { Seen: 'export const handler = async (event) => console.log("saw " + JSON.stringify(event));' };
const written = writeStack(
  watched({
    EventBridgeConfiguration: { EventBridgeEnabled: true },
    LambdaConfigurations: [toFunction('s3:ObjectCreated:*', { prefix: 'in/', Suffix: '.json' })],
    QueueConfigurations: [{ Event: 's3:ObjectRemoved:*', Queue: { 'Fn::GetAtt': ['Told', 'Arn'] } }],
    TopicConfigurations: [{ Event: 's3:ObjectTagging:*', Topic: { Ref: 'Topic' } }],
  }),
  code,
);
const desk = await openRig(written.stack);
const client = s3Client(desk);
const Bucket = 'watched-bucket';
const queueArn = 'arn:aws:sqs:eu-central-1:123456789012:small-Told';
const put = (Key: string, Body = 'x') => client.send(new PutObjectCommand({ Bucket, Key, Body }));

interface Notification {
  readonly Records: readonly {
    readonly eventVersion: string;
    readonly eventSource: string;
    readonly eventName: string;
    readonly s3: {
      readonly bucket: { readonly name: string; readonly arn: string };
      readonly object: {
        readonly key: string;
        readonly size?: number;
        readonly eTag?: string;
        readonly sequencer: string;
      };
    };
  }[];
}
interface BusEvent {
  readonly source: string;
  readonly 'detail-type': string;
  readonly detail: { readonly object: { readonly key: string }; readonly reason?: string };
}
const seen = () =>
  desk.lines.flatMap((line) => /saw (\{.*)/.exec(line)?.[1] ?? []).map((text) => JSON.parse(text));
const notified = () =>
  seen().filter((one): one is Notification => 'Records' in one && 's3' in one.Records[0]);
const onBus = () => seen().filter((one): one is BusEvent => 'source' in one);

test('a queue is told, once, that it will be', async () => {
  const [message] = await desk.queues.receive(queueArn, { max: 1, waitMs: 0 });
  assert.is(JSON.parse(message!.body).Event, 's3:TestEvent');
  desk.queues.remove(queueArn, message!.receiptHandle);
});

test('a function gets what concerns it, the key URL-encoded', async () => {
  await put('in/ä b+c (1).json', 'hello');
  await put('out/a.json');
  await put('in/a.txt');
  await put('in/last.json');
  await until(() => notified().length === 2);
  const [first, last] = notified().sort((a, b) =>
    a.Records[0]!.s3.object.sequencer < b.Records[0]!.s3.object.sequencer ? -1 : 1,
  );
  const { s3, ...record } = first!.Records[0]!;
  assert.equal(
    [record.eventVersion, record.eventSource, record.eventName],
    ['2.5', 'aws:s3', 'ObjectCreated:Put'],
  );
  assert.is(s3.bucket.arn, ARN);
  assert.is(s3.object.key, 'in/%C3%A4+b%2Bc+%281%29.json');
  assert.is(decodeURIComponent(s3.object.key.replaceAll('+', ' ')), 'in/ä b+c (1).json');
  assert.is(s3.object.size, 5);
  assert.is(s3.object.eTag, '5d41402abc4b2a76b9719d911017c592');
  assert.is(last!.Records[0]!.s3.object.key, 'in/last.json');
});

test('the default bus gets everything, the key as it is', async () => {
  await put('bus/ä b.json');
  await client.send(
    new PutObjectTaggingCommand({
      Bucket,
      Key: 'bus/ä b.json',
      Tagging: { TagSet: [{ Key: 'a', Value: '1' }] },
    }),
  );
  await client.send(new DeleteObjectCommand({ Bucket, Key: 'bus/ä b.json' }));
  const mine = () => onBus().filter(({ detail }) => detail.object.key === 'bus/ä b.json');
  await until(() => mine().length === 3);
  assert.equal(
    mine()
      .map((one) => `${one['detail-type']} ${one.detail.reason ?? ''}`)
      .sort(),
    ['Object Created PutObject', 'Object Deleted DeleteObject', 'Object Tags Added '],
  );
});

test('a queue hears of deletions of what there was', async () => {
  await desk.queues.receive(queueArn, { max: 10, waitMs: 0 });
  await put('gone');
  for (const Key of ['gone', 'gone']) await client.send(new DeleteObjectCommand({ Bucket, Key }));
  const messages = await desk.queues.receive(queueArn, { max: 10, waitMs: 5000 });
  assert.is(messages.length, 1);
  const record = (JSON.parse(messages[0]!.body) as Notification).Records[0]!;
  assert.is(record.eventName, 'ObjectRemoved:Delete');
  assert.equal(Object.keys(record.s3.object), ['key', 'sequencer']);
});

test('a topic hears of tags, after it was told that it will', async () => {
  await put('tagged');
  const Tagging = { TagSet: [{ Key: 'a', Value: '1' }] };
  await client.send(new PutObjectTaggingCommand({ Bucket, Key: 'tagged', Tagging }));
  const published = () =>
    seen().flatMap((one: { Records?: { Sns?: { Message: string } }[] }) =>
      (one.Records ?? []).flatMap(({ Sns }) => (Sns ? [JSON.parse(Sns.Message)] : [])),
    );
  const ofTags = () => published().filter(({ Records = [] }) => Records[0]?.s3.object.key === 'tagged');
  await until(() => ofTags().length === 1);
  assert.is(ofTags()[0].Records[0].eventName, 'ObjectTagging:Put');
  assert.is(published().filter((one) => one.Event === 's3:TestEvent').length, 1);
});

test('delivers twice when told to', async () => {
  desk.s3.bucket(Bucket).notifications.deliverTwice();
  await put('in/twice.json');
  await put('in/once.json');
  const named = (name: string) =>
    notified().filter(({ Records }) => Records[0]!.s3.object.key === `in/${name}.json`);
  await until(() => named('twice').length === 2 && named('once').length === 1);
});

test('tries again what can help by the clock of the desk, and says what it gave up', async () => {
  const clock = createClock();
  const targets = new Targets();
  const lines: string[] = [];
  let tries = 0;
  let failing = 3;
  targets.provide('sqs', async () => {
    tries += 1;
    failing -= 1;
    return failing >= 0
      ? { ok: false, code: 'Throttled', message: 'too fast', retryable: true }
      : { ok: true };
  });
  const notifications = new Notifications(
    Bucket,
    { QueueConfigurations: [{ Event: 's3:ObjectCreated:*', Queue: queueArn }] },
    {
      targets,
      clock,
      log: createLog((source, text) => lines.push(`${source} ${text}`)),
      putEvent: () => assert.unreachable(),
    },
  );
  const event: ObjectEvent = {
    name: 'ObjectCreated:Put',
    bucket: Bucket,
    key: 'a',
    size: 1,
    etag: '"a"',
    atMs: 0,
    sequencer: '1',
    requestId: '1',
    requester: 'r',
    sourceIp: '127.0.0.1',
  };
  const settled = async (count: number) => {
    await until(() => {
      clock.skip(600_000);
      return tries >= count;
    });
  };
  notifications.tell(event);
  await settled(4);
  assert.is(tries, 4);
  assert.equal(lines, []);
  failing = 1000;
  notifications.tell(event);
  await settled(4 + 9);
  await until(() => lines.length === 1);
  assert.match(lines[0]!, /was not told: too fast/);
  assert.is(tries, 4 + 9);
  clock.close();
});

const refusalOf = async (...args: Parameters<typeof watched>): Promise<string> => {
  const { stack, remove } = writeStack(watched(...args), code);
  try {
    await (await openRig(stack)).close();
    return 'runs';
  } catch (error) {
    return (error as Error).message;
  } finally {
    remove();
  }
};
const QUEUE = { 'Fn::GetAtt': ['Told', 'Arn'] };

test('refuses a configuration that S3 would refuse', async () => {
  const forFunction = { LambdaConfigurations: [toFunction('s3:ObjectCreated:*')] };
  const forQueue = { QueueConfigurations: [{ Event: 's3:ObjectCreated:*', Queue: QUEUE }] };
  const elsewhere = 'arn:aws:s3:::other-bucket';
  assert.match(
    await refusalOf(forFunction, { functionSource: elsewhere }),
    /Watched .*Unable to validate the following destination configurations: arn:aws:lambda/,
  );
  assert.match(await refusalOf(forQueue, { queueSource: elsewhere }), /Unable to validate .*arn:aws:sqs/);
  assert.match(await refusalOf({ ...forFunction, ...forQueue }), /Configurations overlap/);
  const apart = (first: object, second: object) =>
    refusalOf({
      LambdaConfigurations: [toFunction('s3:ObjectCreated:*', { prefix: 'a/', ...first })],
      QueueConfigurations: [
        {
          ...toFunction('s3:ObjectCreated:Put', { prefix: 'a/', ...second }),
          Function: undefined,
          Queue: QUEUE,
        },
      ],
    });
  assert.is(await apart({ suffix: '.mp3' }, { suffix: '.json' }), 'runs');
  assert.match(await apart({ suffix: '.json' }, { suffix: '.gz.json' }), /Configurations overlap/);
});

test.after(async () => {
  client.destroy();
  await desk.close();
  written.remove();
});

test.run();
