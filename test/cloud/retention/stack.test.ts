import { Match } from 'aws-cdk-lib/assertions';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ofType, resolved, resourcesOf, synthesize } from '../synthesized.ts';

const retention = (context: Record<string, unknown> = {}) =>
  synthesize('roverd-retention', { scenarios: 'retention', ...context });
const byTable = retention();
const byScheduler = retention({
  retentionExpiry: 'scheduler',
  retentionBucket: 'data-bucket',
  retentionTtlS: '60',
  retentionFields: 'file_contents,ip',
});
const idOf = (template: typeof byTable, type: string, beginning: string) =>
  ofType(template, type).find(([name]) => name.startsWith(beginning))?.[0];

test("the post's table: keyed by path, expiring by ttl, with a stream of both images", () => {
  byTable.hasResource('AWS::DynamoDB::Table', {
    Properties: {
      TableName: 'objects-to-process',
      KeySchema: [{ AttributeName: 'path', KeyType: 'HASH' }],
      TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
      StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
    },
    DeletionPolicy: 'Delete',
  });
});

test('objects under dataset/ are told to the function, without a function of the CDK between', () => {
  byTable.hasResourceProperties('AWS::S3::Bucket', {
    NotificationConfiguration: {
      LambdaConfigurations: [
        {
          Event: 's3:ObjectCreated:*',
          Function: { 'Fn::GetAtt': [idOf(byTable, 'AWS::Lambda::Function', 'ExpirySchedule'), 'Arn'] },
          Filter: { S3Key: { Rules: [{ Name: 'prefix', Value: 'dataset/' }] } },
        },
      ],
    },
    VersioningConfiguration: Match.absent(),
  });
  const { Properties } = ofType(byTable, 'AWS::Lambda::Permission')[0]![1];
  assert.equal(resolved({ ...Properties, FunctionName: '' }), {
    Action: 'lambda:InvokeFunction',
    FunctionName: '',
    Principal: 's3.amazonaws.com',
    SourceAccount: '123456789012',
    SourceArn: 'arn:aws:s3:::roverd-retention-123456789012-eu-central-1',
  });
  assert.equal(
    ofType(byTable, 'AWS::Lambda::Function').map(([name]) => name.replace(/[0-9A-F]{8}$/, '')),
    ['ExpirySchedule', 'ExpiryRewrite'],
  );
});

test('expiry alone sets the rewriting going; what fails is halved, tried and told', () => {
  byTable.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
    FilterCriteria: {
      Filters: [
        {
          Pattern: JSON.stringify({
            eventName: ['REMOVE'],
            userIdentity: { type: ['Service'], principalId: ['dynamodb.amazonaws.com'] },
          }),
        },
      ],
    },
    BisectBatchOnFunctionError: true,
    FunctionResponseTypes: ['ReportBatchItemFailures'],
    MaximumRetryAttempts: 5,
    MaximumRecordAgeInSeconds: 82_800,
    StartingPosition: 'TRIM_HORIZON',
    DestinationConfig: {
      OnFailure: { Destination: { 'Fn::GetAtt': [idOf(byTable, 'AWS::SQS::Queue', 'Failures'), 'Arn'] } },
    },
  });
});

test('whatever is invoked by nobody who waits tells the queue of failures', () => {
  for (const [template, count] of [
    [byTable, 1],
    [byScheduler, 2],
  ] as const) {
    template.resourceCountIs('AWS::Lambda::EventInvokeConfig', count);
    template.allResourcesProperties('AWS::Lambda::EventInvokeConfig', {
      DestinationConfig: {
        OnFailure: { Destination: { 'Fn::GetAtt': [idOf(template, 'AWS::SQS::Queue', 'Failures'), 'Arn'] } },
      },
    });
  }
});

interface Statement {
  readonly Action: string | string[];
  readonly Resource: string | string[];
  readonly Condition?: unknown;
}

function grants(template: typeof byTable, role: string): string[] {
  const policies = ofType(template, 'AWS::IAM::Policy').filter(([name]) => name.startsWith(role));
  return policies
    .flatMap(
      ([, { Properties }]) => (resolved(Properties.PolicyDocument) as { Statement: Statement[] }).Statement,
    )
    .map(({ Action, Resource }) =>
      `${[Action].flat().join(' ')} on ${[Resource].flat().join(' ')}`.replaceAll(/[0-9A-F]{8}(?=[.>])/g, ''),
    )
    .filter((one) => !/^(logs|xray):/.test(one));
}

test('each function may do what it does, on the data set alone', () => {
  const bucket = 'arn:aws:s3:::roverd-retention-123456789012-eu-central-1';
  assert.equal(grants(byTable, 'ExpiryScheduleRole'), [
    'sqs:GetQueueAttributes sqs:GetQueueUrl sqs:SendMessage on <Failures.Arn>',
    `s3:GetObject s3:GetObjectTagging on ${bucket}/dataset/*`,
    `s3:ListBucket on ${bucket}`,
    'dynamodb:PutItem on <ExpiryTable.Arn>',
  ]);
  assert.equal(grants(byTable, 'ExpiryRewriteRole'), [
    'dynamodb:ListStreams xray:PutTelemetryRecords xray:PutTraceSegments on *',
    `s3:AbortMultipartUpload s3:GetObject s3:GetObjectTagging s3:PutObject s3:PutObjectTagging on ${bucket}/dataset/*`,
    `s3:ListBucket on ${bucket}`,
    'sqs:GetQueueAttributes sqs:GetQueueUrl sqs:SendMessage on <Failures.Arn>',
    'dynamodb:PutItem on <ExpiryTable.Arn>',
    'dynamodb:DescribeStream dynamodb:GetRecords dynamodb:GetShardIterator on <ExpiryTable.StreamArn>',
  ]);
});

test('by EventBridge Scheduler there is no table; the role may be passed to the scheduler alone', () => {
  byScheduler.resourceCountIs('AWS::DynamoDB::Table', 0);
  byScheduler.resourceCountIs('AWS::Lambda::EventSourceMapping', 0);
  const schedules = 'arn:aws:scheduler:eu-central-1:123456789012:schedule/roverd-retention/*';
  for (const role of ['ExpiryScheduleRole', 'ExpiryRewriteRole']) {
    const given = grants(byScheduler, role);
    assert.ok(given.includes(`scheduler:CreateSchedule on ${schedules}`), given.join('\n'));
    assert.ok(given.includes('iam:PassRole on <ExpiryRole.Arn>'), given.join('\n'));
  }
  assert.equal(grants(byScheduler, 'ExpiryRoleDefault'), [
    'lambda:InvokeFunction on <ExpiryRewrite.Arn>',
    'sqs:GetQueueAttributes sqs:GetQueueUrl sqs:SendMessage on <Failures.Arn>',
  ]);
  byScheduler.hasResourceProperties('AWS::IAM::Policy', {
    PolicyDocument: {
      Statement: Match.arrayWith([
        Match.objectLike({
          Action: 'iam:PassRole',
          Condition: { StringEquals: { 'iam:PassedToService': 'scheduler.amazonaws.com' } },
        }),
      ]),
    },
  });
});

test('the context says name, time and fields', () => {
  byScheduler.hasResourceProperties('AWS::S3::Bucket', { BucketName: 'data-bucket' });
  const [, { Properties }] = ofType(byScheduler, 'AWS::Lambda::Function').find(([name]) =>
    name.startsWith('ExpiryRewrite'),
  )!;
  const { Variables } = Properties.Environment as { readonly Variables: Readonly<Record<string, unknown>> };
  const { TTL_S, FIELDS } = Variables;
  assert.equal([TTL_S, FIELDS], ['60', 'file_contents,ip']);
});

test('a setting that can not be is refused by name', () => {
  for (const [name, value] of Object.entries({
    retentionExpiry: 'never',
    retentionBucket: 'Data_Bucket',
    retentionTtlS: '0',
    retentionFields: 'a,,b',
  })) {
    assert.throws(
      () => retention({ [name]: value }),
      new RegExp(`^Expected ${name} to be .* but received "${value}"`),
    );
  }
});

test("the post's crawler and database, and a work group whose results go after a day", () => {
  byTable.hasResourceProperties('AWS::Glue::Crawler', {
    Name: 'data-crawler',
    DatabaseName: { Ref: idOf(byTable, 'AWS::Glue::Database', 'CatalogDatabase') },
    Targets: {
      S3Targets: [
        {
          Path: {
            'Fn::Join': ['', ['s3://', { Ref: idOf(byTable, 'AWS::S3::Bucket', 'DataBucket') }, '/dataset/']],
          },
        },
      ],
    },
  });
  byTable.hasResourceProperties('AWS::Glue::Database', { DatabaseInput: { Name: 'data_db' } });
  byTable.hasResourceProperties('AWS::Athena::WorkGroup', {
    WorkGroupConfiguration: { EnforceWorkGroupConfiguration: true },
  });
  byTable.hasResourceProperties('AWS::S3::Bucket', {
    LifecycleConfiguration: {
      Rules: Match.arrayWith([
        Match.objectLike({ Prefix: 'athena-results/', ExpirationInDays: 1, Status: 'Enabled' }),
      ]),
    },
  });
});

test('nothing stays when the stack goes', () => {
  for (const template of [byTable, byScheduler]) {
    for (const [name, { Type, DeletionPolicy }] of resourcesOf(template)) {
      const stays = /::(Bucket|Table|Queue|LogGroup)$/.test(Type) && DeletionPolicy !== 'Delete';
      assert.not(stays, name);
    }
  }
});

test.run();
