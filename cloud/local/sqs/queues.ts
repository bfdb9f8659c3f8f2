import type { DeskClock } from '../desk/clock.ts';
import { arn, PLACE } from '../desk/place.ts';
import type { Delivered, Delivery } from '../desk/targets.ts';
import type { View } from '../desk/views.ts';
import type { PolicyDocument } from '../iam/policy.ts';
import type { Principals } from '../iam/principals.ts';
import { decideByResource } from '../iam/resource-policy.ts';
import { type Depth, type MessageAttribute, Queue, type QueueMessage, type QueueSettings } from './queue.ts';

/** SQS takes no more, attributes included. */
export const MAX_MESSAGE_BYTES = 1024 * 1024;

/** The queues of the template. */
export class Queues {
  readonly #queues = new Map<string, Queue>();
  readonly #policies = new Map<string, PolicyDocument[]>();
  readonly #clock: DeskClock;
  readonly #principals: Principals;

  constructor(clock: DeskClock, principals: Principals) {
    this.#clock = clock;
    this.#principals = principals;
  }

  add(settings: QueueSettings): void {
    const bury = (deadLetterArn: string, message: Parameters<Queue['send']>[0]) => {
      this.find(deadLetterArn).send(message);
    };
    this.#queues.set(settings.arn, new Queue(settings, this.#clock, bury));
  }

  addPolicy(queueUrl: string, document: PolicyDocument): void {
    const queueArn = arnOfQueue(queueUrl);
    this.#policies.set(queueArn, [...this.policiesOf(queueArn), document]);
  }

  policiesOf(queueArn: string): readonly PolicyDocument[] {
    return this.#policies.get(queueArn) ?? [];
  }

  has(queueArn: string): boolean {
    return this.#queues.has(queueArn);
  }

  /** @throws Error when there is no such queue */
  find(queueArn: string): Queue {
    const queue = this.#queues.get(queueArn);
    if (!queue) throw new Error(`Expected a queue of the template but received ${queueArn}`);
    return queue;
  }

  receive(queueArn: string, wish: Parameters<Queue['receive']>[0]): Promise<QueueMessage[]> {
    return this.find(queueArn).receive(wish);
  }

  remove(queueArn: string, receiptHandle: string): void {
    this.find(queueArn).remove(receiptHandle);
  }

  release(queueArn: string, receiptHandle: string, visibilityTimeoutS: number): void {
    this.find(queueArn).release(receiptHandle, visibilityTimeoutS);
  }

  depth(queueArn: string): Depth {
    return this.find(queueArn).depth();
  }

  /** Bodies of all messages of a queue, by its name, whether they are seen or not. */
  bodies(name: string): string[] {
    return this.find(arn('sqs', name)).bodies();
  }

  /** What another resource delivers: its attributes come as text. */
  async deliver(queueArn: string, delivery: Delivery): Promise<Delivered> {
    const queue = this.#queues.get(queueArn);
    if (!queue) {
      const message = `The queue ${queueArn} does not exist`;
      return { ok: false, code: 'AWS.SimpleQueueService.NonExistentQueue', message, retryable: false };
    }
    const { principal, sourceArn, roleArn, payload, attributes = {}, groupId, deduplicationId } = delivery;
    const action = 'sqs:SendMessage';
    const decision =
      roleArn === null
        ? decideByResource(this.policiesOf(queueArn), { principal, sourceArn }, action, queueArn)
        : this.#principals.decide(roleArn, { action, resource: queueArn });
    if (decision !== 'allow') {
      const message = `${roleArn ?? principal} is not authorized to perform: ${action} on resource: ${queueArn}`;
      return { ok: false, code: 'AccessDenied', message, retryable: false };
    }
    if (Buffer.byteLength(payload) > MAX_MESSAGE_BYTES) {
      const message = `The message is larger than ${MAX_MESSAGE_BYTES} bytes`;
      return { ok: false, code: 'InvalidParameterValue', message, retryable: false };
    }
    if (queue.settings.fifo && groupId === undefined) {
      const message = 'The request must contain the parameter MessageGroupId';
      return { ok: false, code: 'MissingParameter', message, retryable: false };
    }
    queue.send({
      body: payload,
      attributes: Object.fromEntries(
        Object.entries(attributes).map(([name, stringValue]): [string, MessageAttribute] => [
          name,
          { dataType: 'String', stringValue },
        ]),
      ),
      ...(groupId === undefined || !queue.settings.fifo ? {} : { groupId }),
      ...(deduplicationId === undefined || !queue.settings.fifo ? {} : { deduplicationId }),
    });
    return { ok: true };
  }

  view(): View {
    return {
      title: 'Queues',
      columns: ['queue', 'waiting', 'in flight', 'delayed', 'first messages'],
      rows: async () =>
        [...this.#queues.values()].map((queue) => {
          const { visible, inFlight, delayed } = queue.depth();
          const first = queue.bodies().slice(0, 3).join('\n').slice(0, 400);
          return [queue.settings.name, `${visible}`, `${inFlight}`, `${delayed}`, first];
        }),
    };
  }
}

export function queueUrl(name: string): string {
  return `https://sqs.${PLACE.region}.${PLACE.suffix}/${PLACE.account}/${name}`;
}

/** @param address a queue's URL, here or at AWS, or its ARN */
export function arnOfQueue(address: string): string {
  return address.startsWith('arn:') ? address : arn('sqs', address.split('/').at(-1) ?? '');
}
