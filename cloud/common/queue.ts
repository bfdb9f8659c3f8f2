import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';

/** What nobody took stays as long as SQS keeps anything. */
const KEEP = Duration.days(14);

/** A queue that is encrypted, takes nothing over plain HTTP and goes with its stack. */
export function ownedQueue(
  scope: Construct,
  id: string,
  props: {
    readonly visibilityS?: number;
    readonly deadLetters?: { readonly queue: Queue; readonly receives: number };
  } = {},
): Queue {
  const { visibilityS, deadLetters } = props;
  return new Queue(scope, id, {
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    retentionPeriod: KEEP,
    removalPolicy: RemovalPolicy.DESTROY,
    ...(visibilityS === undefined ? {} : { visibilityTimeout: Duration.seconds(visibilityS) }),
    ...(deadLetters
      ? { deadLetterQueue: { queue: deadLetters.queue, maxReceiveCount: deadLetters.receives } }
      : {}),
  });
}

/** Where what could not be done ends up, for a person to look at. */
export function deadLetterQueue(scope: Construct, id: string): Queue {
  const queue = ownedQueue(scope, id);
  acknowledge(queue, {
    'AwsSolutions-SQS3': 'It is itself the queue for what other queues could not get done.',
  });
  return queue;
}
