import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import type {
  DynamoDBBatchResponse,
  DynamoDBRecord,
  DynamoDBStreamEvent,
  SQSBatchResponse,
  SQSEvent,
  SQSRecord,
} from 'aws-lambda';
import { writeLog } from './emf.lambda-shared.ts';

/** Takes each message of a batch by itself: those that fail come again, the others are done with. */
export function eachMessage(
  take: (record: SQSRecord) => Promise<void>,
): (event: SQSEvent) => Promise<SQSBatchResponse> {
  return async (event) => {
    const processor = new BatchProcessor(EventType.SQS);
    const told = telling(take, ({ messageId }) => messageId);
    return processPartialResponse(event, told, processor, { throwOnFullBatchFailure: false });
  };
}

/** Takes the records of a stream one after the other; from the first that fails on they come again. */
export function eachChange(
  take: (record: DynamoDBRecord) => Promise<void>,
): (event: DynamoDBStreamEvent) => Promise<DynamoDBBatchResponse> {
  return async (event) => {
    const processor = new BatchProcessor(EventType.DynamoDBStreams);
    const told = telling(take, ({ eventID = '' }) => eventID);
    return processPartialResponse(event, told, processor, {
      throwOnFullBatchFailure: false,
      processInParallel: false,
    });
  };
}

function telling<T>(take: (record: T) => Promise<void>, nameOf: (record: T) => string) {
  return async (record: T): Promise<void> => {
    try {
      await take(record);
    } catch (error) {
      const { name, message } = error as Error;
      writeLog('ERROR', 'failed', { record: nameOf(record), error: name, reason: message });
      throw error;
    }
  };
}
