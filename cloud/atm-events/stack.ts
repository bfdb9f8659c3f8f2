import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { AttributeType } from 'aws-cdk-lib/aws-dynamodb';
import { EventBus as Bus, type IEventBus, Match } from 'aws-cdk-lib/aws-events';
import { CfnRegistry, CfnSchema } from 'aws-cdk-lib/aws-eventschemas';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import type { Construct } from 'constructs';
import { Alarms } from '../common/alarms.ts';
import { watchedDeadLetters } from '../common/dead-letters.ts';
import { NodeFunction } from '../common/function.ts';
import { ownedTable } from '../common/table.ts';
import {
  BUS_NAME,
  CONSUMERS,
  KEPT_DAYS,
  PRODUCER_S,
  SCHEMA_NAME,
  SCHEMA_REGISTRY,
  SOURCE,
} from './constants.ts';
import { BoundConsumer, transactionsWith } from './consumers.ts';
import { Filters } from './filters.ts';
import { Objects } from './objects.ts';
import { readSettings } from './settings.ts';
import { TRANSACTION_SCHEMA } from './transaction.lambda-shared.ts';

/** Transactions of cash machines on a bus of their own: who takes which is a matter of rules. */
export class AtmEventsStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, { description: 'roverd: events of cash machines, routed by content', ...props });
    const settings = readSettings(this.node);
    const alarms = new Alarms(this, 'Alarms', settings.alarmEmail);
    const kept = ownedTable(this, 'Kept', {
      partitionKey: 'id',
      sortKey: { name: 'consumer', type: AttributeType.STRING },
      expiresBy: 'expiresAt',
    });
    const bus = new Bus(this, 'Bus', { eventBusName: BUS_NAME }) as IEventBus;
    const archive = bus.archive('Archive', {
      archiveName: BUS_NAME,
      description: 'Transactions, to be put again',
      eventPattern: { source: [SOURCE] },
      retention: Duration.days(KEPT_DAYS),
    });
    this.describe();
    const producer = this.producer(bus, alarms);

    const common = { kept, alarms };
    const bound = (name: string, consumer: keyof typeof CONSUMERS, description: string, detail: object) =>
      new BoundConsumer(this, name, {
        ...common,
        bus,
        consumer: CONSUMERS[consumer],
        description,
        pattern: transactionsWith({ ...detail }),
      });
    bound('Approved', 'approved', 'Takes approved transactions', { result: ['approved'] });
    bound('NewYork', 'newYork', 'Takes transactions in New York', { location: Match.prefix('NY-') });
    bound('NotApproved', 'notApproved', 'Takes transactions that were not approved', {
      result: Match.anythingBut('approved'),
    });
    const filters = new Filters(this, 'Filters', { ...common, bus });
    const objects = new Objects(this, 'Objects', { ...common, settings });

    const output = (name: string, value: string, description: string) =>
      new CfnOutput(this, `${name}Output`, { value, description }).overrideLogicalId(name);
    output('Producer', producer.functionName, 'Function that puts transactions onto the bus');
    output('BusName', bus.eventBusName, 'The bus');
    output('ArchiveArn', archive.archiveArn, 'Archive of the bus, for replays');
    output('KeptTable', kept.tableName, 'What the consumers took');
    output('ReviewUrl', filters.review.queueUrl, 'Queue of large amounts for people who review');
    output('FraudUrl', filters.fraud.queueUrl, 'Queue of large amounts beyond the topic');
    output('ReportingUrl', filters.reporting.queueUrl, 'Another one');
    output(
      'Buckets',
      objects.buckets.map(({ bucketName }) => bucketName).join(','),
      'Buckets of the one rule',
    );
    output('AlarmTopic', alarms.topic.topicArn, 'Topic that alarms speak to');
  }

  /** What a transaction looks like, for those who write consumers. */
  private describe(): void {
    const registry = new CfnRegistry(this, 'Schemas', {
      registryName: SCHEMA_REGISTRY,
      description: 'Events of cash machines',
    });
    new CfnSchema(this, 'TransactionSchema', {
      registryName: registry.attrRegistryName,
      schemaName: SCHEMA_NAME,
      type: 'JSONSchemaDraft4',
      content: JSON.stringify(TRANSACTION_SCHEMA),
    });
  }

  private producer(bus: IEventBus, alarms: Alarms): NodeFunction {
    const undelivered = watchedDeadLetters(this, 'Undelivered', alarms, 'Transactions that could not be put');
    const failed = watchedDeadLetters(
      this,
      'FailedInvocations',
      alarms,
      'Invocations of the producer that failed',
    );
    const producer = new NodeFunction(this, 'Producer', {
      entry: 'cloud/atm-events/producer.lambda.ts',
      description: 'Puts transactions onto the bus',
      memoryMiB: 512,
      timeoutS: PRODUCER_S,
      environment: { BUS: bus.eventBusName, UNDELIVERED_URL: undelivered.queueUrl },
    });
    producer.addToRolePolicy(
      new PolicyStatement({
        actions: ['events:PutEvents'],
        resources: [bus.eventBusArn],
        conditions: { StringEquals: { 'events:source': SOURCE } },
      }),
    );
    undelivered.grantSendMessages(producer);
    producer.configureAsyncInvoke({ onFailure: new SqsDestination(failed), retryAttempts: 2 });
    alarms.onFailures('ProducerFailed', producer.metricErrors(), 'The producer failed as a whole');
    return producer;
  }
}
