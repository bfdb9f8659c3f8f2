import type { EventBridgeEvent } from 'aws-lambda';
import { writeMetrics } from '../common/emf.lambda-shared.ts';
import type { Environment } from '../common/environment.lambda-shared.ts';
import { METRICS_NAMESPACE } from './constants.ts';
import { createKeeper, type Kept } from './keep.lambda-shared.ts';

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html */
interface ObjectCreated {
  readonly bucket: { readonly name: string };
  /** The key stands as it is: only S3's own notifications encode it. */
  readonly object: {
    readonly key: string;
    readonly size: number;
    readonly etag: string;
    readonly sequencer: string;
  };
}

type Handler = (event: EventBridgeEvent<'Object Created', ObjectCreated>) => Promise<Kept>;

/** Takes objects of several buckets; every write of one has a sequencer of its own. */
export function createObjects(env: Environment, keeper = createKeeper(env)): Handler {
  return async ({ detail: { bucket, object } }) => {
    const { key, size, etag, sequencer } = object;
    const fields = { bucket: bucket.name, key, size, etag };
    const kept = await keeper.keep(`${bucket.name}/${key}#${sequencer}`, fields, fields);
    const counted = { Kept: Number(kept === 'kept'), Known: Number(kept === 'known') };
    const said = { level: 'INFO', message: kept, consumer: keeper.consumer, bucket: bucket.name, key };
    writeMetrics(METRICS_NAMESPACE, counted, said);
    return kept;
  };
}

let take: Handler | undefined;
export const handler: Handler = (event) => {
  take ??= createObjects(process.env);
  return take(event);
};
