import { Aws } from 'aws-cdk-lib';
import { CfnWorkGroup } from 'aws-cdk-lib/aws-athena';
import { CfnCrawler, CfnDatabase } from 'aws-cdk-lib/aws-glue';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { acknowledge } from '../common/acknowledge.ts';
import { CRAWLER, DATABASE, PREFIX, RESULTS_PREFIX, WORKGROUP } from './constants.ts';

/** What one query may read, so that none costs more than a few cents. */
const MAX_SCANNED_BYTES = 10 * 1024 ** 3;
const LOG_GROUP = '/aws-glue/crawlers';

/** What makes the objects a table, and what asks it: the post's crawler and database, and a work group of Athena. */
export class Catalog extends Construct {
  readonly crawler: CfnCrawler;

  constructor(scope: Construct, id: string, bucket: Bucket) {
    super(scope, id);
    const database = new CfnDatabase(this, 'Database', {
      catalogId: Aws.ACCOUNT_ID,
      databaseInput: { name: DATABASE, description: 'Objects under dataset/, as rows' },
    });
    const role = this.crawlerRole(bucket);
    this.crawler = new CfnCrawler(this, 'Crawler', {
      name: CRAWLER,
      description: 'crawl data bucket!',
      role: role.roleArn,
      databaseName: database.ref,
      targets: { s3Targets: [{ path: `s3://${bucket.bucketName}/${PREFIX}` }] },
      // New columns and partitions come in; what is missing for a while stays in the table.
      schemaChangePolicy: { updateBehavior: 'UPDATE_IN_DATABASE', deleteBehavior: 'LOG' },
    });
    this.crawler.node.addDependency(role);
    acknowledge(this.crawler, {
      'AwsSolutions-GL1':
        'Its log names columns and partitions, no values; a key of its own would cost more than the rest.',
    });
    new CfnWorkGroup(this, 'WorkGroup', {
      name: WORKGROUP,
      description: 'Queries of the data set',
      recursiveDeleteOption: true,
      workGroupConfiguration: {
        enforceWorkGroupConfiguration: true,
        publishCloudWatchMetricsEnabled: true,
        bytesScannedCutoffPerQuery: MAX_SCANNED_BYTES,
        // Results hold what was asked for: they go after a day, by a rule of the bucket.
        resultConfiguration: {
          outputLocation: `s3://${bucket.bucketName}/${RESULTS_PREFIX}`,
          encryptionConfiguration: { encryptionOption: 'SSE_S3' },
        },
      },
    });
  }

  private crawlerRole(bucket: Bucket): Role {
    const glue = (resource: string) =>
      `arn:${Aws.PARTITION}:glue:${Aws.REGION}:${Aws.ACCOUNT_ID}:${resource}`;
    const logs = `arn:${Aws.PARTITION}:logs:${Aws.REGION}:${Aws.ACCOUNT_ID}:log-group:${LOG_GROUP}`;
    const role = new Role(this, 'Role', {
      description: 'Looks at the objects of the data set and writes the table',
      assumedBy: new ServicePrincipal('glue.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
      }),
    });
    const may = (actions: string[], ...resources: string[]) =>
      role.addToPolicy(new PolicyStatement({ actions, resources }));
    may(['s3:GetObject'], bucket.arnForObjects(`${PREFIX}*`));
    may(['s3:GetBucketLocation', 's3:ListBucket'], bucket.bucketArn);
    may(
      [
        'glue:BatchCreatePartition',
        'glue:BatchGetPartition',
        'glue:CreatePartition',
        'glue:CreateTable',
        'glue:GetDatabase',
        'glue:GetPartition',
        'glue:GetPartitions',
        'glue:GetTable',
        'glue:GetTables',
        'glue:UpdatePartition',
        'glue:UpdateTable',
      ],
      glue('catalog'),
      glue(`database/${DATABASE}`),
      glue(`table/${DATABASE}/*`),
    );
    may(['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'], logs, `${logs}:*`);
    const data = role.stack.getLogicalId(bucket.node.defaultChild as CfnCrawler);
    const place = '<AWS::Region>:<AWS::AccountId>';
    acknowledge(role, {
      [`AwsSolutions-IAM5[Resource::<${data}.Arn>/${PREFIX}*]`]: 'It reads whatever is in the data set.',
      [`AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:glue:${place}:table/${DATABASE}/*]`]:
        'What the tables are called comes of the folders that it finds.',
      [`AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:logs:${place}:log-group:${LOG_GROUP}:*]`]:
        'Log streams have the names of crawlers and grow by number.',
    });
    return role;
  }
}
