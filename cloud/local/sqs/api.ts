import { decideByResource, together } from '../iam/resource-policy.ts';
import type { Faults } from '../services/faults.ts';
import { ApiError, type Input, onlyFields } from '../services/json-api.ts';
import { refusal, type Service, type ServiceRequest, type ServiceResponse } from '../services/services.ts';
import {
  MAX_BATCH,
  type MessageAttribute,
  md5,
  md5OfAttributes,
  type Queue,
  type QueueMessage,
} from './queue.ts';
import { arnOfQueue, MAX_MESSAGE_BYTES, type Queues, queueUrl } from './queues.ts';

interface Entry extends Input {
  readonly Id: string;
}

interface AttributeInput {
  readonly DataType: string;
  readonly StringValue?: string;
  readonly BinaryValue?: string;
}

type Operation = (queue: Queue, input: Input) => object | Promise<object>;

const MISSING = 'com.amazonaws.sqs#QueueDoesNotExist';
/** Of a batch, actions are those of its entries. */
const ACTIONS: Readonly<Record<string, string>> = {
  SendMessageBatch: 'SendMessage',
  DeleteMessageBatch: 'DeleteMessage',
  ChangeMessageVisibilityBatch: 'ChangeMessageVisibility',
};

/**
 * The API of SQS, in JSON.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_Operations.html
 */
export function sqsApi(queues: Queues, faults: Faults): Service {
  return async (request) => {
    const name = String(request.headers['x-amz-target']).split('.')[1] ?? '';
    const operation = Object.hasOwn(OPERATIONS, name) ? OPERATIONS[name]! : null;
    if (!operation) return refusal(400, 'UnsupportedOperation', `sqs:${name} is not supported on the desk`);
    const input = JSON.parse(request.body.toString() || '{}') as Input;
    const queueArn = arnOfQueue(String(input.QueueUrl ?? input.QueueName ?? ''));
    const action = `sqs:${ACTIONS[name] ?? name}`;
    if (!mayAsk(queues, request, action, queueArn)) {
      const message = `User: ${request.caller} is not authorized to perform: ${action} on resource: ${queueArn}`;
      return refusal(403, 'AccessDenied', message);
    }
    if (!queues.has(queueArn)) return refusal(400, MISSING, 'The specified queue does not exist.');
    const fault = faults.take(name);
    if (fault) return refusal(fault.status, fault.code, fault.message);
    try {
      return answer(await operation(queues.find(queueArn), input));
    } catch (error) {
      if (error instanceof ApiError) return refusal(error.status, error.code, error.message);
      throw error;
    }
  };
}

function mayAsk(queues: Queues, { decide, caller }: ServiceRequest, action: string, queueArn: string) {
  const asker = { principal: caller, sourceArn: null };
  const byQueue = decideByResource(queues.policiesOf(queueArn), asker, action, queueArn);
  return together(decide(action, queueArn), byQueue) === 'allow';
}

const answer = (body: object): ServiceResponse => ({
  status: 200,
  headers: { 'content-type': 'application/x-amz-json-1.0' },
  body: JSON.stringify(body),
});

const OPERATIONS: Readonly<Record<string, Operation>> = {
  SendMessage: (queue, input) => send(queue, input),
  SendMessageBatch: (queue, input) => batch(input, (entry) => send(queue, entry)),
  DeleteMessage: (queue, input) => remove(queue, input),
  DeleteMessageBatch: (queue, input) => batch(input, (entry) => remove(queue, entry)),
  ChangeMessageVisibility: (queue, input) => release(queue, input),
  ChangeMessageVisibilityBatch: (queue, input) => batch(input, (entry) => release(queue, entry)),
  GetQueueUrl: ({ settings }) => ({ QueueUrl: queueUrl(settings.name) }),
  PurgeQueue(queue) {
    queue.purge();
    return {};
  },
  async ReceiveMessage(queue, input) {
    const { MaxNumberOfMessages = 1, VisibilityTimeout, WaitTimeSeconds = queue.settings.waitS } = input;
    const messages = await queue.receive({
      max: numberIn('MaxNumberOfMessages', MaxNumberOfMessages, 1, MAX_BATCH),
      waitMs: 1000 * numberIn('WaitTimeSeconds', WaitTimeSeconds, 0, 20),
      ...(VisibilityTimeout === undefined
        ? {}
        : { visibilityTimeoutS: numberIn('VisibilityTimeout', VisibilityTimeout, 0, 43_200) }),
    });
    return messages.length === 0 ? {} : { Messages: messages.map((message) => shown(message, input)) };
  },
  GetQueueAttributes(queue, { AttributeNames = [] }) {
    const { visible, inFlight, delayed } = queue.depth();
    const { arn, fifo, visibilityTimeoutS, retentionS, delayS, redrive } = queue.settings;
    const all: Readonly<Record<string, string>> = {
      ApproximateNumberOfMessages: `${visible}`,
      ApproximateNumberOfMessagesNotVisible: `${inFlight}`,
      ApproximateNumberOfMessagesDelayed: `${delayed}`,
      DelaySeconds: `${delayS}`,
      MessageRetentionPeriod: `${retentionS}`,
      QueueArn: arn,
      VisibilityTimeout: `${visibilityTimeoutS}`,
      ...(fifo ? { FifoQueue: 'true' } : {}),
      ...(redrive
        ? {
            RedrivePolicy: JSON.stringify({
              deadLetterTargetArn: redrive.deadLetterArn,
              maxReceiveCount: redrive.maxReceiveCount,
            }),
          }
        : {}),
    };
    const wanted = AttributeNames as readonly string[];
    return {
      Attributes: Object.fromEntries(
        Object.entries(all).filter(([name]) => wanted.includes('All') || wanted.includes(name)),
      ),
    };
  },
};

function send(queue: Queue, input: Input): object {
  const known = ['Id', 'QueueUrl', 'MessageBody', 'DelaySeconds', 'MessageAttributes', 'MessageGroupId'];
  onlyFields(input, [...known, 'MessageDeduplicationId'], 'UnsupportedOperation');
  const {
    MessageBody: body,
    DelaySeconds,
    MessageAttributes = {},
    MessageGroupId,
    MessageDeduplicationId,
  } = input;
  if (typeof body !== 'string' || body === '') {
    throw new ApiError('MissingParameter', 'The request must contain the parameter MessageBody.');
  }
  const attributes = attributesIn(MessageAttributes as Readonly<Record<string, AttributeInput>>);
  const bytes = Buffer.byteLength(body) + Buffer.byteLength(JSON.stringify(attributes));
  if (bytes > MAX_MESSAGE_BYTES) {
    throw new ApiError(
      'InvalidParameterValue',
      `One or more parameters are invalid. Reason: Message must be shorter than ${MAX_MESSAGE_BYTES} bytes.`,
    );
  }
  const { fifo, contentBasedDeduplication } = queue.settings;
  if (fifo && typeof MessageGroupId !== 'string') {
    throw new ApiError('MissingParameter', 'The request must contain the parameter MessageGroupId.');
  }
  if (fifo && !contentBasedDeduplication && typeof MessageDeduplicationId !== 'string') {
    throw new ApiError(
      'InvalidParameterValue',
      'The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly',
    );
  }
  const { messageId, sequence } = queue.send({
    body,
    attributes,
    ...(DelaySeconds === undefined ? {} : { delayS: numberIn('DelaySeconds', DelaySeconds, 0, 900) }),
    ...(typeof MessageGroupId === 'string' ? { groupId: MessageGroupId } : {}),
    ...(typeof MessageDeduplicationId === 'string' ? { deduplicationId: MessageDeduplicationId } : {}),
  });
  return {
    MessageId: messageId,
    MD5OfMessageBody: md5(body),
    ...(Object.keys(attributes).length > 0 ? { MD5OfMessageAttributes: md5OfAttributes(attributes) } : {}),
    ...(fifo ? { SequenceNumber: sequence } : {}),
  };
}

function remove(queue: Queue, { ReceiptHandle }: Input): object {
  queue.remove(String(ReceiptHandle));
  return {};
}

function release(queue: Queue, { ReceiptHandle, VisibilityTimeout }: Input): object {
  const timeoutS = numberIn('VisibilityTimeout', VisibilityTimeout, 0, 43_200);
  if (!queue.isReceived(String(ReceiptHandle))) {
    throw new ApiError('ReceiptHandleIsInvalid', 'The input receipt handle is invalid.');
  }
  queue.release(String(ReceiptHandle), timeoutS);
  return {};
}

function batch(input: Input, one: (entry: Entry) => object): object {
  const entries = (input.Entries ?? []) as readonly Entry[];
  if (entries.length === 0 || entries.length > MAX_BATCH) {
    throw new ApiError(
      entries.length === 0 ? 'EmptyBatchRequest' : 'TooManyEntriesInBatchRequest',
      `Expected 1 to ${MAX_BATCH} entries but received ${entries.length}`,
    );
  }
  if (new Set(entries.map(({ Id }) => Id)).size < entries.length) {
    throw new ApiError(
      'BatchEntryIdsNotDistinct',
      'Two or more batch entries in the request have the same Id.',
    );
  }
  const Successful: object[] = [];
  const Failed: object[] = [];
  for (const entry of entries) {
    try {
      Successful.push({ Id: entry.Id, ...one(entry) });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      Failed.push({ Id: entry.Id, Code: error.code, Message: error.message, SenderFault: true });
    }
  }
  return { Successful, Failed };
}

function shown(message: QueueMessage, input: Input): object {
  const system = [input.AttributeNames ?? [], input.MessageSystemAttributeNames ?? []].flat() as string[];
  const own = (input.MessageAttributeNames ?? []) as readonly string[];
  const attributes = Object.fromEntries(
    Object.entries(message.attributes).filter(([name]) => system.includes('All') || system.includes(name)),
  );
  const given = Object.fromEntries(
    Object.entries(message.messageAttributes).filter(([name]) =>
      own.some(
        (one) =>
          one === 'All' ||
          one === '.*' ||
          one === name ||
          (one.endsWith('.*') && name.startsWith(one.slice(0, -1))),
      ),
    ),
  );
  return {
    MessageId: message.messageId,
    ReceiptHandle: message.receiptHandle,
    Body: message.body,
    MD5OfBody: message.md5OfBody,
    ...(Object.keys(attributes).length > 0 ? { Attributes: attributes } : {}),
    ...(Object.keys(given).length > 0
      ? { MessageAttributes: attributesOut(given), MD5OfMessageAttributes: md5OfAttributes(given) }
      : {}),
  };
}

function attributesIn(given: Readonly<Record<string, AttributeInput>>): Record<string, MessageAttribute> {
  return Object.fromEntries(
    Object.entries(given).map(([name, { DataType, StringValue, BinaryValue }]) => [
      name,
      {
        dataType: DataType,
        ...(StringValue === undefined ? {} : { stringValue: StringValue }),
        ...(BinaryValue === undefined ? {} : { binaryValue: BinaryValue }),
      },
    ]),
  );
}

function attributesOut(given: Readonly<Record<string, MessageAttribute>>): object {
  return Object.fromEntries(
    Object.entries(given).map(([name, { dataType, stringValue, binaryValue }]) => [
      name,
      {
        DataType: dataType,
        ...(stringValue === undefined ? {} : { StringValue: stringValue }),
        ...(binaryValue === undefined ? {} : { BinaryValue: binaryValue }),
      },
    ]),
  );
}

function numberIn(name: string, value: unknown, min: number, max: number): number {
  if (typeof value === 'number' && value >= min && value <= max) return value;
  throw new ApiError(
    'InvalidParameterValue',
    `Value ${JSON.stringify(value)} for parameter ${name} is invalid. Reason: Must be between ${min} and ${max}, if provided.`,
  );
}
