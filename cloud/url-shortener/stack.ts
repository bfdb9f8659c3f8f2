import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import { Operation } from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import { Alarms } from '../common/alarms.ts';
import { Api } from './api.ts';
import { Edge } from './edge.ts';
import { Links } from './links.ts';
import { readSettings } from './settings.ts';
import { SignIn } from './sign-in.ts';

/** A URL shortener without a function: API Gateway speaks to DynamoDB by templates. */
export class UrlShortenerStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, { description: 'roverd: short links, without a function', ...props });
    const settings = readSettings(this.node);
    const alarms = new Alarms(this, 'Alarms', settings.alarmEmail);
    const links = new Links(this, 'Links');
    const signIn = new SignIn(this, 'SignIn', settings);
    const api = new Api(this, 'Api', { settings, links, userPool: signIn.pool, alarms });
    const edge = new Edge(this, 'Edge', api.rest, settings);
    signIn.addClient(edge.address);
    alarms.onFailures(
      'TableThrottled',
      links.table.metricThrottledRequestsForOperation(Operation.UPDATE_ITEM),
      'The table of links takes no more writes',
    );

    const output = (name: string, value: string, description: string) =>
      new CfnOutput(this, `${name}Output`, { value, description }).overrideLogicalId(name);
    output('LinksURL', `${edge.address}/`, 'What short links begin with');
    output('ApiURL', api.rest.url, 'Address of the API without CloudFront before it');
    output('AlarmTopic', alarms.topic.topicArn, 'Topic that alarms speak to');
  }
}
