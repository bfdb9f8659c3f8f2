import type { Template } from 'aws-cdk-lib/assertions';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { contentSecurityPolicy } from '../../../cloud/page/headers.ts';
import { ofType, resolved, resourcesOf, synthesize, type TemplateResource } from '../synthesized.ts';

const OWN = {
  issuer: 'https://id.example/tenant/',
  audience: 'https://api.robots.example',
  pageClientId: 'page',
};
const template = synthesize('roverd-page');
const own = synthesize('roverd-page', OWN);

const only = (from: Template, type: string): TemplateResource => {
  const found = ofType(from, type);
  assert.is(found.length, 1, type);
  return found[0]![1];
};
/** With the other stack's exports as `<import>`. */
const text = (value: unknown) =>
  JSON.stringify(
    resolved(JSON.parse(JSON.stringify(value).replaceAll(/\{"Fn::ImportValue":"[^"]+"\}/g, '"<import>"'))),
  );

function headersOf(from: Template) {
  const { ResponseHeadersPolicyConfig: config } = only(from, 'AWS::CloudFront::ResponseHeadersPolicy')
    .Properties as { ResponseHeadersPolicyConfig: { SecurityHeadersConfig: Record<string, object> } };
  return config.SecurityHeadersConfig;
}

const policyOf = (from: Template) =>
  JSON.parse(
    text((headersOf(from).ContentSecurityPolicy as { ContentSecurityPolicy: unknown }).ContentSecurityPolicy),
  ) as string;

test('the policy lets the page connect to API, provider and signaling, and nowhere else', () => {
  const api = 'https://<import>.execute-api.eu-central-1.amazonaws.com';
  const kvs = 'wss://*.kinesisvideo.eu-central-1.amazonaws.com';
  const cognito =
    'https://cognito-idp.eu-central-1.amazonaws.com https://<import>.auth.eu-central-1.amazoncognito.com';
  const policy = (connect: string) =>
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; manifest-src 'self'; " +
    `connect-src 'self' ${connect}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; ` +
    "require-trusted-types-for 'script'";
  assert.is(policyOf(template), policy(`${api} ${cognito} ${kvs}`));
  assert.is(policyOf(own), policy(`${api} https://id.example ${kvs}`));
  for (const unsafe of ['unsafe', 'data:', 'blob:', ' *', 'http:'])
    assert.not.match(contentSecurityPolicy([]), unsafe);
});

test('browsers keep to HTTPS for two years, frame nothing and guess no types', () => {
  assert.equal(headersOf(template).StrictTransportSecurity, {
    AccessControlMaxAgeSec: 63_072_000,
    IncludeSubdomains: true,
    Override: true,
  });
  assert.equal(headersOf(template).FrameOptions, { FrameOption: 'DENY', Override: true });
  assert.equal(headersOf(template).ContentTypeOptions, { Override: true });
});

test('the bucket is private: CloudFront reads it by origin access control, over TLS', () => {
  const bucket = only(template, 'AWS::S3::Bucket').Properties as { PublicAccessBlockConfiguration: object };
  assert.ok(Object.values(bucket.PublicAccessBlockConfiguration).every((blocked) => blocked === true));
  const { Statement } = only(template, 'AWS::S3::BucketPolicy').Properties.PolicyDocument as {
    Statement: { Effect: string; Principal: { Service?: string }; Action: string; Condition: object }[];
  };
  const allowed = Statement.filter(({ Effect }) => Effect === 'Allow');
  assert.equal(
    allowed.map(({ Principal, Action }) => [Principal.Service, Action]),
    [['cloudfront.amazonaws.com', 's3:GetObject']],
  );
  assert.match(JSON.stringify(allowed[0]!.Condition), /AWS:SourceArn/);
  assert.ok(
    Statement.some(
      ({ Effect, Condition }) => Effect === 'Deny' && /SecureTransport/.test(JSON.stringify(Condition)),
    ),
  );
  const { DistributionConfig } = only(template, 'AWS::CloudFront::Distribution').Properties as {
    DistributionConfig: { DefaultCacheBehavior: Record<string, unknown>; Origins: Record<string, unknown>[] };
  };
  assert.is(DistributionConfig.DefaultCacheBehavior.ViewerProtocolPolicy, 'redirect-to-https');
  assert.ok(DistributionConfig.DefaultCacheBehavior.ResponseHeadersPolicyId);
  assert.ok(DistributionConfig.Origins[0]!.OriginAccessControlId);
});

test('files are put there with the stack and taken away with it; nothing is retained', () => {
  const { Properties } = resourcesOf(template)
    .map(([, resource]) => resource)
    .find(({ Type }) => Type === 'Custom::CDKBucketDeployment')!;
  assert.is(Properties.RetainOnDelete as unknown as boolean, false);
  assert.equal(Properties.SystemMetadata as object, { 'cache-control': 'no-cache' });
  for (const [name, { DeletionPolicy, Type, Properties }] of resourcesOf(template)) {
    assert.ok(DeletionPolicy === undefined || DeletionPolicy === 'Delete', name);
    if (Type === 'AWS::Lambda::Function') assert.ok(Properties.LoggingConfig && Properties.MemorySize, name);
  }
});

test('no page where the provider knows no client for it', () => {
  const { pageClientId, ...withoutPage } = OWN;
  assert.throws(() => synthesize('roverd-page', withoutPage), /roverd-page/);
});

test.run();
