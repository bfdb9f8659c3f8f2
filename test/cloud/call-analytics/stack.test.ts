import { Match } from 'aws-cdk-lib/assertions';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LANGUAGE_METADATA, MAX_SPEAKERS } from '../../../cloud/call-analytics/constants.ts';
import { ofType, resolved, synthesize } from '../synthesized.ts';

const stackName = 'roverd-call-analytics';
const scenarios = 'call-analytics';
const plain = synthesize(stackName, { scenarios });
const withMail = synthesize(stackName, {
  scenarios,
  callsManager: 'boss@example.org',
  callsSender: 'calls@example.com',
  callsLanguage: 'auto',
  callsTranslate: 'always',
});

interface Statement {
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource: string | string[];
  readonly Condition?: unknown;
}
const grantsOf = (role: RegExp): Statement[] =>
  ofType(withMail, 'AWS::IAM::Policy')
    .filter(([name]) => role.test(name))
    .flatMap(
      ([, { Properties }]) => (resolved(Properties.PolicyDocument) as { Statement: Statement[] }).Statement,
    );
const short = ({ Action, Resource }: Statement) =>
  `${[Action].flat().join(' ')} ${[Resource]
    .flat()
    .join(' ')
    .replaceAll(/<(\w+?)[0-9A-F]{8}(\.\w+)?>/g, '<$1>')}`;

test('each function may do what its step needs, and nothing else', () => {
  const everywhere = /^(logs:|xray:|sqs:|dynamodb:ListStreams)/;
  const own = (role: RegExp) =>
    grantsOf(role)
      .map(short)
      .filter((one) => !everywhere.test(one));
  const jobs = 'arn:aws:transcribe:eu-central-1:123456789012:transcription-job/calls-*';
  assert.equal(own(/^StepsTranscribe/), [
    's3:GetObject <StorageCalls>/*',
    's3:ListBucket <StorageCalls>',
    'transcribe:StartTranscriptionJob *',
    'iam:PassRole <StorageTranscriber>',
  ]);
  assert.equal(own(/^StepsTranslate/), [
    'translate:TranslateText xray:PutTelemetryRecords xray:PutTraceSegments *',
    's3:GetObject <StorageCalls>/foreign/*',
    `transcribe:GetTranscriptionJob ${jobs}`,
    's3:PutObject <StorageCalls>/texts/*',
  ]);
  assert.equal(own(/^StepsSentiment/), [
    'comprehend:BatchDetectSentiment xray:PutTelemetryRecords xray:PutTraceSegments *',
    's3:GetObject <StorageCalls>/texts/* <StorageCalls>/transcripts/*',
    `transcribe:GetTranscriptionJob ${jobs}`,
    'dynamodb:PutItem <StorageResults>',
  ]);
  assert.equal(own(/^StepsFailed/), [
    `transcribe:GetTranscriptionJob ${jobs}`,
    'dynamodb:PutItem <StorageResults>',
  ]);
  assert.ok(
    own(/^RoutingNotify/).includes(
      'ses:SendEmail arn:aws:ses:eu-central-1:123456789012:identity/<RoutingSender>',
    ),
  );
  assert.ok(
    own(/^RoutingPublish/).includes(
      'events:PutEvents arn:aws:events:eu-central-1:123456789012:event-bus/default',
    ),
  );
  const start = grantsOf(/^StepsTranscribe/).find(
    ({ Action }) => Action === 'transcribe:StartTranscriptionJob',
  );
  assert.match(JSON.stringify(start?.Condition), /transcribe:OutputBucketName":"<StorageCalls/);
});

test('Transcribe reads recordings and writes transcripts, for this account only', () => {
  assert.equal(grantsOf(/^StorageTranscriber/).map(short), [
    's3:GetObject <StorageCalls>/*',
    's3:ListBucket <StorageCalls>',
    's3:PutObject <StorageCalls>/.write_access_check_file.temp <StorageCalls>/foreign/* <StorageCalls>/transcripts/*',
  ]);
  plain.hasResourceProperties('AWS::IAM::Role', {
    AssumeRolePolicyDocument: {
      Statement: [
        {
          Principal: { Service: 'transcribe.amazonaws.com' },
          Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
        },
      ],
    },
  });
});

test('every rule leads to a queue, and what it can not deliver, or the queue not get done, is put aside', () => {
  const rules = ofType(plain, 'AWS::Events::Rule');
  assert.is(rules.length, 4);
  for (const [name, { Properties }] of rules) {
    const [target, ...others] = Properties.Targets as { Arn: object; DeadLetterConfig: object }[];
    assert.match(JSON.stringify(target?.Arn), /Queue/, name);
    assert.match(JSON.stringify(target?.DeadLetterConfig), /DeadLetters/, name);
    assert.is(others.length, 0);
  }
  const queues = ofType(plain, 'AWS::SQS::Queue');
  assert.is(queues.length, 9);
  for (const [name, { Properties }] of queues) {
    assert.is(Boolean(Properties.RedrivePolicy), !name.includes('DeadLetters'), name);
    assert.is(Properties.SqsManagedSseEnabled, true, name);
  }
});

test('every batch is answered in part, and the visibility leaves time for retries', () => {
  const mappings = ofType(withMail, 'AWS::Lambda::EventSourceMapping');
  assert.is(mappings.length, 6);
  for (const [name, { Properties }] of mappings) {
    assert.equal(Properties.FunctionResponseTypes, ['ReportBatchItemFailures'], name);
    if (!name.startsWith('Routing')) continue;
    assert.is(Properties.BisectBatchOnFunctionError, true, name);
    assert.match(JSON.stringify(Properties.DestinationConfig), /RoutingDeadLetters/, name);
  }
  withMail.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
    FilterCriteria: {
      Filters: [
        {
          Pattern: JSON.stringify({
            eventName: ['INSERT', 'MODIFY'],
            dynamodb: { NewImage: { Sentiment: { S: ['NEGATIVE'] } } },
          }),
        },
      ],
    },
  });
});

test('the bucket tells EventBridge by itself, without a function that sets it up', () => {
  plain.hasResourceProperties('AWS::S3::Bucket', {
    NotificationConfiguration: { EventBridgeConfiguration: { EventBridgeEnabled: true } },
  });
  plain.resourcePropertiesCountIs('AWS::Lambda::Function', { Runtime: Match.stringLikeRegexp('python') }, 0);
});

test('without a manager there is nobody to write to', () => {
  assert.is(ofType(plain, 'AWS::SES::EmailIdentity').length, 0);
  assert.is(ofType(plain, 'AWS::Lambda::Function').length, 5);
  withMail.hasResourceProperties('AWS::SES::EmailIdentity', { EmailIdentity: 'calls@example.com' });
  withMail.hasResourceProperties('AWS::Lambda::Function', {
    Environment: { Variables: Match.objectLike({ MANAGER: 'boss@example.org' }) },
  });
});

test('everything has its limits, is logged for a month and goes with the stack', () => {
  for (const [name, { Properties }] of ofType(withMail, 'AWS::Lambda::Function')) {
    assert.ok(Properties.MemorySize && Properties.Timeout && Properties.LoggingConfig, name);
    assert.equal(Properties.TracingConfig, { Mode: 'Active' }, name);
  }
  for (const type of ['AWS::DynamoDB::Table', 'AWS::S3::Bucket', 'AWS::Logs::LogGroup', 'AWS::SQS::Queue']) {
    for (const [name, { DeletionPolicy }] of ofType(withMail, type))
      assert.is(DeletionPolicy, 'Delete', name);
  }
  assert.is(ofType(plain, 'AWS::CloudWatch::Dashboard').length, 1);
  assert.is(ofType(plain, 'AWS::CloudWatch::Alarm').length, 6);
});

test('settings are checked', () => {
  const refused = (context: Record<string, string>) => () => synthesize(stackName, { scenarios, ...context });
  assert.throws(
    refused({ callsLanguage: 'english' }),
    /Expected callsLanguage to be auto or a code such as en-US/,
  );
  assert.throws(refused({ callsTranslate: 'never' }), /Expected callsTranslate to be unsupported or always/);
  assert.throws(refused({ callsManager: 'boss' }), /Expected callsManager to be an e-mail address/);
  assert.throws(
    refused({ callsManager: 'a@b.c', callsSender: '' }),
    /Expected callsSender to be an e-mail address/,
  );
});

test('the header that the post writes is the one that is read, in the letters that S3 keeps it in', () => {
  assert.is(LANGUAGE_METADATA, 'Content-Language'.toLowerCase());
  assert.ok(MAX_SPEAKERS >= 2 && MAX_SPEAKERS <= 30);
});

test.run();
