import { Aws } from 'aws-cdk-lib';
import { EventBus, Match } from 'aws-cdk-lib/aws-events';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { ownedBucket } from '../common/bucket.ts';
import { CONSUMERS } from './constants.ts';
import { BoundConsumer, type Common } from './consumers.ts';
import type { AtmSettings } from './settings.ts';

export interface ObjectsProps extends Common {
  readonly settings: AtmSettings;
}

/**
 * One function for the objects of several buckets: a rule on what their names begin with. S3 tells the default bus by itself
 * when an object comes; a trail of CloudTrail, as in the post, would cost more and come later.
 */
export class Objects extends Construct {
  readonly buckets: readonly Bucket[];

  constructor(scope: Construct, id: string, { settings, ...common }: ObjectsProps) {
    super(scope, id);
    const { bucketPrefix, buckets } = settings;
    this.buckets = buckets.map((name) =>
      ownedBucket(this, name, {
        name: `${bucketPrefix}${name}-${Aws.ACCOUNT_ID}-${Aws.REGION}`,
        events: true,
        unlogged: 'Every object that comes is told to EventBridge; a bucket of logs would outlive the stack.',
      }),
    );
    new BoundConsumer(this, 'Created', {
      ...common,
      bus: EventBus.fromEventBusName(this, 'DefaultBus', 'default'),
      consumer: CONSUMERS.objects,
      entry: 'objects',
      description: `Takes objects of all buckets called ${bucketPrefix}...`,
      pattern: {
        source: ['aws.s3'],
        detailType: ['Object Created'],
        detail: { bucket: { name: Match.prefix(bucketPrefix) } },
      },
    });
  }
}
