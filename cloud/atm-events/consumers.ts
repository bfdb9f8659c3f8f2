import { Duration } from 'aws-cdk-lib';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import { type EventPattern, type IEventBus, Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Alarms } from '../common/alarms.ts';
import { nameOf, watchedDeadLetters } from '../common/dead-letters.ts';
import { NodeFunction } from '../common/function.ts';
import { type Consumer, DELIVERY_HOURS, DETAIL_TYPE, SOURCE } from './constants.ts';

export interface Common {
  /** Where consumers keep what they were given. */
  readonly kept: Table;
  readonly alarms: Alarms;
}

/** How long EventBridge tries to deliver, and what it does with what it can't. */
export function deliveryTo(deadLetters: Queue) {
  return { deadLetterQueue: deadLetters, maxEventAge: Duration.hours(DELIVERY_HOURS), retryAttempts: 185 };
}

/** Transactions of the bank, and of these such as have this detail. */
export function transactionsWith(detail: Readonly<Record<string, unknown>>): EventPattern {
  return { source: [SOURCE], detailType: [DETAIL_TYPE], detail };
}

export interface ConsumerFunctionProps extends Common {
  readonly consumer: Consumer;
  readonly entry: string;
  readonly description: string;
}

/** A function that is given events, and a queue for those that did not reach it or that it could not take. */
export class ConsumerFunction extends Construct {
  readonly target: LambdaFunction;

  constructor(scope: Construct, id: string, props: ConsumerFunctionProps) {
    super(scope, id);
    const { consumer, entry, description, kept, alarms } = props;
    const deadLetters = watchedDeadLetters(this, 'DeadLetters', alarms, description);
    const run = new NodeFunction(this, 'Function', {
      entry: `cloud/atm-events/${entry}.lambda.ts`,
      description,
      memoryMiB: 256,
      timeoutS: 15,
      environment: { KEPT_TABLE: kept.tableName, CONSUMER: consumer },
    });
    kept.grant(run, 'dynamodb:GetItem', 'dynamodb:PutItem');
    run.configureAsyncInvoke({
      onFailure: new SqsDestination(deadLetters),
      maxEventAge: Duration.hours(6),
      retryAttempts: 2,
    });
    alarms.onFailures(`${nameOf(this)}Failed`, run.metricErrors(), `${description}: an attempt failed`);
    this.target = new LambdaFunction(run, deliveryTo(deadLetters));
  }
}

export interface BoundConsumerProps extends Common {
  readonly bus: IEventBus;
  readonly consumer: Consumer;
  readonly description: string;
  readonly pattern: EventPattern;
  /** Default: that of transactions. */
  readonly entry?: string;
}

/** The first way of the posts: a function and the one rule that feeds it, made together. */
export class BoundConsumer extends Construct {
  constructor(
    scope: Construct,
    id: string,
    { bus, pattern, entry = 'consumer', ...props }: BoundConsumerProps,
  ) {
    super(scope, id);
    const { target } = new ConsumerFunction(this, 'Consumer', { ...props, entry });
    new Rule(this, 'Rule', {
      description: props.description,
      eventBus: bus,
      eventPattern: pattern,
      targets: [target],
    });
  }
}
