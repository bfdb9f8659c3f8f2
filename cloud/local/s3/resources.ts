import type { Family } from '../desk/family.ts';
import { PLACE } from '../desk/place.ts';
import { checkedPolicy, type PolicyDocument } from '../iam/policy.ts';
import { bucketArn } from './bucket.ts';
import { EVENTS, type NotificationConfiguration, Notifications } from './notifications.ts';

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
const NAME = /^(?!xn--|sthree-)(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

interface BucketProperties {
  readonly BucketName?: string;
  readonly BucketEncryption?: {
    readonly ServerSideEncryptionConfiguration?: readonly {
      readonly ServerSideEncryptionByDefault?: { readonly SSEAlgorithm: string };
    }[];
  };
  readonly LifecycleConfiguration?: object;
  readonly NotificationConfiguration?: NotificationConfiguration;
}

export const s3: Family = {
  'AWS::S3::Bucket': {
    properties: [
      'AbacStatus',
      'BucketEncryption',
      'BucketName',
      'LifecycleConfiguration',
      'NotificationConfiguration',
      'OwnershipControls',
      'PublicAccessBlockConfiguration',
      'Tags',
    ],
    unsupported: ({ NotificationConfiguration = {}, OwnershipControls }) => [
      ...unsupportedNotifications(NotificationConfiguration as NotificationConfiguration),
      ...(JSON.stringify(OwnershipControls ?? '').includes('ObjectWriter')
        ? ['objects that others own']
        : []),
    ],
    async create({ name, properties }, { s3, functions, targets, clock, log, buses }) {
      const given = properties as BucketProperties;
      const bucketName = given.BucketName ?? madeUpName(name);
      if (!NAME.test(bucketName)) throw new Error(`Expected the name of a bucket but received ${bucketName}`);
      const notifications = new Notifications(bucketName, given.NotificationConfiguration ?? {}, {
        targets,
        clock,
        log,
        putEvent: (event) => void buses.put(event),
      });
      await notifications.validate((functionArn, sourceArn) =>
        functions.permits(functionArn, { principal: 's3.amazonaws.com', sourceArn }),
      );
      const [rule] = given.BucketEncryption?.ServerSideEncryptionConfiguration ?? [];
      const encryption = rule?.ServerSideEncryptionByDefault?.SSEAlgorithm ?? 'AES256';
      s3.add({ name: bucketName, notifications, encryption });
      if (given.LifecycleConfiguration)
        log.line('desk', `${bucketName}: its lifecycle rules do nothing here`);
      const host = `${bucketName}.s3.${PLACE.region}.${PLACE.suffix}`;
      return {
        ref: bucketName,
        attributes: {
          Arn: bucketArn(bucketName),
          DomainName: `${bucketName}.s3.${PLACE.suffix}`,
          RegionalDomainName: host,
        },
      };
    },
  },
  'AWS::S3::BucketPolicy': {
    properties: ['Bucket', 'PolicyDocument'],
    create({ name, properties }, { s3 }) {
      const document = checkedPolicy(properties.PolicyDocument as PolicyDocument);
      s3.bucket(String(properties.Bucket)).policies.push(document);
      return { ref: name };
    },
  },
  // Buckets go with the desk, and what is in them too.
  'Custom::S3AutoDeleteObjects': {
    properties: ['BucketName', 'ServiceToken'],
    create: ({ name }) => ({ ref: name }),
  },
  'Custom::S3BucketNotifications': {
    properties: [
      'BucketName',
      'Managed',
      'NotificationConfiguration',
      'ServiceToken',
      'SkipDestinationValidation',
    ],
    unsupported: () => [
      'notifications by a function of the CDK: set NotificationConfiguration of the bucket itself',
    ],
    create: ({ name }) => ({ ref: name }),
  },
};

/** As CloudFormation makes names up, in what a bucket's name may have. */
function madeUpName(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9-]/g, '-')
    .slice(0, 63)
    .replace(/-+$/, '');
}

function unsupportedNotifications(configuration: NotificationConfiguration): string[] {
  const { LambdaConfigurations = [], QueueConfigurations = [], TopicConfigurations = [] } = configuration;
  return [...LambdaConfigurations, ...QueueConfigurations, ...TopicConfigurations].flatMap((one) => [
    ...(EVENTS.includes(one.Event) ? [] : [`the event ${one.Event}`]),
    ...(one.Filter?.S3Key?.Rules ?? [])
      .map(({ Name }) => Name.toLowerCase())
      .filter((name) => name !== 'prefix' && name !== 'suffix')
      .map((name) => `the filter ${name}`),
  ]);
}
