import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type CfnBucket,
  type LifecycleRule,
  ObjectOwnership,
} from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';

export interface OwnedBucketProps {
  /** Why who reads it is not logged, for cdk-nag. */
  readonly unlogged: string;
  /** Whether what happens in it is told on the default bus. */
  readonly events?: boolean;
  /** Without: CloudFormation makes one up. */
  readonly name?: string;
  readonly lifecycleRules?: LifecycleRule[];
}

/** Parts of uploads that were never completed are paid for, and seen by nobody. */
const ABANDONED = Duration.days(1);

/** A private, encrypted bucket that takes nothing over plain HTTP. It goes with its stack once it is empty. */
export function ownedBucket(
  scope: Construct,
  id: string,
  { unlogged, events = false, name, lifecycleRules = [] }: OwnedBucketProps,
): Bucket {
  const bucket = new Bucket(scope, id, {
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    encryption: BucketEncryption.S3_MANAGED,
    objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
    enforceSSL: true,
    removalPolicy: RemovalPolicy.DESTROY,
    lifecycleRules: [{ abortIncompleteMultipartUploadAfter: ABANDONED }, ...lifecycleRules],
    ...(name === undefined ? {} : { bucketName: name }),
  });
  if (events) {
    // The CDK's own way is a function that sets the same property while deploying.
    (bucket.node.defaultChild as CfnBucket).notificationConfiguration = {
      eventBridgeConfiguration: { eventBridgeEnabled: true },
    };
  }
  acknowledge(bucket, { 'AwsSolutions-S1': unlogged });
  return bucket;
}
