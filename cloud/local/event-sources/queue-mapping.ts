import type { QueueMessage } from '../sqs/queue.ts';
import type { Queues } from '../sqs/queues.ts';
import { isThrottled, waitBefore } from './again.ts';
import { failedPlaces } from './answer.ts';
import { type Batching, type Mapping, type MappingOptions, newProgress } from './mapping.ts';
import { fitting, recordOf } from './records.ts';

export interface QueueMappingConfig extends Batching {
  readonly queueArn: string;
  /** Batches in work at a time. */
  readonly concurrency: number;
  readonly filter: (message: { readonly body: string }) => boolean;
}

/** The longest that SQS lets a request wait. */
const LONG_POLL_MS = 20_000;
const MAX_RECEIVED = 10;

/**
 * Brings the messages of a queue to a function, and deletes those it has done with. The others come again, from the queue,
 * when their visibility timeout is over; so do those that the function did not finish within it.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
 */
export class QueueMapping implements Mapping {
  readonly progress = newProgress();
  readonly #queues: Queues;
  readonly #config: QueueMappingConfig;
  readonly #options: MappingOptions;
  readonly #onFree: (() => void)[] = [];
  #busy = 0;
  #runs = false;

  constructor(queues: Queues, config: QueueMappingConfig, options: MappingOptions) {
    this.#queues = queues;
    this.#config = config;
    this.#options = options;
  }

  start(): void {
    this.#runs = true;
    void this.#run();
  }

  close(): void {
    this.#runs = false;
  }

  /** One reader, so that few messages make one batch and not many. */
  async #run(): Promise<void> {
    while (this.#runs) {
      await this.#free();
      const messages = await this.#gather();
      while (this.#runs && messages.length > 0) {
        await this.#free();
        const records = messages.map((message) => recordOf(message, this.#config.queueArn));
        void this.#work(messages.splice(0, fitting(records)));
      }
    }
  }

  async #free(): Promise<void> {
    while (this.#busy >= this.#config.concurrency) {
      await new Promise<void>((resolve) => this.#onFree.push(resolve));
    }
  }

  async #gather(): Promise<QueueMessage[]> {
    const { clock } = this.#options;
    const { queueArn, batchSize, windowMs } = this.#config;
    const gathered: QueueMessage[] = [];
    let untilMs = clock.nowMs() + LONG_POLL_MS;
    while (gathered.length < batchSize) {
      const max = Math.min(MAX_RECEIVED, batchSize - gathered.length);
      const waitMs = Math.max(0, untilMs - clock.nowMs());
      const received = await this.#queues.receive(queueArn, { max, waitMs });
      if (received.length === 0) break;
      const wanted = this.#wanted(received);
      if (gathered.length === 0 && wanted.length > 0) untilMs = clock.nowMs() + windowMs;
      gathered.push(...wanted);
      this.progress.pending += wanted.length;
    }
    return gathered;
  }

  /** What no filter wants is deleted. */
  #wanted(messages: readonly QueueMessage[]): QueueMessage[] {
    return messages.filter((message) => {
      const wanted = this.#config.filter(message);
      if (!wanted) this.#queues.remove(this.#config.queueArn, message.receiptHandle);
      return wanted;
    });
  }

  async #work(messages: readonly QueueMessage[]): Promise<void> {
    this.#busy += 1;
    const { queueArn } = this.#config;
    const failed = await this.#failedOf(messages);
    for (const [at, { receiptHandle }] of messages.entries()) {
      if (!failed.includes(at)) this.#queues.remove(queueArn, receiptHandle);
    }
    this.progress.pending -= messages.length;
    this.#busy -= 1;
    this.#onFree.shift()?.();
  }

  /** A throttled batch is tried until its messages are seen again by others. */
  async #failedOf(messages: readonly QueueMessage[]): Promise<readonly number[]> {
    const { invoke, clock } = this.#options;
    const { queueArn, reportsFailures, windowMs } = this.#config;
    const records = messages.map((message) => recordOf(message, queueArn));
    const all = [...messages.keys()];
    const { visibilityTimeoutS } = this.#queues.find(queueArn).settings;
    const untilMs = clock.nowMs() + visibilityTimeoutS * 1000 - windowMs;
    for (let tries = 1; ; tries++) {
      const { outcome } = await invoke(records);
      if (outcome.ok) {
        const ids = messages.map(({ messageId }) => messageId);
        return reportsFailures ? failedPlaces(outcome.payload, ids) : [];
      }
      if (!isThrottled(outcome)) return all;
      this.progress.planned += 1;
      await waitBefore(tries, clock);
      this.progress.planned -= 1;
      if (clock.nowMs() >= untilMs) return all;
    }
  }
}
