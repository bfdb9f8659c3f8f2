import { join } from 'node:path';
import { type CfnElement, CfnOutput, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { Distribution, HttpVersion, PriceClass, ViewerProtocolPolicy } from 'aws-cdk-lib/aws-cloudfront';
import { S3BucketOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type IBucket,
  ObjectOwnership,
} from 'aws-cdk-lib/aws-s3';
import { BucketDeployment, CacheControl, Source } from 'aws-cdk-lib/aws-s3-deployment';
import type { Construct } from 'constructs';
import { packageRoot } from '../../config/paths.ts';
import { acknowledge } from '../common/acknowledge.ts';
import { logGroup } from '../common/logs.ts';
import type { SignIn } from '../common/sign-in.ts';
import { headersPolicy, signalingHosts } from './headers.ts';

export interface PageProps extends StackProps {
  readonly api: { readonly url: string; readonly origin: string };
  readonly signIn: SignIn;
}

/** Where `npm run synth` puts the page. */
const BUILT = 'dist/cloud-page';
/** Some files of a few KiB each. */
const DEPLOYMENT_MIB = 256;
/** What the CDK grants with a star, on two buckets. */
const COPIER_ACTIONS = ['GetBucket', 'GetObject', 'List', 'Abort', 'DeleteObject'];

/** The page on a private bucket behind CloudFront, and beside it what it has to know of the robot stack. */
export class PageStack extends Stack {
  constructor(scope: Construct, id: string, { api, signIn, ...props }: PageProps) {
    super(scope, id, { description: 'roverd: the page to drive robots from anywhere', ...props });
    const bucket = new Bucket(this, 'Files', {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      encryption: BucketEncryption.S3_MANAGED,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      removalPolicy: RemovalPolicy.DESTROY,
    }) as IBucket;
    acknowledge(bucket, {
      'AwsSolutions-S1':
        'Only CloudFront reads the files, which are public; a bucket of logs would outlive the stack.',
    });
    const connect = [api.origin, ...signIn.origins, signalingHosts()];
    const distribution = new Distribution(this, 'Site', {
      comment: 'The page of roverd',
      defaultRootObject: 'index.html',
      defaultBehavior: {
        origin: S3BucketOrigin.withOriginAccessControl(bucket),
        viewerProtocolPolicy: ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
        responseHeadersPolicy: headersPolicy(this, 'Headers', connect),
      },
      httpVersion: HttpVersion.HTTP2_AND_3,
      priceClass: PriceClass.PRICE_CLASS_100,
    });
    acknowledge(distribution, {
      'AwsSolutions-CFR1': 'People drive from wherever they are; the files hold nothing that is secret.',
      'AwsSolutions-CFR2':
        'A web ACL costs more than everything else here; there are static files to read only.',
      'AwsSolutions-CFR3': 'The API logs who asks for what; a bucket of logs would outlive the stack.',
      'AwsSolutions-CFR4':
        'The certificate is that of CloudFront itself, for which no other minimum can be set.',
    });
    const address = `https://${distribution.distributionDomainName}`;
    this.deploy(bucket, {
      issuer: signIn.issuer,
      clientId: signIn.clientId,
      scope: signIn.scope,
      apiUrl: api.url,
      signOutUrl: signIn.signOutUrl === null ? null : `${signIn.signOutUrl}&logout_uri=${address}/`,
    });
    new CfnOutput(this, 'PageOutput', {
      value: address,
      description: 'Address of the page: an origin that the robot stack has to know',
    }).overrideLogicalId('PageURL');
  }

  /** Puts the files there, and takes them away with the stack, so that the bucket can go. */
  private deploy(bucket: IBucket, config: object): void {
    new BucketDeployment(this, 'Deployment', {
      destinationBucket: bucket,
      sources: [
        Source.asset(join(packageRoot(), BUILT), { exclude: ['*.map', 'sw.js'] }),
        Source.jsonData('config.json', config),
      ],
      // Names stay the same from version to version. CloudFront keeps such a file for a second: nothing to invalidate.
      cacheControl: [CacheControl.noCache()],
      retainOnDelete: false,
      memoryLimit: DEPLOYMENT_MIB,
      logGroup: logGroup(this, 'DeploymentLogs'),
    });
    const copier = this.node.children.filter(({ node }) => node.id.startsWith('Custom::CDKBucketDeployment'));
    const why = 'The function that copies the files is made by the CDK';
    for (const singleton of copier) {
      acknowledge(singleton, {
        'AwsSolutions-L1': `${why}, which goes with it to the next runtime.`,
        'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]': `${why}; the policy lets it write logs and nothing else.`,
        ...Object.fromEntries(
          [
            ...COPIER_ACTIONS.map((action) => `Action::s3:${action}*`),
            `Resource::<${Stack.of(this).getLogicalId(bucket.node.defaultChild as CfnElement)}.Arn>/*`,
            'Resource::arn:<AWS::Partition>:s3:::cdk-hnb659fds-assets-<AWS::AccountId>-<AWS::Region>/*',
          ].map((finding) => [
            `AwsSolutions-IAM5[${finding}]`,
            `${why}; it reads the bucket of assets and writes the bucket of the page.`,
          ]),
        ),
      });
    }
  }
}
