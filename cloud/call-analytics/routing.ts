import { Aws } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { FilterCriteria, FilterRule, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { DynamoEventSource, SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import { EmailIdentity, Identity } from 'aws-cdk-lib/aws-ses';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Alarms } from '../common/alarms.ts';
import { NodeFunction } from '../common/function.ts';
import { deadLetterQueue } from '../common/queue.ts';
import type { CallSettings } from './settings.ts';
import type { Storage } from './storage.ts';

export interface RoutingProps {
  readonly storage: Storage;
  readonly settings: CallSettings;
  readonly alarms: Alarms;
}

/** How often a change is tried: the waits between grow, to minutes. */
const RETRIES = 5;
const FOLDER = 'cloud/call-analytics';

/** What a result sets going: every one an event, a negative one a mail. */
export class Routing extends Construct {
  readonly deadLetters: Queue;
  private readonly props: RoutingProps;

  constructor(scope: Construct, id: string, props: RoutingProps) {
    super(scope, id);
    this.props = props;
    const { storage, settings, alarms } = props;
    this.deadLetters = deadLetterQueue(this, 'DeadLetters');
    alarms.onFailures(
      'Undelivered',
      this.deadLetters.metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum' }),
      'A result could not be told by mail or event',
    );
    const written = { eventName: FilterRule.or('INSERT', 'MODIFY') };

    const publish = this.route('Publish', 'Tells the bus of every result', {}, [
      FilterCriteria.filter(written),
    ]);
    EventBus.fromEventBusName(this, 'Bus', 'default').grantPutEventsTo(publish);
    publish.addEnvironment('BUCKET', storage.bucket.bucketName);

    if (settings.manager !== '') {
      const identity = new EmailIdentity(this, 'Sender', { identity: Identity.email(settings.sender) });
      const notify = this.route(
        'Notify',
        'Tells the manager of a negative call',
        { SENDER: identity.emailIdentityName, MANAGER: settings.manager },
        [
          FilterCriteria.filter({
            ...written,
            dynamodb: { NewImage: { Sentiment: { S: FilterRule.isEqual('NEGATIVE') } } },
          }),
        ],
      );
      notify.addToRolePolicy(
        new PolicyStatement({
          actions: ['ses:SendEmail'],
          resources: [
            `arn:${Aws.PARTITION}:ses:${Aws.REGION}:${Aws.ACCOUNT_ID}:identity/${identity.emailIdentityName}`,
          ],
        }),
      );
    }
  }

  private route(
    id: string,
    description: string,
    environment: Readonly<Record<string, string>>,
    filters: { readonly [name: string]: unknown }[],
  ): NodeFunction {
    const { storage } = this.props;
    const route = new NodeFunction(this, id, {
      entry: `${FOLDER}/${id.toLowerCase()}.lambda.ts`,
      description,
      memoryMiB: 256,
      timeoutS: 30,
      environment: { ...environment, SENT_TABLE: storage.sent.tableName },
    });
    storage.sent.grant(route, 'dynamodb:PutItem', 'dynamodb:GetItem', 'dynamodb:DeleteItem');
    route.addEventSource(
      new DynamoEventSource(storage.results as ITable, {
        startingPosition: StartingPosition.TRIM_HORIZON,
        batchSize: 10,
        filters,
        reportBatchItemFailures: true,
        bisectBatchOnError: true,
        retryAttempts: RETRIES,
        onFailure: new SqsDlq(this.deadLetters),
      }),
    );
    return route;
  }
}
