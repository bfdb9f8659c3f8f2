import type { MadeResource } from '../desk/open-desk.ts';

/** What to do with a resource: a command of AWS's own tool, or words in a `#` line. Empty: nothing. */
type Attempt = (resource: MadeResource, all: readonly MadeResource[]) => readonly string[];

interface EventPattern {
  readonly source?: readonly unknown[];
  readonly 'detail-type'?: readonly unknown[];
}

const ATTEMPTS: Readonly<Record<string, Attempt>> = {
  'AWS::S3::Bucket': ({ ref }) => [`aws s3 cp FILE s3://${ref}/`],
  'AWS::DynamoDB::Table': ({ ref }) => [`aws dynamodb scan --table-name ${ref}`],
  'AWS::SQS::Queue': ({ ref, properties }) => [
    `aws sqs send-message --queue-url ${ref} --message-body '{}'${properties.FifoQueue === true ? ' --message-group-id 1 --message-deduplication-id 1' : ''}`,
  ],
  // A topic that only tells a person of alarms is none to try.
  'AWS::SNS::Topic': ({ ref, logicalId }, all) =>
    all.some(
      ({ type, properties }) =>
        type === 'AWS::SNS::Subscription' &&
        properties.Protocol !== 'email' &&
        JSON.stringify(properties.TopicArn ?? '').includes(`"${logicalId}"`),
    )
      ? [`aws sns publish --topic-arn ${ref} --message '{}'`]
      : [],
  'AWS::Events::Rule': ({ logicalId, properties }, all) => {
    const { ScheduleExpression, EventPattern, EventBusName = '' } = properties;
    if (ScheduleExpression !== undefined) return [due(logicalId, ScheduleExpression)];
    const { source, 'detail-type': type } = (EventPattern ?? {}) as EventPattern;
    const bus = all.find(
      (one) =>
        one.type === 'AWS::Events::EventBus' && JSON.stringify(EventBusName).includes(`"${one.logicalId}"`),
    );
    const entry = {
      ...(bus ? { EventBusName: bus.ref } : {}),
      Source: textOf(source) ?? 'desk',
      DetailType: textOf(type) ?? 'tried',
      Detail: '{}',
    };
    return [`aws events put-events --entries '${JSON.stringify([entry])}'`];
  },
  'AWS::Scheduler::Schedule': ({ logicalId, properties }) => [due(logicalId, properties.ScheduleExpression)],
};

/** Commands that try what a template has, each once; routes of APIs are not among them. */
export function attempts(resources: readonly MadeResource[]): string[] {
  return [...new Set(resources.flatMap((one) => ATTEMPTS[one.type]?.(one, resources) ?? []))];
}

const due = (logicalId: string, expression: unknown) =>
  `# ${logicalId}: ${typeof expression === 'string' ? expression : JSON.stringify(expression)}; the page can let time pass`;

/** The first one that is plain text: others match by prefix and the like. */
const textOf = (values: readonly unknown[] | undefined) =>
  values?.find((one): one is string => typeof one === 'string');
