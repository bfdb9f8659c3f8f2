import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { Alarms } from '../common/alarms.ts';
import { Board } from './board.ts';
import { METRICS_NAMESPACE } from './constants.ts';
import { Routing } from './routing.ts';
import { readSettings } from './settings.ts';
import { Steps } from './steps.ts';
import { Storage } from './storage.ts';

/** Recordings of calls become transcripts, transcripts a sentiment, and a sentiment what somebody should do. */
export class CallAnalyticsStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, { description: 'roverd: what is said in calls, and how', ...props });
    const settings = readSettings(this.node);
    const alarms = new Alarms(this, 'Alarms', settings.alarmEmail);
    const storage = new Storage(this, 'Storage');
    const steps = new Steps(this, 'Steps', { storage, settings, alarms });
    const routing = new Routing(this, 'Routing', { storage, settings, alarms });
    new Board(this, 'Board', steps, routing);
    alarms.onFailures(
      'JobFailed',
      new Metric({ namespace: METRICS_NAMESPACE, metricName: 'Failed' }),
      'A recording could not be transcribed: the table says why',
    );

    const output = (name: string, value: string, description: string) =>
      new CfnOutput(this, `${name}Output`, { value, description }).overrideLogicalId(name);
    output('CallsBucket', storage.bucket.bucketName, 'Bucket for recordings');
    output('ResultsTable', storage.results.tableName, 'Table of results');
    output('AlarmTopic', alarms.topic.topicArn, 'Topic that alarms speak to');
  }
}
