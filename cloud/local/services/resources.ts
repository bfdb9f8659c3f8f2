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
  'AWS::KinesisVideo::SignalingChannel': described(
    ['MessageTtlSeconds', 'Name', 'Type', 'Tags'],
    'Name',
    (name) => ({
      Arn: arn('kinesisvideo', `channel/${name}/0`),
    }),
  ),
};
