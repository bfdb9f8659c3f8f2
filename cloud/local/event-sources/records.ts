import { PLACE } from '../desk/place.ts';
import { md5OfAttributes, type QueueMessage } from '../sqs/queue.ts';

/** A message as functions get it. https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html#example-standard-queue-message-event */
export function recordOf(message: QueueMessage, queueArn: string): object {
  const { messageId, receiptHandle, body, md5OfBody, attributes, messageAttributes } = message;
  const own = Object.entries(messageAttributes).map(([name, attribute]) => [
    name,
    { ...attribute, stringListValues: [], binaryListValues: [] },
  ]);
  return {
    messageId,
    receiptHandle,
    body,
    attributes,
    messageAttributes: Object.fromEntries(own),
    ...(own.length > 0 ? { md5OfMessageAttributes: md5OfAttributes(messageAttributes) } : {}),
    md5OfBody,
    eventSource: 'aws:sqs',
    eventSourceARN: queueArn,
    awsRegion: PLACE.region,
  };
}

/** A function takes no larger event, 6 MB; some of it is left for what surrounds the records. */
const MAX_EVENT_BYTES = 6 * 1024 * 1024 - 1024;

/** How many of these, from the first on, go into one event: one at least. */
export function fitting(records: readonly object[]): number {
  let bytes = 0;
  for (const [at, record] of records.entries()) {
    bytes += Buffer.byteLength(JSON.stringify(record)) + 1;
    if (bytes > MAX_EVENT_BYTES) return Math.max(1, at);
  }
  return records.length;
}
