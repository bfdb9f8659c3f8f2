import type { Node } from 'constructs';
import { contextText } from '../common/context.ts';

/** What can be set by context (`-c name=value`); every value has a default. */
export interface ShortenerSettings {
  /** How a name that is taken is answered: by 409, or as the post does by 200 with `"error":true`. */
  readonly duplicate: 'conflict' | 'post';
  /** ARN of a user pool that is there already; empty: one is made. */
  readonly userPoolArn: string;
  /**
   * Size of the stage's cache in GB, which costs by the hour and keeps failures as long as redirects; 0: none, CloudFront
   * and browsers alone keep redirects.
   */
  readonly cacheGb: string;
  /** A host of one's own with its certificate (of us-east-1); empty: CloudFront's. */
  readonly domain: string;
  readonly certificateArn: string;
  readonly alarmEmail: string;
}

/** What API Gateway rents. */
const CACHE_SIZES = /^(0|0\.5|1\.6|6\.1|13\.5|28\.4|58\.2|118|237)$/;

/** @throws Error naming the context value, what was expected and what came */
export function readSettings(node: Node): ShortenerSettings {
  const text = (name: string, fallback: string, pattern: RegExp, expected: string) =>
    contextText(node, name, fallback, pattern, expected);
  const domain = text('shortenerDomain', '', /^([a-z0-9-]+(\.[a-z0-9-]+)+)?$/, 'a host name');
  return {
    duplicate: text('shortenerDuplicate', 'conflict', /^(conflict|post)$/, 'conflict or post') as
      | 'conflict'
      | 'post',
    userPoolArn: text(
      'shortenerUserPoolArn',
      '',
      /^(arn:[\w-]+:cognito-idp:[\w-]+:\d{12}:userpool\/[\w-]+)?$/,
      'the ARN of a user pool',
    ),
    cacheGb: text('shortenerCacheGb', '0', CACHE_SIZES, '0 or a size of a cache cluster, 0.5 to 237'),
    domain,
    certificateArn:
      domain === ''
        ? ''
        : text(
            'shortenerCertificateArn',
            '',
            /^arn:[\w-]+:acm:us-east-1:\d{12}:certificate\/\S+$/,
            'the ARN of a certificate in us-east-1 for shortenerDomain',
          ),
    alarmEmail: text('alarmEmail', '', /^([^\s@]+@[^\s@]+)?$/, 'an e-mail address'),
  };
}
