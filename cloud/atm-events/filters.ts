import { ArnFormat, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { EventBus as Bus, type IEventBus, type IRuleTarget, Match, Rule } from 'aws-cdk-lib/aws-events';
import { EventBus, SnsTopic, SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup, ResourcePolicy, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { SqsSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { watchedDeadLetters } from '../common/dead-letters.ts';
import { ownedQueue } from '../common/queue.ts';
import { CONSUMERS, LARGE_AMOUNT, RECEIVES } from './constants.ts';
import { type Common, ConsumerFunction, deliveryTo, transactionsWith } from './consumers.ts';

export interface FiltersProps extends Common {
  readonly bus: IEventBus;
}

/**
 * The second post's filters, by the second way of the posts: rules apart from what they feed. That for large amounts has as
 * many targets as a rule can have, and one of them is a topic, beyond which there can be any number.
 */
export class Filters extends Construct {
  /** For people who look at large amounts. */
  readonly review: Queue;
  /** What the topic feeds. */
  readonly fraud: Queue;
  readonly reporting: Queue;

  constructor(scope: Construct, id: string, { bus, ...common }: FiltersProps) {
    super(scope, id);
    const { alarms } = common;
    const consumer = (name: string, which: keyof typeof CONSUMERS, description: string) =>
      new ConsumerFunction(this, name, {
        ...common,
        consumer: CONSUMERS[which],
        entry: 'consumer',
        description,
      }).target;
    const rule = (name: string, description: string, detail: object, ...targets: IRuleTarget[]) =>
      new Rule(this, name, {
        description,
        eventBus: bus,
        eventPattern: transactionsWith({ ...detail }),
        targets,
      });

    const dead = (name: string, what: string) => watchedDeadLetters(this, `${name}DeadLetters`, alarms, what);
    const handedOver = (name: string, deadLetters: Queue) =>
      ownedQueue(this, name, { deadLetters: { queue: deadLetters, receives: RECEIVES } });
    this.review = handedOver('Review', dead('ReviewMessages', 'Reviews that were given up'));
    const topic = new Topic(this, 'Topic', { enforceSSL: true });
    const subscribed = (name: string) => {
      const deadLetters = dead(name, `Large amounts that did not reach ${name}`);
      const queue = handedOver(name, deadLetters);
      topic.addSubscription(
        new SqsSubscription(queue, { rawMessageDelivery: true, deadLetterQueue: deadLetters }),
      );
      return queue;
    };
    this.fraud = subscribed('Fraud');
    this.reporting = subscribed('Reporting');

    rule(
      'Large',
      `Amounts over ${LARGE_AMOUNT}`,
      { amount: Match.greaterThan(LARGE_AMOUNT) },
      consumer('LargeConsumer', 'large', 'Takes large amounts'),
      new SqsQueue(
        this.review,
        deliveryTo(dead('ReviewDelivery', 'Large amounts that did not reach Review')),
      ),
      new SnsTopic(topic, deliveryTo(dead('TopicDelivery', 'Large amounts that did not reach the topic'))),
      logTarget(this, 'Audit', dead('AuditDelivery', 'Large amounts that did not reach the log')),
      // Other applications of the account hear of them on the default bus.
      new EventBus(Bus.fromEventBusName(this, 'DefaultBus', 'default'), {
        deadLetterQueue: dead('DefaultBusDelivery', 'Large amounts that did not reach the default bus'),
      }),
    );
    rule(
      'NewYorkCity',
      'Machines in New York City',
      { location: Match.prefix('NY-NYC-') },
      consumer('NewYorkCityConsumer', 'newYorkCity', 'Takes transactions in New York City'),
    );
    rule(
      'PartnerBank',
      'Customers of other banks',
      { partnerBank: Match.exists() },
      consumer('PartnerBankConsumer', 'partnerBank', "Takes transactions of other banks' customers"),
    );
    rule(
      'OwnElsewhere',
      'Approved, of own customers, at any machine but NY-NYC-002',
      {
        result: ['approved'],
        partnerBank: Match.doesNotExist(),
        location: Match.anythingBut('NY-NYC-002'),
      },
      consumer('OwnElsewhereConsumer', 'ownElsewhere', "Takes own customers' approved transactions"),
    );
  }
}

/**
 * A log group as a target. The CDK's own lets EventBridge write by a function that calls an API while it deploys; there is
 * a resource for that.
 */
function logTarget(scope: Construct, id: string, deadLetters: Queue): IRuleTarget {
  const stack = Stack.of(scope);
  const group = new LogGroup(scope, id, {
    // Only such groups are taken as a target.
    logGroupName: `/aws/events/${stack.stackName}-${id.toLowerCase()}`,
    retention: RetentionDays.ONE_MONTH,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  new ResourcePolicy(scope, `${id}Policy`, {
    resourcePolicyName: `${stack.stackName}-${id}`,
    policyStatements: [
      new PolicyStatement({
        principals: ['events.amazonaws.com', 'delivery.logs.amazonaws.com'].map(
          (name) => new ServicePrincipal(name),
        ),
        actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        resources: [group.logGroupArn],
      }),
    ],
  });
  const arn = stack.formatArn({
    service: 'logs',
    resource: 'log-group',
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    resourceName: group.logGroupName,
  });
  return {
    bind(rule) {
      deadLetters.addToResourcePolicy(
        new PolicyStatement({
          principals: [new ServicePrincipal('events.amazonaws.com')],
          actions: ['sqs:SendMessage'],
          resources: [deadLetters.queueArn],
          conditions: { ArnEquals: { 'aws:SourceArn': rule.ruleRef.ruleArn } },
        }),
      );
      return { arn, deadLetterConfig: { arn: deadLetters.queueArn } };
    },
  };
}
