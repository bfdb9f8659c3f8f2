import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { Alarms } from '../common/alarms.ts';
import { deadLetterQueue } from '../common/queue.ts';
import { Catalog } from './catalog.ts';
import { DataBucket } from './data-bucket.ts';
import { ScheduledExpiry } from './scheduled-expiry.ts';
import { readSettings } from './settings.ts';
import { TableExpiry } from './table-expiry.ts';

/** Values leave a data lake some time after they came: objects are rewritten in their place, under those who query them. */
export class RetentionStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, { description: 'roverd: values that leave a data lake after a time', ...props });
    const settings = readSettings(this.node);
    const alarms = new Alarms(this, 'Alarms', settings.alarmEmail);
    const failures = deadLetterQueue(this, 'Failures');
    alarms.onFailures(
      'Undone',
      failures.metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum' }),
      'An object was not rewritten: the queue says which and why',
    );
    const Expiry = settings.expiry === 'ttl' ? TableExpiry : ScheduledExpiry;
    const expiry = new Expiry(this, 'Expiry', { settings, failures, alarms });
    const data = new DataBucket(this, 'Data', { settings, notified: expiry.schedule });
    const catalog = new Catalog(this, 'Catalog', data.bucket);

    const output = (name: string, value: string, description: string) =>
      new CfnOutput(this, `${name}Output`, { value, description }).overrideLogicalId(name);
    output('DataBucket', data.bucket.bucketName, 'Bucket for objects, under dataset/');
    output('FailuresQueue', failures.queueUrl, 'Queue of what was not done');
    output('Crawler', catalog.crawler.ref, 'Crawler that makes tables of what is in the bucket');
    output('AlarmTopic', alarms.topic.topicArn, 'Topic that alarms speak to');
  }
}
