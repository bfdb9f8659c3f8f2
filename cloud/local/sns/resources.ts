import type { Family } from '../desk/family.ts';
import { arn, madeUpId } from '../desk/place.ts';
import { checkedPolicy, type PolicyDocument } from '../iam/policy.ts';
import type { Subscription } from './topics.ts';

const PROTOCOLS = ['sqs', 'lambda', 'email', 'email-json'];

export const sns: Family = {
  'AWS::SNS::Topic': {
    properties: [
      'ContentBasedDeduplication',
      'DisplayName',
      'FifoTopic',
      'KmsMasterKeyId',
      'Tags',
      'TopicName',
      'TracingConfig',
    ],
    create({ name, properties }, { topics }) {
      const fifo = properties.FifoTopic === true;
      const topicName = String(properties.TopicName ?? `${name}${fifo ? '.fifo' : ''}`);
      const topicArn = arn('sns', topicName);
      topics.add({
        arn: topicArn,
        name: topicName,
        fifo,
        contentBasedDeduplication: properties.ContentBasedDeduplication === true,
        policies: [],
      });
      return { ref: topicArn, attributes: { TopicArn: topicArn, TopicName: topicName } };
    },
  },
  'AWS::SNS::TopicPolicy': {
    properties: ['PolicyDocument', 'Topics'],
    create({ name, properties }, { topics }) {
      const document = checkedPolicy(properties.PolicyDocument as PolicyDocument);
      for (const topic of properties.Topics as readonly string[])
        topics.topic(topic)?.policies.push(document);
      return { ref: name };
    },
  },
  'AWS::SNS::Subscription': {
    properties: [
      'Endpoint',
      'FilterPolicy',
      'FilterPolicyScope',
      'Protocol',
      'RawMessageDelivery',
      'RedrivePolicy',
      'TopicArn',
    ],
    unsupported: ({ Protocol }) => (PROTOCOLS.includes(String(Protocol)) ? [] : [`the protocol ${Protocol}`]),
    create({ name, properties }, { topics }) {
      const { TopicArn, Protocol, Endpoint, FilterPolicy, FilterPolicyScope, RedrivePolicy } = properties;
      const subscriptionArn = `${TopicArn}:${madeUpId(name, 36)}`;
      topics.subscribe({
        arn: subscriptionArn,
        topicArn: String(TopicArn),
        protocol: Protocol as Subscription['protocol'],
        endpoint: String(Endpoint),
        raw: properties.RawMessageDelivery === true,
        filterPolicy: (FilterPolicy as object | undefined) ?? null,
        filterScope: (FilterPolicyScope as Subscription['filterScope'] | undefined) ?? 'MessageAttributes',
        deadLetterArn:
          (RedrivePolicy as { readonly deadLetterTargetArn: string } | undefined)?.deadLetterTargetArn ??
          null,
      });
      return { ref: subscriptionArn, attributes: { Arn: subscriptionArn } };
    },
  },
};
