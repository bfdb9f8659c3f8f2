import type { Family } from '../desk/family.ts';
import { arn, madeUpId } from '../desk/place.ts';
import { functionNamed } from '../lambda/resources.ts';
import type { Properties } from '../template/template.ts';
import { checkAccess } from './access.ts';
import { type FilterCriteria, messageFilter, streamFilter } from './filters.ts';
import { numberIn } from './limits.ts';

/** AWS tells of "five batches at a time" at first; a desk has not the processes for more. */
const QUEUE_CONCURRENCY = 5;
/** A stream keeps its records for a day. */
const KEPT_S = 86_400;
const FOR_STREAMS = [
  'BisectBatchOnFunctionError',
  'DestinationConfig',
  'MaximumRecordAgeInSeconds',
  'MaximumRetryAttempts',
  'ParallelizationFactor',
  'StartingPosition',
];
const FOR_QUEUES = ['ScalingConfig'];
const DESTINATIONS = ['sqs', 'sns'];

/**
 * https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html and
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html
 */
export const eventSources: Family = {
  'AWS::Lambda::EventSourceMapping': {
    properties: [
      'BatchSize',
      'Enabled',
      'EventSourceArn',
      'FilterCriteria',
      'FunctionName',
      'FunctionResponseTypes',
      'MaximumBatchingWindowInSeconds',
      'Tags',
      ...FOR_STREAMS,
      ...FOR_QUEUES,
    ],
    unsupported: ({ StartingPosition = 'LATEST' }) =>
      ['LATEST', 'TRIM_HORIZON'].includes(String(StartingPosition))
        ? []
        : [`the starting position ${StartingPosition}`],
    create({ name, properties }, desk) {
      const sourceArn = String(properties.EventSourceArn);
      const functionArn = functionNamed(desk.functions, String(properties.FunctionName));
      const service = sourceArn.split(':')[2];
      if (service !== 'dynamodb' && service !== 'sqs') {
        throw new Error(`Expected a stream of DynamoDB or a queue but received ${sourceArn}`);
      }
      const unfit = (service === 'sqs' ? FOR_STREAMS : FOR_QUEUES).filter((one) => one in properties);
      if (unfit.length > 0) throw new Error(`${unfit.join(', ')}: not for a source of this kind`);
      checkAccess(sourceArn, desk.functions.config(functionArn).roleArn, desk.principals);
      if (service === 'dynamodb') {
        desk.mappings.addStream(functionArn, desk.tables.stream(sourceArn), streamConfig(properties));
      } else {
        const { visibilityTimeoutS, fifo } = desk.queues.find(sourceArn).settings;
        const { timeoutMs } = desk.functions.config(functionArn);
        if (visibilityTimeoutS * 1000 < timeoutMs) {
          throw new Error(
            `Queue visibility timeout: ${visibilityTimeoutS} seconds is less than Function timeout: ${timeoutMs / 1000} seconds`,
          );
        }
        desk.mappings.addQueue(functionArn, { queueArn: sourceArn, ...queueConfig(properties, fifo) });
      }
      const id = madeUpId(name, 32);
      const attributes = { Id: id, EventSourceMappingArn: arn('lambda', `event-source-mapping:${id}`) };
      return { ref: id, attributes };
    },
  },
};

function streamConfig(properties: Properties) {
  const { StartingPosition, BisectBatchOnFunctionError = false, DestinationConfig = {} } = properties;
  if (StartingPosition !== 'LATEST' && StartingPosition !== 'TRIM_HORIZON') {
    throw new Error('Expected the StartingPosition LATEST or TRIM_HORIZON');
  }
  const { OnFailure } = DestinationConfig as { readonly OnFailure?: { readonly Destination: string } };
  const onFailure = OnFailure?.Destination ?? null;
  if (onFailure !== null && !DESTINATIONS.includes(onFailure.split(':')[2] ?? '')) {
    throw new Error(`Expected a queue or a topic as destination but received ${onFailure}`);
  }
  const maxAgeS = numberIn(properties, 'MaximumRecordAgeInSeconds', { min: -1, max: 604_800, other: -1 });
  if (maxAgeS !== -1 && maxAgeS < 60) {
    throw new Error(`Expected MaximumRecordAgeInSeconds of -1 or 60 and more but received ${maxAgeS}`);
  }
  const maxRetries = numberIn(properties, 'MaximumRetryAttempts', { min: -1, max: 10_000, other: -1 });
  const batchSize = numberIn(properties, 'BatchSize', { min: 1, max: 10_000, other: 100 });
  return {
    ...common(properties, batchSize),
    startsAt: StartingPosition as 'LATEST' | 'TRIM_HORIZON',
    maxRetries: maxRetries === -1 ? Number.POSITIVE_INFINITY : maxRetries,
    maxAgeS: maxAgeS === -1 ? KEPT_S : Math.min(maxAgeS, KEPT_S),
    bisects: BisectBatchOnFunctionError === true,
    lanes: numberIn(properties, 'ParallelizationFactor', { min: 1, max: 10, other: 1 }),
    onFailure,
    filter: streamFilter(properties.FilterCriteria as FilterCriteria | undefined),
  };
}

function queueConfig(properties: Properties, fifo: boolean) {
  const batchSize = numberIn(properties, 'BatchSize', { min: 1, max: fifo ? 10 : 10_000, other: 10 });
  const scaling = (properties.ScalingConfig ?? {}) as Properties;
  const batching = common(properties, batchSize);
  if (fifo && batching.windowMs > 0) throw new Error('A FIFO queue has no batching window');
  if (batchSize > 10 && batching.windowMs === 0) {
    throw new Error('Batches of more than 10 messages need a MaximumBatchingWindowInSeconds of 1 and more');
  }
  const atMost = numberIn(scaling, 'MaximumConcurrency', { min: 2, max: 1000, other: QUEUE_CONCURRENCY });
  return {
    ...batching,
    concurrency: Math.min(QUEUE_CONCURRENCY, atMost),
    filter: messageFilter(properties.FilterCriteria as FilterCriteria | undefined),
  };
}

function common(properties: Properties, batchSize: number) {
  const { FunctionResponseTypes = [], Enabled = true } = properties;
  const types = FunctionResponseTypes as readonly string[];
  const unknown = types.filter((type) => type !== 'ReportBatchItemFailures');
  if (unknown.length > 0) throw new Error(`Unknown FunctionResponseTypes: ${unknown.join(', ')}`);
  const windowS = numberIn(properties, 'MaximumBatchingWindowInSeconds', { min: 0, max: 300, other: 0 });
  return {
    batchSize,
    windowMs: windowS * 1000,
    reportsFailures: types.length > 0,
    enabled: Enabled === true,
  };
}
