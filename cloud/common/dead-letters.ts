import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct, IConstruct } from 'constructs';
import type { Alarms } from './alarms.ts';
import { deadLetterQueue } from './queue.ts';

/**
 * A queue for what could not be delivered or done, with an alarm as soon as anything is in it.
 * @param what is in it, for the person who gets the alarm
 */
export function watchedDeadLetters(scope: Construct, id: string, alarms: Alarms, what: string): Queue {
  const queue = deadLetterQueue(scope, id);
  const name = nameOf(queue);
  const waiting = queue.metricApproximateNumberOfMessagesVisible();
  alarms.onFailures(`${name}Filled`, waiting, `${what}: messages wait in ${name}`);
  return queue;
}

/** What a construct is called within its stack, in one word. */
export function nameOf({ node }: IConstruct): string {
  return node.path.split('/').slice(1).join('');
}
