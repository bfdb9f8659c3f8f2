import { Aws, Duration } from 'aws-cdk-lib';
import { CfnPermission } from 'aws-cdk-lib/aws-lambda';
import type { Bucket, CfnBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { ownedBucket } from '../common/bucket.ts';
import type { NodeFunction } from '../common/function.ts';
import { PREFIX, RESULTS_DAYS, RESULTS_PREFIX } from './constants.ts';
import { bucketArn } from './grants.ts';
import type { RetentionSettings } from './settings.ts';

export interface DataBucketProps {
  readonly settings: RetentionSettings;
  /** Is told of every object under the prefix. */
  readonly notified: NodeFunction;
}

/**
 * The post's bucket. It keeps no versions: an older one would hold what is to be gone.
 *
 * Bucket, permission and function refer to each other; the bucket's name, known beforehand, breaks the circle. The CDK's
 * own way out is a function that sets the notification while deploying.
 */
export class DataBucket extends Construct {
  readonly bucket: Bucket;

  constructor(scope: Construct, id: string, { settings, notified }: DataBucketProps) {
    super(scope, id);
    this.bucket = ownedBucket(this, 'Bucket', {
      name: settings.bucketName,
      unlogged:
        'Who reads objects is told by data events of CloudTrail; a bucket of logs would outlive the stack.',
      lifecycleRules: [{ prefix: RESULTS_PREFIX, expiration: Duration.days(RESULTS_DAYS) }],
    });
    const permission = new CfnPermission(this, 'MayNotify', {
      action: 'lambda:InvokeFunction',
      functionName: notified.functionArn,
      principal: 's3.amazonaws.com',
      sourceArn: bucketArn(settings),
      sourceAccount: Aws.ACCOUNT_ID,
    });
    const bucket = this.bucket.node.defaultChild as CfnBucket;
    bucket.notificationConfiguration = {
      lambdaConfigurations: [
        {
          event: 's3:ObjectCreated:*',
          function: notified.functionArn,
          filter: { s3Key: { rules: [{ name: 'prefix', value: PREFIX }] } },
        },
      ],
    };
    // S3 tries out whether it may, while the bucket is made.
    bucket.addResourceDependency(permission);
  }
}
