import { Aws } from 'aws-cdk-lib';
import { StreamViewType, type Table } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { acknowledge } from '../common/acknowledge.ts';
import { ownedBucket } from '../common/bucket.ts';
import { ownedTable } from '../common/table.ts';
import { DIRECT, FOREIGN } from './constants.ts';

/**
 * What Transcribe writes to see whether it may. It is not documented where, so both places are let: beside the results and at
 * the top.
 */
const ACCESS_CHECK = '.write_access_check_file.temp';

/** Where recordings, transcripts and what came of them are kept. */
export class Storage extends Construct {
  /** Recordings, transcripts and translations, as in the post. */
  readonly bucket: Bucket;
  /** `partitionKey` (the recording's key): the latest result of each. */
  readonly results: Table;
  /** `id`: what was sent already. */
  readonly sent: Table;
  /** As whom Transcribe reads recordings and writes transcripts, when their turn comes. */
  readonly transcriber: Role;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.bucket = ownedBucket(this, 'Calls', {
      events: true,
      unlogged:
        'Only functions of this stack and Transcribe read it; a bucket of logs would outlive the stack.',
    });
    this.results = ownedTable(this, 'Results', {
      partitionKey: 'partitionKey',
      stream: StreamViewType.NEW_IMAGE,
    });
    this.sent = ownedTable(this, 'Sent', { partitionKey: 'id', expiresBy: 'expiresAt' });
    this.transcriber = new Role(this, 'Transcriber', {
      description: 'Reads recordings and writes transcripts',
      assumedBy: new ServicePrincipal('transcribe.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
      }),
    });
    const written = [`${DIRECT}*`, `${FOREIGN}*`, ACCESS_CHECK].map((key) => this.bucket.arnForObjects(key));
    for (const [actions, resources] of [
      [['s3:GetObject'], [this.bucket.arnForObjects('*')]],
      [['s3:ListBucket'], [this.bucket.bucketArn]],
      [['s3:PutObject'], written],
    ] as const) {
      this.transcriber.addToPolicy(new PolicyStatement({ actions: [...actions], resources: [...resources] }));
    }
    const why = 'Recordings have keys of their own; transcripts have the names of their jobs.';
    acknowledge(this.transcriber, objectFindings(this.bucket, ['*', `${DIRECT}*`, `${FOREIGN}*`], why));
  }
}

/** What cdk-nag finds of grants on objects of a bucket. */
export function objectFindings(bucket: Bucket, keys: readonly string[], why: string): Record<string, string> {
  const { stack, defaultChild } = { stack: bucket.stack, defaultChild: bucket.node.defaultChild! };
  const name = stack.getLogicalId(defaultChild as Parameters<typeof stack.getLogicalId>[0]);
  return Object.fromEntries(keys.map((key) => [`AwsSolutions-IAM5[Resource::<${name}.Arn>/${key}]`, why]));
}
