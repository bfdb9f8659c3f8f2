import type { Family } from '../desk/family.ts';
import { arn } from '../desk/place.ts';
import { checkedPolicy, type PolicyDocument } from '../iam/policy.ts';
import { queueUrl } from './queues.ts';

interface RedrivePolicy {
  readonly deadLetterTargetArn: string;
  readonly maxReceiveCount: number;
}

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sqs-queue.html */
const DEFAULTS = { delayS: 0, retentionS: 345_600, visibilityTimeoutS: 30, waitS: 0 };

export const sqs: Family = {
  'AWS::SQS::Queue': {
    properties: [
      'ContentBasedDeduplication',
      'DelaySeconds',
      'FifoQueue',
      'KmsDataKeyReusePeriodSeconds',
      'KmsMasterKeyId',
      'MessageRetentionPeriod',
      'QueueName',
      'ReceiveMessageWaitTimeSeconds',
      'RedriveAllowPolicy',
      'RedrivePolicy',
      'SqsManagedSseEnabled',
      'Tags',
      'VisibilityTimeout',
    ],
    create({ name, properties }, { queues }) {
      const fifo = properties.FifoQueue === true;
      const queueName = String(properties.QueueName ?? `${name}${fifo ? '.fifo' : ''}`);
      const redrive = properties.RedrivePolicy as RedrivePolicy | undefined;
      const queueArn = arn('sqs', queueName);
      queues.add({
        arn: queueArn,
        name: queueName,
        fifo,
        contentBasedDeduplication: properties.ContentBasedDeduplication === true,
        delayS: Number(properties.DelaySeconds ?? DEFAULTS.delayS),
        retentionS: Number(properties.MessageRetentionPeriod ?? DEFAULTS.retentionS),
        visibilityTimeoutS: Number(properties.VisibilityTimeout ?? DEFAULTS.visibilityTimeoutS),
        waitS: Number(properties.ReceiveMessageWaitTimeSeconds ?? DEFAULTS.waitS),
        redrive: redrive
          ? { deadLetterArn: redrive.deadLetterTargetArn, maxReceiveCount: Number(redrive.maxReceiveCount) }
          : null,
      });
      return {
        ref: queueUrl(queueName),
        attributes: { Arn: queueArn, QueueName: queueName, QueueUrl: queueUrl(queueName) },
      };
    },
  },
  'AWS::SQS::QueuePolicy': {
    properties: ['PolicyDocument', 'Queues'],
    create({ name, properties }, { queues }) {
      const document = checkedPolicy(properties.PolicyDocument as PolicyDocument);
      for (const queue of properties.Queues as readonly string[]) queues.addPolicy(queue, document);
      return { ref: name };
    },
  },
};
