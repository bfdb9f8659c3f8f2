import Draft04 from 'ajv-draft-04';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { TRANSACTION_SCHEMA } from '../../../cloud/atm-events/transaction.lambda-shared.ts';
import { ofType, resolved, synthesize } from '../synthesized.ts';
import { saved } from './atm-stack.ts';

const stackName = 'roverd-atm-events';
const synthesized = (context: Record<string, unknown> = {}) =>
  synthesize(stackName, { scenarios: 'atm-events', ...context });
const template = synthesized({ alarmEmail: 'ops@example.com' });

interface Target {
  readonly Arn: unknown;
  readonly DeadLetterConfig?: { readonly Arn: { 'Fn::GetAtt': [string, string] } };
}
const rules = ofType(template, 'AWS::Events::Rule').map(([name, { Properties }]) => ({
  name: name.replace(/[0-9A-F]{8}$/, ''),
  pattern: Properties.EventPattern as Readonly<Record<string, unknown>>,
  targets: Properties.Targets as readonly Target[],
  bus: resolved(Properties.EventBusName),
}));

test('three rules bound to a function, four apart, one of them with five targets; one for objects', () => {
  assert.equal(Object.fromEntries(rules.map(({ name, targets }) => [name, targets.length])), {
    ApprovedRule: 1,
    NewYorkRule: 1,
    NotApprovedRule: 1,
    FiltersLarge: 5,
    FiltersNewYorkCity: 1,
    FiltersPartnerBank: 1,
    FiltersOwnElsewhere: 1,
    ObjectsCreatedRule: 1,
  });
  const details = rules.filter(({ bus }) => bus !== 'default').map(({ pattern }) => pattern.detail);
  assert.equal(details, [
    { result: ['approved'] },
    { location: [{ prefix: 'NY-' }] },
    { result: [{ 'anything-but': ['approved'] }] },
    { amount: [{ numeric: ['>', 300] }] },
    { location: [{ prefix: 'NY-NYC-' }] },
    { partnerBank: [{ exists: true }] },
    {
      result: ['approved'],
      partnerBank: [{ exists: false }],
      location: [{ 'anything-but': ['NY-NYC-002'] }],
    },
  ]);
  for (const { name, pattern, bus } of rules) {
    if (bus === 'default') continue;
    assert.equal([pattern.source, pattern['detail-type']], [['custom.myATMapp'], ['transaction']], name);
  }
});

test('every target has a queue of its own for what does not reach it, and every queue an alarm', () => {
  const queues = rules.flatMap(({ targets }) =>
    targets.map(({ DeadLetterConfig }) => DeadLetterConfig!.Arn['Fn::GetAtt'][0]),
  );
  assert.is(new Set(queues).size, 12);
  const watched = ofType(template, 'AWS::CloudWatch::Alarm').flatMap(([, { Properties }]) =>
    ((Properties.Dimensions ?? []) as { Value: { 'Fn::GetAtt'?: [string] } }[]).map(
      ({ Value }) => Value['Fn::GetAtt']?.[0],
    ),
  );
  const deadLetters = ofType(template, 'AWS::SQS::Queue')
    .map(([name]) => name)
    .filter((name) => /DeadLetters|Undelivered|FailedInvocations/.test(name));
  assert.is(deadLetters.length, 17);
  for (const name of [...queues, ...deadLetters]) assert.ok(watched.includes(name), name);
});

test('every function has its bounds, and a queue for invocations that failed', () => {
  const functions = ofType(template, 'AWS::Lambda::Function');
  assert.is(functions.length, 9);
  for (const [name, { Properties }] of functions) {
    const { MemorySize, Timeout, LoggingConfig } = Properties as Record<string, unknown>;
    assert.ok(MemorySize && Timeout && LoggingConfig, name);
  }
  const failures = ofType(template, 'AWS::Lambda::EventInvokeConfig');
  assert.is(failures.length, 9);
  for (const [name, { Properties }] of failures) {
    const { OnFailure } = Properties.DestinationConfig as { OnFailure?: object };
    assert.ok(OnFailure, name);
  }
  for (const [name, { Properties }] of ofType(template, 'AWS::Logs::LogGroup')) {
    assert.is(Properties.RetentionInDays, 30, name);
  }
});

test('roles may do what their function needs', () => {
  const grants = (role: RegExp) =>
    ofType(template, 'AWS::IAM::Policy')
      .filter(([name]) => role.test(name))
      .flatMap(
        ([, { Properties }]) =>
          (resolved(Properties.PolicyDocument) as { Statement: { Action: string | string[] }[] }).Statement,
      )
      .flatMap(({ Action }) => Action)
      .filter((action) => !/^(logs|xray):/.test(action))
      .sort();
  assert.equal(grants(/^ApprovedConsumer/), [
    'dynamodb:GetItem',
    'dynamodb:PutItem',
    'sqs:GetQueueAttributes',
    'sqs:GetQueueUrl',
    'sqs:SendMessage',
  ]);
  assert.equal(
    [...new Set(grants(/^Producer/))],
    ['events:PutEvents', 'sqs:GetQueueAttributes', 'sqs:GetQueueUrl', 'sqs:SendMessage'],
  );
});

test('the registry holds the schema by which the producer checks; the saved events are of it', () => {
  const { Properties } = ofType(template, 'AWS::EventSchemas::Schema')[0]![1];
  assert.equal(JSON.parse(String(Properties.Content)), JSON.parse(JSON.stringify(TRANSACTION_SCHEMA)));
  const valid = new Draft04.default().compile(JSON.parse(String(Properties.Content)));
  for (const transaction of [...saved('SAMPLE'), ...saved('FILTERS')]) {
    assert.ok(valid(transaction), JSON.stringify(valid.errors));
  }
});

test('nothing is left when the stack goes', () => {
  for (const type of ['AWS::S3::Bucket', 'AWS::DynamoDB::Table', 'AWS::SQS::Queue', 'AWS::Logs::LogGroup']) {
    for (const [name, { DeletionPolicy }] of ofType(template, type))
      assert.is(DeletionPolicy, 'Delete', name);
  }
});

test('buckets and their rule are named by the context', () => {
  const own = synthesized({ atmBucketPrefix: 'bank-', atmBuckets: 'one' });
  const [, bucket] = ofType(own, 'AWS::S3::Bucket')[0]!;
  assert.is(resolved(bucket.Properties.BucketName), 'bank-one-123456789012-eu-central-1');
  assert.equal(bucket.Properties.NotificationConfiguration, {
    EventBridgeConfiguration: { EventBridgeEnabled: true },
  });
  const rule = ofType(own, 'AWS::Events::Rule').find(([name]) => name.startsWith('ObjectsCreated'))![1];
  assert.equal((rule.Properties.EventPattern as { detail: unknown }).detail, {
    bucket: { name: [{ prefix: 'bank-' }] },
  });
  for (const [context, said] of [
    [{ atmBucketPrefix: 'Bank-' }, /Expected atmBucketPrefix to be 3 to 17 characters/],
    [{ atmBuckets: '' }, /Expected atmBuckets to be 1 to 10 names/],
    [{ alarmEmail: 'nobody' }, /Expected alarmEmail/],
  ] as const) {
    assert.throws(() => synthesized(context), said);
  }
});

test.run();
