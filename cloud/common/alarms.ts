import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  type IMetric,
  type Metric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';

export const ALARM_PERIOD = Duration.minutes(5);

/** The alarms of a stack and the one topic they speak to. */
export class Alarms extends Construct {
  readonly topic: Topic;

  /** @param email where alarms are sent; empty: to whom subscribes to the topic */
  constructor(scope: Construct, id: string, email: string) {
    super(scope, id);
    this.topic = new Topic(this, 'Topic', { enforceSSL: true });
    if (email) this.topic.addSubscription(new EmailSubscription(email));
  }

  /** Raised by the first period in which anything failed. */
  onFailures(id: string, metric: Metric, description: string): void {
    this.add(id, metric.with({ statistic: 'Sum', period: ALARM_PERIOD }), 1, 1, description);
  }

  /** Raised when the slowest 1 % took `limitMs` or longer in two of three periods. */
  onDelay(id: string, metric: Metric, limitMs: number, description: string): void {
    this.add(id, metric.with({ statistic: 'p99', period: ALARM_PERIOD }), limitMs, 3, description, 2);
  }

  /** Raised when this share (0..1) of what was counted went wrong in two of three periods. */
  onShare(id: string, metric: Metric, limitRatio: number, description: string): void {
    this.add(id, metric.with({ statistic: 'Average', period: ALARM_PERIOD }), limitRatio, 3, description, 2);
  }

  private add(
    id: string,
    metric: IMetric,
    threshold: number,
    evaluationPeriods: number,
    alarmDescription: string,
    datapointsToAlarm = evaluationPeriods,
  ): void {
    new Alarm(this, id, {
      metric,
      threshold,
      evaluationPeriods,
      datapointsToAlarm,
      alarmDescription,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    }).addAlarmAction(new SnsAction(this.topic));
  }
}
