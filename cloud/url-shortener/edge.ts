import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { RestApi } from 'aws-cdk-lib/aws-apigateway';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import {
  AllowedMethods,
  CachePolicy,
  Distribution,
  HttpVersion,
  OriginRequestPolicy,
  PriceClass,
  ResponseHeadersPolicy,
  SecurityPolicyProtocol,
  ViewerProtocolPolicy,
} from 'aws-cdk-lib/aws-cloudfront';
import { RestApiOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type IBucket,
  ObjectOwnership,
} from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { acknowledge } from '../common/acknowledge.ts';
import { REDIRECT_CACHE_S } from './constants.ts';
import type { ShortenerSettings } from './settings.ts';

/** How long it is known who followed which link. */
const LOG_DAYS = 30;

/** CloudFront before the API: keeps redirects near people, and passes on what belongs to one person. */
export class Edge extends Construct {
  /** Scheme and host that links begin with. */
  readonly address: string;

  constructor(scope: Construct, id: string, api: RestApi, { domain, certificateArn }: ShortenerSettings) {
    super(scope, id);
    const origin = new RestApiOrigin(api);
    const common = {
      origin,
      viewerProtocolPolicy: ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
      responseHeadersPolicy: ResponseHeadersPolicy.SECURITY_HEADERS,
    };
    const personal = {
      ...common,
      allowedMethods: AllowedMethods.ALLOW_ALL,
      cachePolicy: CachePolicy.CACHING_DISABLED,
      originRequestPolicy: OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
    };
    const distribution = new Distribution(this, 'Site', {
      comment: 'Short links',
      defaultBehavior: {
        ...common,
        // As long as the API says, which is not at all for what was not found.
        cachePolicy: new CachePolicy(this, 'Redirects', {
          comment: 'Redirects, by name',
          minTtl: Duration.seconds(0),
          defaultTtl: Duration.seconds(0),
          maxTtl: Duration.seconds(REDIRECT_CACHE_S),
        }),
      },
      additionalBehaviors: { '/app': personal, '/app/*': personal },
      httpVersion: HttpVersion.HTTP2_AND_3,
      priceClass: PriceClass.PRICE_CLASS_100,
      enableLogging: true,
      logBucket: this.logs(),
      ...(domain === ''
        ? {}
        : {
            domainNames: [domain],
            minimumProtocolVersion: SecurityPolicyProtocol.TLS_V1_2_2021,
            certificate: Certificate.fromCertificateArn(this, 'Certificate', certificateArn),
          }),
    });
    this.address = `https://${domain === '' ? distribution.distributionDomainName : domain}`;
    acknowledge(distribution, {
      'AwsSolutions-CFR1': 'A short link is followed from wherever people are.',
      'AwsSolutions-CFR2':
        'A web ACL costs more than everything else here; the API is throttled, and to write needs a token.',
      ...(domain === ''
        ? {
            'AwsSolutions-CFR4':
              'The certificate is that of CloudFront itself, for which no other minimum can be set; shortenerDomain has TLS 1.2.',
          }
        : {}),
    });
  }

  /** Redirects that CloudFront answers by itself are counted here alone. */
  private logs(): IBucket {
    const logs = new Bucket(this, 'Logs', {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      encryption: BucketEncryption.S3_MANAGED,
      // CloudFront writes by ACL.
      objectOwnership: ObjectOwnership.BUCKET_OWNER_PREFERRED,
      enforceSSL: true,
      lifecycleRules: [{ expiration: Duration.days(LOG_DAYS) }],
      removalPolicy: RemovalPolicy.DESTROY,
      autoDeleteObjects: true,
    }) as IBucket;
    acknowledge(logs, {
      'AwsSolutions-S1': 'It is the bucket of access logs; nobody reads it from outside.',
    });
    return logs;
  }
}
