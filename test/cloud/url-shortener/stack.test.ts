import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import Draft04 from 'ajv-draft-04';
import { Match } from 'aws-cdk-lib/assertions';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { changedLink, newLink } from '../../../cloud/url-shortener/models.ts';
import { packageRoot } from '../../../config/paths.ts';
import { ofType, resolved, resourcesOf, synthesize, type TemplateResource } from '../synthesized.ts';

const STACK = 'roverd-url-shortener';
const shortener = (context: Record<string, unknown> = {}) =>
  synthesize(STACK, { scenarios: 'url-shortener', ...context });
const template = shortener();

interface Integration {
  readonly Type: string;
  readonly Uri: unknown;
  readonly Credentials: unknown;
  readonly PassthroughBehavior: string;
  readonly CacheKeyParameters?: readonly string[];
  readonly RequestTemplates: Readonly<Record<string, string>>;
  readonly IntegrationResponses: readonly {
    readonly StatusCode: string;
    readonly SelectionPattern?: string;
    readonly ResponseTemplates: Readonly<Record<string, string>>;
  }[];
}

const methods = ofType(template, 'AWS::ApiGateway::Method').map(([name, { Properties }]) => ({
  name,
  httpMethod: String(Properties.HttpMethod),
  authorization: String(Properties.AuthorizationType),
  validator: Properties.RequestValidatorId,
  models: Properties.RequestModels as object | undefined,
  integration: Properties.Integration as Integration,
  action: String(resolved((Properties.Integration as Integration).Uri))
    .split('/')
    .at(-1),
}));

test('five routes, each one call to DynamoDB; no function of ours', () => {
  assert.equal(methods.map(({ httpMethod, action }) => `${httpMethod} ${action}`).sort(), [
    'DELETE DeleteItem',
    'GET GetItem',
    'GET Query',
    'POST UpdateItem',
    'PUT UpdateItem',
  ]);
  for (const { name, integration } of methods) {
    assert.equal([integration.Type, integration.PassthroughBehavior], ['AWS', 'NEVER'], name);
    assert.ok(integration.Credentials, name);
  }
  // The CDK's own, which empties the bucket of logs when the stack goes.
  const functions = ofType(template, 'AWS::Lambda::Function').map(([name]) => name);
  assert.ok(
    functions.every((name) => name.startsWith('CustomS3AutoDeleteObjects')),
    functions.join(),
  );
});

test('to read or write links needs a token; to follow one does not', () => {
  for (const { name, action, authorization, validator, models, httpMethod } of methods) {
    assert.is(authorization, action === 'GetItem' ? 'NONE' : 'COGNITO_USER_POOLS', name);
    assert.ok(validator, name);
    assert.is(models !== undefined, ['POST', 'PUT'].includes(httpMethod), name);
  }
  template.hasResourceProperties('AWS::ApiGateway::Authorizer', {
    Type: 'COGNITO_USER_POOLS',
    AuthorizerResultTtlInSeconds: 0,
    ProviderARNs: [{ 'Fn::GetAtt': [Match.stringLikeRegexp('^SignInPool'), 'Arn'] }],
  });
});

test('each role may do what its routes do, on this table alone', () => {
  const grants = ofType(template, 'AWS::IAM::Policy')
    .filter(([name]) => name.startsWith('Links'))
    .map(([, { Properties }]) => {
      const { Statement } = resolved(Properties.PolicyDocument) as {
        Statement: { Action: string | string[]; Resource: string }[];
      };
      return Statement.map(({ Action, Resource }) => [
        [Action].flat().join(),
        Resource.replace(/^<.*?>/, ''),
      ]);
    });
  assert.equal(grants.flat().sort(), [
    ['dynamodb:DeleteItem,dynamodb:UpdateItem', ''],
    ['dynamodb:GetItem', ''],
    ['dynamodb:Query', '/index/OwnerIndex'],
  ]);
});

test('what comes from outside enters a template escaped', () => {
  for (const { name, integration } of methods) {
    for (const text of Object.values(integration.RequestTemplates)) {
      const body = text.replace(/^##.*$/gm, '');
      // Inside of JSON strings of the output: escaped, of the stack, or matched against a pattern before.
      for (const [, value = ''] of body.matchAll(/"\$!?(\w+[^"]*)/g)) {
        assert.ok(
          /^(util\.escapeJavaScript|stageVariables|context\.(requestTime|authorizer)|input\.(params|path)\(|id$|owner$|next\.substring)/.test(
            value,
          ),
          `${name}: ${value}`,
        );
      }
      assert.not.match(body, /"S": "\$!?(input|context\.authorizer)/, name);
    }
  }
});

test('every answer of the table is mapped, and none of its words are passed on', () => {
  for (const { name, action, integration } of methods) {
    const responses = integration.IntegrationResponses;
    assert.equal(
      responses.map(({ StatusCode, SelectionPattern = null }) => [StatusCode, SelectionPattern]),
      [
        [action === 'GetItem' ? '301' : '200', '200'],
        ['400', '400'],
        ['502', null],
      ],
      name,
    );
    for (const { ResponseTemplates } of responses) {
      const [text = ''] = Object.values(ResponseTemplates);
      assert.not.match(text, /\$!?input\.(body|json\('\$'\))|\$!?\{?\w*\.message\b/, name);
    }
  }
});

test('with a cache of the stage, redirects are kept five minutes by name; nothing else is kept', () => {
  const [[, stage]] = ofType(shortener({ shortenerCacheGb: '0.5' }), 'AWS::ApiGateway::Stage') as [
    [string, TemplateResource],
  ];
  const { MethodSettings, CacheClusterEnabled, Variables } = stage.Properties as unknown as {
    MethodSettings: Record<string, unknown>[];
    CacheClusterEnabled: boolean;
    Variables: Record<string, unknown>;
  };
  assert.is(CacheClusterEnabled, true);
  assert.equal(
    MethodSettings.map((one) => [
      one.HttpMethod,
      one.ResourcePath,
      one.CachingEnabled,
      one.ThrottlingRateLimit,
      one.ThrottlingBurstLimit,
    ]),
    [
      ['*', '/*', false, 2000, 1000],
      ['GET', '/~1{linkId}', true, 10_000, 4000],
    ],
  );
  assert.equal([MethodSettings[1]!.CacheTtlInSeconds, MethodSettings[1]!.CacheDataEncrypted], [300, true]);
  const redirect = methods.find(({ action }) => action === 'GetItem')!;
  assert.equal(redirect.integration.CacheKeyParameters, ['method.request.path.linkId']);
  assert.is(Variables.duplicate, 'conflict');
  assert.not.match(JSON.stringify(template.toJSON()), /CacheCluster|"CachingEnabled":true/);
  const asThePost = shortener({ shortenerDuplicate: 'post' });
  asThePost.hasResourceProperties('AWS::ApiGateway::Stage', { Variables: { duplicate: 'post' } });
});

test('the table is listed by owner; its accesses are logged without addresses of people', () => {
  template.hasResourceProperties('AWS::DynamoDB::Table', {
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    GlobalSecondaryIndexes: [
      Match.objectLike({
        IndexName: 'OwnerIndex',
        KeySchema: [
          { AttributeName: 'owner', KeyType: 'HASH' },
          { AttributeName: 'created', KeyType: 'RANGE' },
        ],
      }),
    ],
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
  });
  template.hasResourceProperties('AWS::ApiGateway::Stage', {
    AccessLogSetting: { Format: Match.not(Match.stringLikeRegexp('email|[Aa]uthorization')) },
  });
});

test('alarms at the limits of the post', () => {
  const alarm = (MetricName: string, more: object) =>
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      MetricName,
      AlarmActions: [Match.anyValue()],
      ...more,
    });
  alarm('4XXError', { Statistic: 'Average', Threshold: 0.01 });
  alarm('5XXError', { Statistic: 'Average', Threshold: 0.01 });
  alarm('Latency', { ExtendedStatistic: 'p99', Threshold: 75 });
  alarm('ThrottledRequests', { Namespace: 'AWS/DynamoDB' });
});

test('CloudFront: HTTPS to both sides, logs, what is personal not kept; a host of its own with TLS 1.2', () => {
  template.hasResourceProperties('AWS::CloudFront::Distribution', {
    DistributionConfig: Match.objectLike({
      Logging: Match.anyValue(),
      DefaultCacheBehavior: Match.objectLike({ ViewerProtocolPolicy: 'redirect-to-https' }),
      CacheBehaviors: ['/app', '/app/*'].map((PathPattern) =>
        // Managed-CachingDisabled
        Match.objectLike({ PathPattern, CachePolicyId: '4135ea2d-6df8-44a3-9df3-4b5a84be39ad' }),
      ),
      Origins: [
        Match.objectLike({
          CustomOriginConfig: { OriginProtocolPolicy: 'https-only', OriginSSLProtocols: ['TLSv1.2'] },
        }),
      ],
    }),
  });
  template.hasResourceProperties('AWS::CloudFront::CachePolicy', {
    CachePolicyConfig: Match.objectLike({ MinTTL: 0, DefaultTTL: 0, MaxTTL: 300 }),
  });
  const arn = 'arn:aws:acm:us-east-1:123456789012:certificate/a-b';
  shortener({ shortenerDomain: 'go.example.com', shortenerCertificateArn: arn }).hasResourceProperties(
    'AWS::CloudFront::Distribution',
    {
      DistributionConfig: Match.objectLike({
        Aliases: ['go.example.com'],
        ViewerCertificate: Match.objectLike({
          AcmCertificateArn: arn,
          MinimumProtocolVersion: 'TLSv1.2_2021',
        }),
      }),
    },
  );
});

test('a user pool that is there takes the place of the own one', () => {
  const arn = 'arn:aws:cognito-idp:eu-central-1:123456789012:userpool/eu-central-1_abc';
  const given = shortener({ shortenerUserPoolArn: arn });
  given.resourceCountIs('AWS::Cognito::UserPool', 0);
  given.hasResourceProperties('AWS::ApiGateway::Authorizer', { ProviderARNs: [arn] });
});

test('destroying leaves nothing', () => {
  for (const [name, { DeletionPolicy, Type, Properties }] of resourcesOf(template)) {
    assert.ok(DeletionPolicy === undefined || DeletionPolicy === 'Delete', name);
    if (Type === 'AWS::Logs::LogGroup') assert.is(Properties.RetentionInDays as number, 30, name);
  }
  template.resourceCountIs('Custom::S3AutoDeleteObjects', 1);
});

const ajv = new Draft04.default({ strict: false });
const isNew = ajv.compile({ ...newLink, schema: undefined });
const isChanged = ajv.compile({ ...changedLink, schema: undefined });
const bodies: [fits: boolean, body: object][] = [
  [true, { id: 'aws', url: 'http://aws.amazon.com' }],
  [true, { id: 'A-b_9', url: 'HTTPS://example.com:8443/a?b=c#d' }],
  [true, { id: 'v6', url: 'http://[2001:db8::1]/' }],
  [true, { id: 'odd', url: `https://example.com/?'"<>\\$#set($x=1)\${y}` }],
  [true, { id: 'x', url: `https://e.x/${'a'.repeat(2048 - 12)}` }],
  [false, { id: 'x', url: `https://e.x/${'a'.repeat(2048 - 11)}` }],
  [false, { id: 'app', url: 'http://aws.amazon.com' }],
  [false, { id: 'a/b', url: 'http://aws.amazon.com' }],
  [false, { id: 'a\n', url: 'http://aws.amazon.com' }],
  [false, { id: '', url: 'http://aws.amazon.com' }],
  [false, { id: 'a'.repeat(65), url: 'http://aws.amazon.com' }],
  [false, { id: 'x', url: 'aws.amazon.com' }],
  [false, { id: 'x', url: 'javascript:alert(1)//http://a.b' }],
  [false, { id: 'x', url: 'http://' }],
  [false, { id: 'x', url: 'http://known.example@other.example/' }],
  [false, { id: 'x', url: 'http://a.b/\r\nSet-Cookie: a=b' }],
  [false, { id: 'x', url: 'http://a.b/\n' }],
  [false, { id: 'x', url: 'http://a.b/ü' }],
  [false, { id: 'x', url: 'http://bücher.example/' }],
  [false, { id: 'x', url: ['http://a.b'] }],
  [false, { id: 'x', url: 'http://a.b', owner: 'another' }],
  [false, { url: 'http://a.b' }],
];
for (const [fits, body] of bodies) {
  test(`${fits ? 'takes' : 'refuses'} ${JSON.stringify(body).slice(0, 70)}`, () =>
    assert.is(isNew(body), fits));
}

test('a change is a whole link as it was given out, or its new address alone', () => {
  const link = {
    id: 'aws',
    url: 'http://aws.amazon.com',
    timestamp: '27/Dec/2019:21:21:17 +0000',
    owner: 'a@b.c',
  };
  assert.ok(isChanged(link) && isChanged({ url: link.url }));
  assert.not(isChanged({ id: 'aws' }) || isChanged({ ...link, created: 1 }));
});

const refused: [context: Record<string, unknown>, message: RegExp][] = [
  [{ shortenerDuplicate: '200' }, /Expected shortenerDuplicate to be conflict or post but received "200"/],
  [{ shortenerUserPoolArn: 'pool' }, /Expected shortenerUserPoolArn to be the ARN of a user pool/],
  [{ shortenerCacheGb: '1' }, /Expected shortenerCacheGb to be 0 or a size of a cache cluster/],
  [{ shortenerDomain: 'https://a.b' }, /Expected shortenerDomain to be a host name/],
  [
    { shortenerDomain: 'a.b' },
    /Expected shortenerCertificateArn to be the ARN of a certificate in us-east-1/,
  ],
  [{ alarmEmail: 'nobody' }, /Expected alarmEmail to be an e-mail address/],
];
for (const [context, message] of refused) {
  test(`refuses ${JSON.stringify(context)}`, () => assert.throws(() => shortener(context), message));
}

test('every template is used', () => {
  const written = readdirSync(join(packageRoot(), 'cloud/url-shortener/templates'));
  const used = new Set(
    methods.flatMap(({ integration }) => [
      ...Object.values(integration.RequestTemplates),
      ...integration.IntegrationResponses.flatMap(({ ResponseTemplates }) =>
        Object.values(ResponseTemplates),
      ),
    ]),
  );
  assert.is(used.size, written.length);
});

test.run();
