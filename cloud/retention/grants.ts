import { Aws } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { acknowledge } from '../common/acknowledge.ts';
import type { NodeFunction } from '../common/function.ts';
import { PREFIX } from './constants.ts';
import type { RetentionSettings } from './settings.ts';

/** By its name: who is told by the bucket can't wait for it. */
export function bucketArn({ bucketName }: RetentionSettings): string {
  return `arn:${Aws.PARTITION}:s3:::${bucketName}`;
}

/** To look whether an object is to be rewritten. */
export const TO_CONSIDER = ['s3:GetObject', 's3:GetObjectTagging'];
/** To rewrite it in one piece or several. */
export const TO_REWRITE = [...TO_CONSIDER, 's3:AbortMultipartUpload', 's3:PutObject', 's3:PutObjectTagging'];

/** Lets a function have these actions on the objects of the data set. */
export function grantObjects(grantee: NodeFunction, settings: RetentionSettings, actions: string[]): void {
  const bucket = bucketArn(settings);
  grantee.addToRolePolicy(new PolicyStatement({ actions, resources: [`${bucket}/${PREFIX}*`] }));
  // Without it S3 does not say that an object is gone, but that nobody may look.
  grantee.addToRolePolicy(new PolicyStatement({ actions: ['s3:ListBucket'], resources: [bucket] }));
  const written = grantee.stack.resolve(settings.bucketName) as unknown;
  const name = typeof written === 'string' ? written : 'roverd-retention-<AWS::AccountId>-<AWS::Region>';
  acknowledge(grantee.role!, {
    [`AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:s3:::${name}/${PREFIX}*]`]:
      'Objects come and go; the function works on all that are put under this prefix.',
  });
}
