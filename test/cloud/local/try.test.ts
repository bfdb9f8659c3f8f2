import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { attempts } from '../../../cloud/local/cli/try.ts';

type Listed = readonly [logicalId: string, type: string, properties?: object];

const tried = (...resources: readonly Listed[]) =>
  attempts(
    resources.map(([logicalId, type, properties = {}]) => ({
      logicalId,
      type,
      properties: { ...properties },
      ref: `ref-of-${logicalId}`,
    })),
  );

const rows: readonly (readonly [what: string, resources: readonly Listed[], commands: readonly string[]])[] =
  [
    ['a bucket', [['Files', 'AWS::S3::Bucket']], ['aws s3 cp FILE s3://ref-of-Files/']],
    [
      'a queue and one that keeps its order',
      [
        ['Work', 'AWS::SQS::Queue'],
        ['Ordered', 'AWS::SQS::Queue', { FifoQueue: true }],
      ],
      [
        "aws sqs send-message --queue-url ref-of-Work --message-body '{}'",
        "aws sqs send-message --queue-url ref-of-Ordered --message-body '{}' --message-group-id 1 --message-deduplication-id 1",
      ],
    ],
    [
      'a topic that somebody of the stack hears, and one of alarms',
      [
        ['News', 'AWS::SNS::Topic'],
        ['Alarms', 'AWS::SNS::Topic'],
        ['Hears', 'AWS::SNS::Subscription', { Protocol: 'sqs', TopicArn: { Ref: 'News' } }],
        ['Mail', 'AWS::SNS::Subscription', { Protocol: 'email', TopicArn: { Ref: 'Alarms' } }],
      ],
      ["aws sns publish --topic-arn ref-of-News --message '{}'"],
    ],
    [
      'rules, alike or not, and a schedule',
      [
        ['Bus', 'AWS::Events::EventBus'],
        [
          'Approved',
          'AWS::Events::Rule',
          {
            EventBusName: { Ref: 'Bus' },
            EventPattern: { source: ['custom.myATMapp'], 'detail-type': ['transaction'], detail: { a: [1] } },
          },
        ],
        [
          'Big',
          'AWS::Events::Rule',
          {
            EventBusName: { Ref: 'Bus' },
            EventPattern: { source: ['custom.myATMapp'], 'detail-type': ['transaction'] },
          },
        ],
        ['Any', 'AWS::Events::Rule', { EventPattern: { source: [{ prefix: 'a' }] } }],
        ['Nightly', 'AWS::Events::Rule', { ScheduleExpression: 'rate(1 day)' }],
      ],
      [
        `aws events put-events --entries '[{"EventBusName":"ref-of-Bus","Source":"custom.myATMapp","DetailType":"transaction","Detail":"{}"}]'`,
        `aws events put-events --entries '[{"Source":"desk","DetailType":"tried","Detail":"{}"}]'`,
        '# Nightly: rate(1 day); the page can let time pass',
      ],
    ],
    ['what nobody can try', [['Role', 'AWS::IAM::Role']], []],
  ];

for (const [what, resources, commands] of rows) {
  test(`says how to try ${what}`, () => assert.equal(tried(...resources), commands));
}

test.run();
