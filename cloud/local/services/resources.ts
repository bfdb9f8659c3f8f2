import { described, type Family } from '../desk/family.ts';
import { arn } from '../desk/place.ts';

/** What is only watched or written to stands as a name. */
export const services: Family = {
  'AWS::CloudWatch::Alarm': described(
    [
      'ActionsEnabled',
      'AlarmActions',
      'AlarmDescription',
      'AlarmName',
      'ComparisonOperator',
      'DatapointsToAlarm',
      'Dimensions',
      'EvaluationPeriods',
      'ExtendedStatistic',
      'MetricName',
      'Metrics',
      'Namespace',
      'Period',
      'Statistic',
      'Threshold',
      'TreatMissingData',
    ],
    'AlarmName',
    (name) => ({ Arn: arn('cloudwatch', `alarm:${name}`) }),
  ),
  'AWS::CloudWatch::Dashboard': described(['DashboardBody', 'DashboardName'], 'DashboardName'),
  'AWS::SNS::Topic': {
    properties: ['TopicName', 'DisplayName', 'Tags'],
    create({ name, properties }) {
      const topicName = String(properties.TopicName ?? name);
      return {
        ref: arn('sns', topicName),
        attributes: { TopicArn: arn('sns', topicName), TopicName: topicName },
      };
    },
  },
  'AWS::SNS::TopicPolicy': described(['PolicyDocument', 'Topics']),
  'AWS::SNS::Subscription': {
    ...described(['Endpoint', 'Protocol', 'TopicArn']),
    unsupported: ({ Protocol }) => (Protocol === 'email' ? [] : [`the protocol ${Protocol}`]),
  },
  'AWS::KinesisVideo::SignalingChannel': described(
    ['MessageTtlSeconds', 'Name', 'Type', 'Tags'],
    'Name',
    (name) => ({
      Arn: arn('kinesisvideo', `channel/${name}/0`),
    }),
  ),
};
