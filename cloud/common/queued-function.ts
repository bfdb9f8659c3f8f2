import { Duration } from 'aws-cdk-lib';
import type { EventPattern } from 'aws-cdk-lib/aws-events';
import { Rule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Alarms } from './alarms.ts';
import { NodeFunction, type NodeFunctionProps } from './function.ts';
import { deadLetterQueue, ownedQueue } from './queue.ts';

export interface QueuedFunctionProps extends NodeFunctionProps {
  /** Messages a call, 1 to 10. */
  readonly batchSize: number;
  /** Calls at a time, 2 to 1000: as many as the services behind it bear. */
  readonly maxConcurrency: number;
  readonly alarms: Alarms;
}

/** How often a message is tried before it is put aside, and how long between. */
const RECEIVES = 5;
/** As Lambda's guide has it: six times the function's own time limit. */
const VISIBILITY_FACTOR = 6;

/**
 * A function that gets its events through a queue: events wait for as long as a service behind it is throttled, each is
 * tried by itself, and what can't be done is put aside and raises an alarm.
 */
export class QueuedFunction extends Construct {
  readonly function: NodeFunction;
  readonly queue: Queue;
  readonly deadLetters: Queue;

  constructor(
    scope: Construct,
    id: string,
    { batchSize, maxConcurrency, alarms, ...props }: QueuedFunctionProps,
  ) {
    super(scope, id);
    this.deadLetters = deadLetterQueue(this, 'DeadLetters');
    this.queue = ownedQueue(this, 'Queue', {
      visibilityS: VISIBILITY_FACTOR * props.timeoutS,
      deadLetters: { queue: this.deadLetters, receives: RECEIVES },
    });
    this.function = new NodeFunction(this, 'Function', props);
    this.function.addEventSource(
      new SqsEventSource(this.queue, { batchSize, maxConcurrency, reportBatchItemFailures: true }),
    );
    alarms.onFailures(
      `${id}DeadLetters`,
      this.deadLetters.metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum' }),
      `Something could not be done: ${props.description}`,
    );
  }

  /** Lets events of the default bus into the queue; what the bus can't deliver is put aside too. */
  takes(id: string, description: string, eventPattern: EventPattern): void {
    new Rule(this, id, {
      description,
      eventPattern,
      targets: [
        new SqsQueue(this.queue, {
          deadLetterQueue: this.deadLetters,
          maxEventAge: Duration.hours(24),
          retryAttempts: 185,
        }),
      ],
    });
  }
}
