import { randomUUID } from 'node:crypto';
import { PLACE } from '../desk/place.ts';

export interface TopicAttribute {
  /** `String`, `String.Array`, `Number` or `Binary`. */
  readonly dataType: string;
  /** Of Binary: Base64. */
  readonly value: string;
}

export interface TopicMessage {
  readonly id: string;
  readonly topicArn: string;
  readonly atMs: number;
  readonly subject: string | null;
  readonly text: string;
  readonly attributes: Readonly<Record<string, TopicAttribute>>;
  readonly groupId?: string;
  readonly deduplicationId?: string;
}

export type NewMessage = Omit<TopicMessage, 'id' | 'atMs' | 'topicArn'>;

export function createMessage(message: NewMessage, topicArn: string, atMs: number): TopicMessage {
  return { ...message, topicArn, atMs, id: randomUUID() };
}

/**
 * What a queue gets in which a message is not delivered raw.
 * https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
 */
export function envelope(message: TopicMessage, subscriptionArn: string): object {
  return {
    Type: 'Notification',
    ...fields(message),
    ...endings(subscriptionArn),
    ...(Object.keys(message.attributes).length > 0 ? { MessageAttributes: attributesOf(message) } : {}),
  };
}

/** What a function gets. https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html */
export function lambdaEvent(message: TopicMessage, subscriptionArn: string): object {
  const { Subject = null, ...rest } = fields(message);
  return {
    Records: [
      {
        EventVersion: '1.0',
        EventSubscriptionArn: subscriptionArn,
        EventSource: 'aws:sns',
        Sns: {
          Type: 'Notification',
          Subject,
          ...rest,
          ...endings(subscriptionArn),
          MessageAttributes: attributesOf(message),
        },
      },
    ],
  };
}

function fields({ id, topicArn, subject, text, atMs }: TopicMessage): Record<string, string> {
  return {
    MessageId: id,
    TopicArn: topicArn,
    ...(subject === null ? {} : { Subject: subject }),
    Message: text,
    Timestamp: new Date(atMs).toISOString(),
  };
}

/** Nothing is signed here, and nobody unsubscribes. */
function endings(subscriptionArn: string): object {
  const site = `https://sns.${PLACE.region}.${PLACE.suffix}`;
  return {
    SignatureVersion: '1',
    Signature: 'desk',
    SigningCertURL: `${site}/desk.pem`,
    UnsubscribeURL: `${site}/?Action=Unsubscribe&SubscriptionArn=${subscriptionArn}`,
  };
}

function attributesOf({ attributes }: TopicMessage): object {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, { dataType, value }]) => [name, { Type: dataType, Value: value }]),
  );
}
