import type { DeskClock } from '../desk/clock.ts';
import { bury, DEFAULT_RETRY_POLICY, deliverAgain } from '../desk/deliver-again.ts';
import type { DeskLog } from '../desk/log.ts';
import { Sending } from '../desk/sending.ts';
import type { Delivered, Delivery, Targets } from '../desk/targets.ts';
import type { View } from '../desk/views.ts';
import type { PolicyDocument } from '../iam/policy.ts';
import type { Principals } from '../iam/principals.ts';
import { decideByResource } from '../iam/resource-policy.ts';
import { createFilter } from './filter.ts';
import { createMessage, envelope, lambdaEvent, type NewMessage, type TopicMessage } from './message.ts';

export interface TopicsOptions {
  readonly targets: Targets;
  readonly clock: DeskClock;
  readonly principals: Principals;
  readonly log: DeskLog;
}

export interface Topic {
  readonly arn: string;
  readonly name: string;
  readonly fifo: boolean;
  readonly contentBasedDeduplication: boolean;
  readonly policies: PolicyDocument[];
}

export interface Subscription {
  readonly arn: string;
  readonly topicArn: string;
  readonly protocol: 'sqs' | 'lambda' | 'email' | 'email-json';
  readonly endpoint: string;
  readonly raw: boolean;
  readonly filterPolicy: object | null;
  readonly filterScope: 'MessageAttributes' | 'MessageBody';
  readonly deadLetterArn: string | null;
}

/** Sent to a person. */
export interface TopicMail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

const PRINCIPAL = 'sns.amazonaws.com';
const MAX_MAILS = 200;
const DEDUPLICATION_MS = 5 * 60_000;
/** https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html: 23 days for what AWS manages. */
const RETRY_POLICY = { ...DEFAULT_RETRY_POLICY, maxAgeS: 23 * 86_400, maxRetries: 100_015 };

/** The topics of the template: what is published goes to every subscription that wants it. */
export class Topics {
  readonly #options: TopicsOptions;
  readonly #topics = new Map<string, Topic>();
  readonly #subscriptions: (Subscription & { readonly wants: (message: TopicMessage) => boolean })[] = [];
  readonly #seen = new Map<string, { readonly untilMs: number; readonly id: string }>();
  readonly #mails: TopicMail[] = [];
  readonly #sending = new Sending();

  constructor(options: TopicsOptions) {
    this.#options = options;
  }

  add(topic: Topic): void {
    this.#topics.set(topic.arn, topic);
  }

  /** @throws Error when its filter policy is none, or there is no such topic */
  subscribe(subscription: Subscription): void {
    const { topicArn, filterPolicy, filterScope } = subscription;
    if (!this.#topics.has(topicArn))
      throw new Error(`Expected a topic of the template but received ${topicArn}`);
    this.#subscriptions.push({ ...subscription, wants: createFilter(filterPolicy, filterScope) });
  }

  /** Undefined where there is none. */
  topic(topicArn: string): Topic | undefined {
    return this.#topics.get(topicArn);
  }

  /** Deliveries that have begun, without those that wait for their next try. */
  get underWay(): number {
    return this.#sending.underWay;
  }

  get mails(): readonly TopicMail[] {
    return this.#mails;
  }

  /** @returns the message's id, at once: deliveries come after. @throws Error when there is no such topic */
  publish(topicArn: string, given: NewMessage): string {
    const topic = this.#topics.get(topicArn);
    if (!topic) throw new Error(`Expected a topic of the template but received ${topicArn}`);
    const nowMs = this.#options.clock.nowMs();
    const deduplicationId =
      given.deduplicationId ?? (topic.contentBasedDeduplication ? given.text : undefined);
    const message = createMessage(
      { ...given, ...(deduplicationId === undefined ? {} : { deduplicationId }) },
      topicArn,
      nowMs,
    );
    if (topic.fifo) {
      const key = `${topicArn} ${deduplicationId}`;
      const seen = this.#seen.get(key);
      if (seen && seen.untilMs > nowMs) return seen.id;
      this.#seen.set(key, { untilMs: nowMs + DEDUPLICATION_MS, id: message.id });
    }
    for (const subscription of this.#subscriptions) {
      if (subscription.topicArn === topicArn && subscription.wants(message)) {
        this.#sending.add(this.#deliver(subscription, message));
      }
    }
    return message.id;
  }

  /** What another resource publishes. */
  async deliver(topicArn: string, delivery: Delivery): Promise<Delivered> {
    const topic = this.#topics.get(topicArn);
    if (!topic) {
      const message = `Topic ${topicArn} does not exist`;
      return { ok: false, code: 'NotFound', message, retryable: false };
    }
    const { principal, sourceArn, roleArn, payload, attributes = {}, groupId, deduplicationId } = delivery;
    const decision =
      roleArn === null
        ? decideByResource(topic.policies, { principal, sourceArn }, 'sns:Publish', topicArn)
        : this.#options.principals.decide(roleArn, { action: 'sns:Publish', resource: topicArn });
    if (decision !== 'allow') {
      const message = `${roleArn ?? principal} is not authorized to perform: sns:Publish on resource: ${topicArn}`;
      return { ok: false, code: 'AuthorizationError', message, retryable: false };
    }
    this.publish(topicArn, {
      subject: null,
      text: payload,
      attributes: Object.fromEntries(
        Object.entries(attributes).map(([name, value]) => [name, { dataType: 'String', value }]),
      ),
      ...(groupId === undefined ? {} : { groupId }),
      ...(deduplicationId === undefined ? {} : { deduplicationId }),
    });
    return { ok: true };
  }

  view(): View {
    return {
      title: 'Mails of topics',
      columns: ['to', 'subject', 'text'],
      rows: async () => [...this.#mails].reverse().map(({ to, subject, text }) => [to, subject, text]),
    };
  }

  async #deliver(subscription: Subscription, message: TopicMessage): Promise<void> {
    const { protocol, endpoint, arn, raw, topicArn, deadLetterArn } = subscription;
    const { log } = this.#options;
    if (protocol === 'email' || protocol === 'email-json') {
      const text = protocol === 'email' ? message.text : JSON.stringify(envelope(message, arn));
      this.#mails.push({ to: endpoint, subject: message.subject ?? 'AWS Notification Message', text });
      if (this.#mails.length > MAX_MAILS) this.#mails.shift();
      return log.line('sns', `mail to ${endpoint}: ${message.subject ?? ''} ${message.text}`);
    }
    const payload =
      protocol === 'lambda'
        ? JSON.stringify(lambdaEvent(message, arn))
        : raw
          ? message.text
          : JSON.stringify(envelope(message, arn));
    const { groupId, deduplicationId, attributes } = message;
    const delivery: Delivery = {
      principal: PRINCIPAL,
      sourceArn: topicArn,
      roleArn: null,
      payload,
      ...(raw ? { attributes: texts(attributes) } : {}),
      ...(groupId === undefined ? {} : { groupId }),
      ...(deduplicationId === undefined ? {} : { deduplicationId }),
    };
    const givenUp = await deliverAgain(endpoint, delivery, RETRY_POLICY, {
      ...this.#options,
      onWait: this.#sending.onWait,
    });
    if (!givenUp) return;
    await bury(
      {
        queueArn: deadLetterArn,
        principal: PRINCIPAL,
        sourceArn: topicArn,
        roleArn: null,
        payload: JSON.stringify(envelope(message, arn)),
        attributes: {},
      },
      givenUp,
      log,
      this.#options,
    );
  }
}

function texts(attributes: TopicMessage['attributes']): Record<string, string> {
  return Object.fromEntries(Object.entries(attributes).map(([name, { value }]) => [name, value]));
}
