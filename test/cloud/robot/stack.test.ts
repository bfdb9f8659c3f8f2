import { Match } from 'aws-cdk-lib/assertions';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  AUTHORIZER_TTL_S,
  DEFAULT_ROBOT,
  MAX_ROBOTS,
  STAGE,
  TELEMETRY_FIELDS,
  TOKEN_PATTERN,
} from '../../../cloud/robot/constants.ts';
import { ofType, resolved, resourcesOf, synthesize, type TemplateResource } from '../synthesized.ts';

const template = synthesize('roverd-robot');
const fleet = synthesize('roverd-robot', {
  robots: 'sts-pi,second,third',
  issuer: 'https://id.example/tenant/',
  audience: 'https://api.robots.example',
  permissions: 'table',
  origins: ['https://drive.example', 'http://localhost:8080'],
  alarmEmail: 'ops@example.com',
});
const { Outputs: outputs } = template.toJSON();

interface Grant {
  readonly Action: string | string[];
  readonly Resource: string | string[];
}

test('the defaults are the names of the original', () => {
  template.hasResourceProperties('AWS::IoT::Thing', { ThingName: DEFAULT_ROBOT });
  template.hasResourceProperties('AWS::IoT::Policy', { PolicyName: `${DEFAULT_ROBOT}Policy` });
  template.hasResourceProperties('AWS::KinesisVideo::SignalingChannel', { Name: DEFAULT_ROBOT });
  template.hasResourceProperties('AWS::IoT::RoleAlias', { CredentialDurationSeconds: 3600 });
  assert.equal(
    Object.keys(outputs)
      // What the page's stack takes.
      .filter((name) => !name.startsWith('ExportsOutput'))
      .sort((a, b) => a.localeCompare(b)),
    [
      'AlarmTopic',
      'ApiURL',
      'DataEndpoint',
      'EndpointUrl',
      'Robots',
      'RoleAlias',
      'SignInUrl',
      'UserPoolClientId',
      'UserPoolId',
    ],
  );
  assert.is(STAGE, 'Prod');
});

test('a certificate may do what its own robot needs and nothing as another', () => {
  const [[, policy]] = ofType(template, 'AWS::IoT::Policy') as [[string, TemplateResource]];
  const { Statement } = resolved(policy.Properties.PolicyDocument) as {
    Statement: { Effect: string; Action: string; Resource: string | string[]; Condition?: object }[];
  };
  assert.equal([...new Set(Statement.map(({ Effect }) => Effect))], ['Allow']);
  const own = 'arn:aws:iot:eu-central-1:123456789012:';
  assert.equal(
    Statement.flatMap(({ Action, Resource }) =>
      [Resource].flat().map((arn) => [Action, arn.replace(own, '')]),
    ),
    [
      ['iot:Connect', 'client/sts-pi'],
      ['iot:Subscribe', 'topicfilter/sts-pi/action'],
      ['iot:Subscribe', 'topicfilter/$aws/things/sts-pi/shadow/*'],
      ['iot:Receive', 'topic/sts-pi/action'],
      ['iot:Receive', 'topic/$aws/things/sts-pi/shadow/*'],
      ['iot:Publish', 'topic/sts-pi/telemetry'],
      ['iot:Publish', 'topic/sts-pi/status'],
      ['iot:Publish', 'topic/$aws/things/sts-pi/shadow/get'],
      ['iot:Publish', 'topic/$aws/things/sts-pi/shadow/update'],
      ['iot:RetainPublish', 'topic/sts-pi/status'],
      ['iot:AssumeRoleWithCertificate', `<${ofType(template, 'AWS::IoT::RoleAlias')[0]?.[0]}.RoleAliasArn>`],
    ],
  );
  assert.equal(Statement[0]?.Condition, { Bool: { 'iot:Connection.Thing.IsAttached': 'true' } });
});

test('a camera is master of the channel of its own thing only', () => {
  template.hasResourceProperties('AWS::IAM::Policy', {
    PolicyDocument: {
      Statement: [
        {
          Effect: 'Allow',
          Action: [
            'kinesisvideo:ConnectAsMaster',
            'kinesisvideo:DescribeSignalingChannel',
            'kinesisvideo:GetIceServerConfig',
            'kinesisvideo:GetSignalingChannelEndpoint',
          ],
          Resource: {
            'Fn::Join': [
              '',
              Match.arrayWith([Match.stringLikeRegexp(':channel/\\$\\{credentials-iot:ThingName\\}/\\*$')]),
            ],
          },
        },
      ],
    },
  });
  template.hasResourceProperties('AWS::IAM::Role', {
    AssumeRolePolicyDocument: {
      Statement: [{ Action: 'sts:AssumeRole', Principal: { Service: 'credentials.iot.amazonaws.com' } }],
    },
  });
});

test('every method but preflights is guarded by the authorizer and checks its body', () => {
  for (const template_ of [template, fleet]) {
    const methods = ofType(template_, 'AWS::ApiGateway::Method');
    const guarded = methods.filter(([, { Properties }]) => (Properties.HttpMethod as string) !== 'OPTIONS');
    assert.is(guarded.length, 4);
    for (const [name, { Properties }] of guarded) {
      assert.is(Properties.AuthorizationType, 'CUSTOM', name);
      assert.ok(Properties.AuthorizerId && Properties.RequestValidatorId, name);
      if ((Properties.HttpMethod as string) === 'POST') assert.ok(Properties.RequestModels, name);
    }
    for (const [, { Properties }] of methods.filter(
      ([, one]) => (one.Properties.HttpMethod as string) === 'OPTIONS',
    )) {
      assert.is((Properties.Integration as { Type: string }).Type, 'MOCK');
    }
  }
  template.hasResourceProperties('AWS::ApiGateway::RequestValidator', { ValidateRequestBody: true });
  template.hasResourceProperties('AWS::ApiGateway::Authorizer', {
    Type: 'TOKEN',
    IdentitySource: 'method.request.header.Authorization',
    IdentityValidationExpression: TOKEN_PATTERN,
    AuthorizerResultTtlInSeconds: AUTHORIZER_TTL_S,
  });
});

test('refusals of the gateway look like those of the robot', () => {
  const answers = ofType(template, 'AWS::ApiGateway::GatewayResponse').map(
    ([, { Properties }]) => Properties,
  );
  assert.equal(answers.map(({ ResponseType }) => ResponseType as string).sort(), [
    'ACCESS_DENIED',
    'BAD_REQUEST_BODY',
    'DEFAULT_4XX',
    'DEFAULT_5XX',
    'THROTTLED',
    'UNAUTHORIZED',
  ]);
  for (const { ResponseTemplates } of answers) {
    const text = (ResponseTemplates as Record<string, string>)['application/json']!;
    // The gateway puts a JSON string in place of the variable.
    const { code, message } = JSON.parse(text.replace('$context.error.messageString', '"Unauthorized"'));
    assert.ok(/^[a-z_]+$/.test(code) && message === 'Unauthorized', text);
  }
});

test('pages of configured origins only', () => {
  assert.not(JSON.stringify(fleet.toJSON()).includes("'*'"));
  fleet.hasResourceProperties('AWS::ApiGateway::GatewayResponse', {
    ResponseParameters: { 'gatewayresponse.header.Access-Control-Allow-Origin': "'https://drive.example'" },
  });
  const none = synthesize('roverd-robot', { origins: '', issuer: 'https://id.example', audience: 'a' });
  none.resourcePropertiesCountIs('AWS::ApiGateway::Method', { HttpMethod: 'OPTIONS' }, 0);
  assert.not(/access-control-allow-origin/i.test(JSON.stringify(none.toJSON())));
});

test('the API is throttled, logs accesses without tokens and is traced', () => {
  const [[, stage]] = ofType(template, 'AWS::ApiGateway::Stage') as [[string, TemplateResource]];
  const { AccessLogSetting, MethodSettings, TracingEnabled } = stage.Properties as unknown as {
    AccessLogSetting: { Format: string };
    MethodSettings: Record<string, unknown>[];
    TracingEnabled: boolean;
  };
  assert.ok(TracingEnabled);
  assert.ok(JSON.parse(AccessLogSetting.Format).sub);
  assert.not(/authorization|token/i.test(AccessLogSetting.Format));
  const [{ DataTraceEnabled, LoggingLevel, ThrottlingBurstLimit, ThrottlingRateLimit }] = MethodSettings as [
    Record<string, unknown>,
  ];
  assert.equal(
    [DataTraceEnabled, LoggingLevel, ThrottlingBurstLimit, ThrottlingRateLimit],
    [false, 'ERROR', 100, 50],
  );
});

test('functions have memory, time, tracing, a log group of a month and no right they do not need', () => {
  const functions = ofType(fleet, 'AWS::Lambda::Function').filter(([name]) => !name.startsWith('AWS'));
  assert.is(functions.length, 4);
  for (const [name, { Properties }] of functions) {
    const { Runtime, Architectures, MemorySize, Timeout, TracingConfig, LoggingConfig } =
      Properties as Record<string, unknown>;
    assert.equal(
      [Runtime, Architectures, TracingConfig],
      ['nodejs24.x', ['arm64'], { Mode: 'Active' }],
      name,
    );
    assert.ok(MemorySize && Timeout && LoggingConfig, name);
  }
  for (const [name, { Properties }] of ofType(template, 'AWS::Logs::LogGroup')) {
    assert.is(Properties.RetentionInDays as number, 30, name);
  }
  const published = ofType(fleet, 'AWS::IAM::Policy')
    .flatMap(
      ([, { Properties }]) => (resolved(Properties.PolicyDocument) as { Statement: Grant[] }).Statement,
    )
    .filter(({ Action }) => Action === 'iot:Publish')
    .flatMap(({ Resource }) => Resource);
  assert.equal(
    published.sort(),
    ['second', 'sts-pi', 'third'].map((name) => `arn:aws:iot:eu-central-1:123456789012:topic/${name}/action`),
  );
});

test('the function that admits viewers may do so on the channels of this stack, and be master of none', () => {
  const grants = ofType(fleet, 'AWS::IAM::Policy')
    .filter(([name]) => name.startsWith('ApiViewer'))
    .flatMap(
      ([, { Properties }]) => (resolved(Properties.PolicyDocument) as { Statement: Grant[] }).Statement,
    )
    .filter(({ Action }) => [Action].flat().some((one) => one.startsWith('kinesisvideo:')));
  assert.equal(grants, [
    {
      Action: [
        'kinesisvideo:ConnectAsViewer',
        'kinesisvideo:DescribeSignalingChannel',
        'kinesisvideo:GetIceServerConfig',
        'kinesisvideo:GetSignalingChannelEndpoint',
      ],
      Effect: 'Allow',
      Resource: ['second', 'sts-pi', 'third'].map(
        (name) => `arn:aws:kinesisvideo:eu-central-1:123456789012:channel/${name}/*`,
      ),
    },
  ]);
});

test('no grant of everything: every * stands where AWS knows no resource', () => {
  const wide = resourcesOf(fleet).flatMap(([, { Type, Properties }]) => {
    if (Type !== 'AWS::IAM::Policy') return [];
    const { Statement } = Properties.PolicyDocument as {
      Statement: { Action: string | string[]; Resource: unknown }[];
    };
    return Statement.filter(
      ({ Action, Resource }) => Resource === '*' || [Action].flat().some((one) => one.includes('*')),
    ).flatMap(({ Action }) => Action);
  });
  assert.equal([...new Set(wide)].sort(), [
    'iot:DescribeEndpoint',
    'xray:PutTelemetryRecords',
    'xray:PutTraceSegments',
  ]);
});

test('telemetry lands with an expiry, presence by robot; what fails is kept and alarms', () => {
  const rules = ofType(fleet, 'AWS::IoT::TopicRule').map(
    ([, { Properties }]) =>
      Properties.TopicRulePayload as unknown as { Sql: string; Actions: unknown[]; ErrorAction: object },
  );
  const robots = (term: string) => `${term} = 'sts-pi' OR ${term} = 'second' OR ${term} = 'third'`;
  assert.equal(
    rules.map(({ Sql }) => Sql),
    [
      `SELECT ${TELEMETRY_FIELDS.join(', ')}, topic(1) AS robot, timestamp() AS at, floor(timestamp() / 1000) + 2592000 AS expiresAt FROM '+/telemetry' WHERE ${robots('topic(1)')}`,
      `SELECT state, version, atMs, topic(1) AS robot, 'status' AS kind, timestamp() AS at FROM '+/status' WHERE ${robots('topic(1)')}`,
      `SELECT clientId AS robot, eventType AS kind, timestamp AS at, sessionIdentifier, disconnectReason FROM '$aws/events/presence/+/+' WHERE ${robots('clientId')}`,
    ],
  );
  for (const { Actions, ErrorAction, Sql } of rules) {
    assert.not.match(Sql, /\*/, 'a robot may not choose the name it is landed under');
    assert.ok('DynamoDBv2' in (Actions[0] as object) && 'CloudwatchLogs' in ErrorAction);
  }
  fleet.hasResourceProperties('AWS::DynamoDB::Table', {
    KeySchema: [
      { AttributeName: 'robot', KeyType: 'HASH' },
      { AttributeName: 'at', KeyType: 'RANGE' },
    ],
    TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
  });
  fleet.resourcePropertiesCountIs(
    'AWS::CloudWatch::Alarm',
    { Namespace: 'AWS/IoT', MetricName: 'Failure' },
    3,
  );
});

test('alarms on errors and on delay speak to a topic', () => {
  for (const alarm of ofType(template, 'AWS::CloudWatch::Alarm'))
    assert.ok(alarm[1].Properties.AlarmActions, alarm[0]);
  const alarmed = (MetricName: string, more: object) =>
    template.hasResourceProperties('AWS::CloudWatch::Alarm', { MetricName, ...more });
  alarmed('Errors', { Namespace: 'AWS/Lambda', Statistic: 'Sum', Threshold: 1 });
  alarmed('Duration', { Namespace: 'AWS/Lambda', ExtendedStatistic: 'p99' });
  alarmed('5XXError', { Namespace: 'AWS/ApiGateway', Statistic: 'Sum' });
  alarmed('Latency', { Namespace: 'AWS/ApiGateway', ExtendedStatistic: 'p99' });
  fleet.hasResourceProperties('AWS::SNS::Subscription', { Protocol: 'email', Endpoint: 'ops@example.com' });
});

test('destroying leaves nothing: no resource is retained, every log group is owned', () => {
  for (const template_ of [template, fleet, synthesize('roverd-account'), synthesize('roverd-page')]) {
    const all = resourcesOf(template_);
    const kept = all.filter(
      ([, { DeletionPolicy }]) => DeletionPolicy !== undefined && DeletionPolicy !== 'Delete',
    );
    assert.equal(
      kept.map(([name]) => name),
      [],
    );
    for (const [name, { Type, Properties }] of all) {
      if (Type === 'AWS::Lambda::Function') assert.ok(Properties.LoggingConfig, name);
      if (Type === 'AWS::DynamoDB::Table') assert.not(Properties.DeletionProtectionEnabled, name);
    }
  }
  template.hasResourceProperties('AWS::Logs::LogGroup', {
    LogGroupName: {
      'Fn::Join': ['', ['API-Gateway-Execution-Logs_', { Ref: Match.anyValue() }, `/${STAGE}`]],
    },
  });
});

test('the only custom resources are the two endpoints, and they only look', () => {
  const custom = resourcesOf(template)
    .map(([, resource]) => resource)
    .filter(({ Type }) => Type.startsWith('Custom::'));
  assert.is(custom.length, 2);
  const calls = custom.map(({ Properties }) => JSON.parse(String(Properties.Update)));
  assert.equal(
    calls.map(({ action, parameters }) => [action, parameters.endpointType]),
    [
      ['DescribeEndpoint', 'iot:Data-ATS'],
      ['DescribeEndpoint', 'iot:CredentialProvider'],
    ],
  );
  for (const { Properties } of custom) assert.is(Properties.Delete, undefined);
});

test('a third-party provider takes the place of Cognito', () => {
  fleet.resourceCountIs('AWS::Cognito::UserPool', 0);
  fleet.hasResourceProperties('AWS::Lambda::Function', {
    Environment: {
      Variables: Match.objectLike({
        ISSUER: 'https://id.example/tenant/',
        JWKS_URI: 'https://id.example/tenant/.well-known/jwks.json',
        AUDIENCE: 'https://api.robots.example',
        AUDIENCE_CLAIM: 'aud',
        PERMISSIONS_TABLE: Match.anyValue(),
      }),
    },
  });
});

test('Cognito: invitation, second factor, PKCE without a secret, scopes by group', () => {
  template.hasResourceProperties('AWS::Cognito::UserPool', {
    AdminCreateUserConfig: { AllowAdminCreateUserOnly: true },
    MfaConfiguration: 'ON',
    EnabledMfas: ['SOFTWARE_TOKEN_MFA'],
    LambdaConfig: { PreTokenGenerationConfig: { LambdaVersion: 'V2_0' } },
  });
  template.hasResourceProperties('AWS::Cognito::UserPoolResourceServer', {
    Identifier: 'roverd',
    Scopes: [Match.objectLike({ ScopeName: 'operate' }), Match.objectLike({ ScopeName: 'view' })],
  });
  template.hasResourceProperties('AWS::Cognito::UserPoolClient', {
    GenerateSecret: false,
    AllowedOAuthFlows: ['code'],
    CallbackURLs: ['http://localhost:8080/'],
  });
  for (const GroupName of ['operators', 'viewers']) {
    template.hasResourceProperties('AWS::Cognito::UserPoolGroup', { GroupName });
  }
});

const refused: [context: Record<string, unknown>, message: RegExp][] = [
  [{ robots: '' }, /Expected robots to be 1 to 50 different names/],
  [{ robots: 'a,a' }, /Expected robots to be 1 to 50 different names/],
  [{ robots: "a' OR '1" }, /Expected robots to be names of 1 to 64/],
  [{ robots: Array.from({ length: MAX_ROBOTS + 1 }, (_, i) => `r${i}`) }, /1 to 50/],
  [{ issuer: 'http://id.example' }, /Expected issuer to be an https address/],
  [{ issuer: 'https://id.example' }, /Expected audience to be/],
  [{ pageClientId: 'a b' }, /Expected pageClientId to be a client id without spaces/],
  [{ permissions: 'maybe' }, /Expected permissions to be static or table/],
  [{ origins: '*' }, /Expected origins to be web origins/],
  [{ operatorScope: 'drive' }, /Expected operatorScope and viewerScope to be SERVER\/NAME/],
  [{ alarmEmail: 'nobody' }, /Expected alarmEmail to be an e-mail address/],
];
for (const [context, message] of refused) {
  test(`refuses ${JSON.stringify(context).slice(0, 60)}`, () => {
    assert.throws(() => synthesize('roverd-robot', context), message);
  });
}

test('as many robots as are allowed fit into what AWS allows', () => {
  const robots = Array.from({ length: MAX_ROBOTS }, (_, i) => `${i}`.padStart(64, 'r'));
  const all = synthesize('roverd-robot', { robots });
  for (const [name, { Properties }] of ofType(all, 'AWS::IAM::Policy')) {
    const { length } = JSON.stringify(resolved(Properties.PolicyDocument));
    assert.ok(length <= 10_240, `${name} has ${length} characters`);
  }
  assert.ok(resourcesOf(all).length <= 500, `${resourcesOf(all).length} resources in a stack`);
});

test.run();
