import { PLACE } from '../desk/place.ts';
import type { NewEvent } from '../events/event.ts';
import { bucketArn } from './bucket.ts';

/** Something that happened to an object. */
export interface ObjectEvent {
  /** As in notifications, without `s3:`. */
  readonly name:
    | 'ObjectCreated:Put'
    | 'ObjectCreated:Copy'
    | 'ObjectCreated:CompleteMultipartUpload'
    | 'ObjectRemoved:Delete'
    | 'ObjectTagging:Put'
    | 'ObjectTagging:Delete';
  readonly bucket: string;
  readonly key: string;
  readonly size: number;
  /** In quotes. */
  readonly etag: string;
  readonly atMs: number;
  readonly sequencer: string;
  readonly requestId: string;
  /** The role that did it. */
  readonly requester: string;
  readonly sourceIp: string;
}

/** The identity of a bucket's owner, made up. */
const OWNER = 'A3NL1KOZZKExample';

/**
 * What functions, queues and topics get.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
 */
export function notificationOf(event: ObjectEvent, configurationId: string): object {
  const { name, bucket, key, size, etag, atMs, sequencer, requestId, requester, sourceIp } = event;
  const removed = name.startsWith('ObjectRemoved:');
  return {
    Records: [
      {
        eventVersion: '2.5',
        eventSource: 'aws:s3',
        awsRegion: PLACE.region,
        eventTime: new Date(atMs).toISOString(),
        eventName: name,
        userIdentity: { principalId: `AWS:${requester}` },
        requestParameters: { sourceIPAddress: sourceIp },
        responseElements: { 'x-amz-request-id': requestId, 'x-amz-id-2': requestId },
        s3: {
          s3SchemaVersion: '1.0',
          configurationId,
          bucket: { name: bucket, ownerIdentity: { principalId: OWNER }, arn: bucketArn(bucket) },
          object: {
            key: formEncoded(key),
            ...(removed ? {} : { size, eTag: etag.replaceAll('"', '') }),
            sequencer,
          },
        },
      },
    ],
  };
}

const REASONS: Readonly<Record<ObjectEvent['name'], { readonly type: string; readonly reason?: string }>> = {
  'ObjectCreated:Put': { type: 'Object Created', reason: 'PutObject' },
  'ObjectCreated:Copy': { type: 'Object Created', reason: 'CopyObject' },
  'ObjectCreated:CompleteMultipartUpload': { type: 'Object Created', reason: 'CompleteMultipartUpload' },
  'ObjectRemoved:Delete': { type: 'Object Deleted', reason: 'DeleteObject' },
  'ObjectTagging:Put': { type: 'Object Tags Added' },
  'ObjectTagging:Delete': { type: 'Object Tags Deleted' },
};

/**
 * What goes onto the default bus. The key stands as it is there.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
 */
export function busEventOf({ name, bucket, key, size, etag, ...event }: ObjectEvent): NewEvent {
  const { type, reason } = REASONS[name];
  const created = type === 'Object Created';
  const tagged = name.startsWith('ObjectTagging:');
  return {
    source: 'aws.s3',
    detailType: type,
    resources: [bucketArn(bucket)],
    atMs: event.atMs,
    detail: {
      version: '0',
      bucket: { name: bucket },
      object: {
        key,
        ...(created ? { size } : {}),
        etag: etag.replaceAll('"', ''),
        ...(tagged ? {} : { sequencer: event.sequencer }),
      },
      'request-id': event.requestId,
      requester: PLACE.account,
      'source-ip-address': event.sourceIp,
      ...(reason === undefined ? {} : { reason }),
      ...(type === 'Object Deleted' ? { 'deletion-type': 'Permanently Deleted' } : {}),
    },
  };
}

/** Sent to queues and topics when a bucket is told to notify them. */
export function testEventOf(bucket: string, atMs: number, requestId: string): object {
  return {
    Service: 'Amazon S3',
    Event: 's3:TestEvent',
    Time: new Date(atMs).toISOString(),
    Bucket: bucket,
    RequestId: requestId,
    HostId: requestId,
  };
}

/** As HTML forms are encoded, but for slashes: a space is `+`. */
function formEncoded(key: string): string {
  return encodeURIComponent(key)
    .replace(/[!'()~]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+')
    .replaceAll('%2F', '/');
}
