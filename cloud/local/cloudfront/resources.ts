import { described, type Family } from '../desk/family.ts';
import { arn, madeUpId } from '../desk/place.ts';

interface DistributionConfig {
  readonly Aliases?: readonly string[];
  readonly DefaultCacheBehavior?: { readonly TargetOriginId?: string };
  readonly Origins?: readonly {
    readonly Id: string;
    readonly DomainName: string;
    readonly OriginPath?: string;
  }[];
}

/** What stands before an API in AWS. Nothing does here: its addresses lead to the API itself. */
export const cloudfront: Family = {
  'AWS::CloudFront::Distribution': {
    properties: ['DistributionConfig', 'Tags'],
    create({ name, properties }, { apis, log }) {
      const {
        Origins = [],
        Aliases = [],
        DefaultCacheBehavior = {},
      } = properties.DistributionConfig as DistributionConfig;
      const id = madeUpId(name, 13).toUpperCase();
      const domain = `${madeUpId(`${name} domain`, 13)}.cloudfront.net`;
      const origin = Origins.find(({ Id }) => Id === DefaultCacheBehavior.TargetOriginId);
      for (const host of origin ? [domain, ...Aliases] : []) {
        apis.front(host, `https://${origin!.DomainName}${origin!.OriginPath ?? ''}`);
      }
      log.line('desk', `${domain}: there is no CloudFront on the desk, its cache and headers are left out`);
      return { ref: id, attributes: { DomainName: domain, Id: id } };
    },
  },
  'AWS::CloudFront::CachePolicy': described(['CachePolicyConfig']),
  'AWS::CloudFront::OriginRequestPolicy': described(['OriginRequestPolicyConfig']),
  'AWS::CloudFront::ResponseHeadersPolicy': described(['ResponseHeadersPolicyConfig']),
  'AWS::CloudFront::OriginAccessControl': described(['OriginAccessControlConfig']),
  'AWS::WAFv2::WebACL': {
    ...described([
      'CaptchaConfig',
      'DefaultAction',
      'Description',
      'Name',
      'Rules',
      'Scope',
      'Tags',
      'VisibilityConfig',
    ]),
    create({ name, properties }, { log }) {
      const ref = String(properties.Name ?? name);
      log.line('desk', `${ref}: web ACLs stop nothing on the desk`);
      return { ref, attributes: { Arn: arn('wafv2', `regional/webacl/${ref}/${madeUpId(ref, 12)}`) } };
    },
  },
  'AWS::WAFv2::WebACLAssociation': described(['ResourceArn', 'WebACLArn']),
};
