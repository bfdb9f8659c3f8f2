import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Throttle } from '../../../cloud/local/rest-api/throttle.ts';
import type { Resource } from '../../../cloud/local/template/template.ts';
import { functionResources, openRig, until, writeStack } from './rig.ts';

const api = (Type: string, Properties: object): Resource => ({
  Type: `AWS::ApiGateway::${Type}`,
  Properties: { RestApiId: { Ref: 'Api' }, ...Properties },
});
const resource = (PathPart: string, parent: string | null = null): Resource =>
  api('Resource', {
    PathPart,
    ParentId: parent === null ? { 'Fn::GetAtt': ['Api', 'RootResourceId'] } : { Ref: parent },
  });
const method = (at: string, HttpMethod: string, Integration: object, more: object = {}): Resource =>
  api('Method', { HttpMethod, ResourceId: { Ref: at }, Integration, ...more });
const role = (service: string, ...statements: object[]): Resource => ({
  Type: 'AWS::IAM::Role',
  Properties: {
    AssumeRolePolicyDocument: {
      Statement: [{ Action: 'sts:AssumeRole', Effect: 'Allow', Principal: { Service: service } }],
    },
    Policies: [{ PolicyName: 'own', PolicyDocument: { Statement: statements } }],
  },
});
const onTable = (...actions: string[]) => ({
  Effect: 'Allow',
  Action: actions.map((one) => `dynamodb:${one}`),
  Resource: { 'Fn::GetAtt': ['Table', 'Arn'] },
});
const arnOf = (name: string) => ({ 'Fn::GetAtt': [name, 'Arn'] });
const table = (action: string, roleName: string, template: string, more: object = {}) => ({
  Type: 'AWS',
  IntegrationHttpMethod: 'POST',
  Uri: {
    'Fn::Join': [
      '',
      ['arn:', { Ref: 'AWS::Partition' }, `:apigateway:eu-central-1:dynamodb:action/${action}`],
    ],
  },
  Credentials: arnOf(roleName),
  PassthroughBehavior: 'NEVER',
  RequestTemplates: { 'application/json': template },
  ...more,
});
const lambda = (more: object = {}) => ({
  Type: 'AWS',
  IntegrationHttpMethod: 'POST',
  Uri: {
    'Fn::Sub': `arn:aws:apigateway:\${AWS::Region}:lambda:path/2015-03-31/functions/\${Echo.Arn}/invocations`,
  },
  ...more,
});
const KEY = '"Key":{"id":{"S":"$util.escapeJavaScript($input.params(\'id\')).replaceAll("\\\\\'","\'")"}}';
const PUT = `{"TableName":"$stageVariables.table","Item":{"id":{"S":$input.json('$.id')},"text":{"S":$input.json('$.text')},"owner":{"S":"$!context.authorizer.claims.email"}}}`;
const answers = [
  {
    StatusCode: '200',
    SelectionPattern: '2\\d\\d',
    ResponseTemplates: { 'application/json': "$input.json('$')" },
  },
  {
    StatusCode: '409',
    SelectionPattern: '4\\d\\d',
    ResponseTemplates: { 'application/json': '{"type":$input.json(\'$.__type\')}' },
  },
];
const READ = {
  IntegrationResponses: [
    {
      StatusCode: '200',
      SelectionPattern: '200',
      ResponseTemplates: {
        'text/plain': `#set($found = $input.path('$.Item'))#if("$!found" == "")#set($context.responseOverride.status = 404)none#else$found.text.S#end`,
      },
      ResponseParameters: {
        'method.response.header.X-Text': 'integration.response.body.Item.id.S',
        'method.response.header.X-Type': 'integration.response.header.content-type',
        'method.response.header.X-Verb': 'context.httpMethod',
        'method.response.header.X-Table': 'stageVariables.table',
        'method.response.header.X-Fixed': "'a, b'",
      },
    },
    { StatusCode: '502' },
  ],
};
const open = { Type: 'MOCK', RequestTemplates: { 'application/json': '{"statusCode":200}' } };
const pool = (more: object = {}) => ({
  AuthorizationType: 'COGNITO_USER_POOLS',
  AuthorizerId: { Ref: 'People' },
  ...more,
});
const claims = {
  ...open,
  IntegrationResponses: [
    {
      StatusCode: '200',
      ResponseTemplates: {
        'application/json':
          '$context.authorizer.claims.get("cognito:groups")|$context.authorizer.claims.email|$context.authorizer.claims.exp|$!context.authorizer.claims.scope',
      },
    },
  ],
};

const written = writeStack(
  {
    Api: { Type: 'AWS::ApiGateway::RestApi', Properties: { Name: 'Small' } },
    Table: {
      Type: 'AWS::DynamoDB::Table',
      Properties: {
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      },
    },
    Writer: role('apigateway.amazonaws.com', onTable('PutItem')),
    Reader: role('apigateway.amazonaws.com', onTable('GetItem')),
    Stranger: role('lambda.amazonaws.com', onTable('GetItem')),
    ...functionResources('Echo'),
    EchoMay: {
      Type: 'AWS::Lambda::Permission',
      Properties: {
        Action: 'lambda:InvokeFunction',
        FunctionName: { Ref: 'Echo' },
        Principal: 'apigateway.amazonaws.com',
        SourceArn: {
          'Fn::Sub': `arn:aws:execute-api:\${AWS::Region}:\${AWS::AccountId}:\${Api}/*/POST/echo`,
        },
      },
    },
    Items: resource('items'),
    Item: resource('{id}', 'Items'),
    Plain: resource('plain'),
    PlainItem: resource('{id}', 'Plain'),
    Kept: resource('kept'),
    KeptItem: resource('{id}', 'Kept'),
    Denied: resource('denied'),
    Untrusted: resource('untrusted'),
    EchoAt: resource('echo'),
    Unpermitted: resource('unpermitted'),
    Passing: resource('passing'),
    Mock: resource('mock'),
    Mine: resource('mine'),
    Scoped: resource('scoped'),
    Broken: resource('broken'),
    PutItem: method('Items', 'POST', table('PutItem', 'Writer', PUT, { IntegrationResponses: answers })),
    GetItem: method(
      'Item',
      'GET',
      table('GetItem', 'Reader', `{"TableName":"$stageVariables.table",${KEY}}`, READ),
    ),
    GetPlain: method(
      'PlainItem',
      'GET',
      table('GetItem', 'Reader', `{"TableName":"$stageVariables.table",${KEY}}`, {
        IntegrationResponses: [
          { StatusCode: '200', ResponseTemplates: { 'text/plain': "$input.path('$.Item.text.S')" } },
        ],
      }),
    ),
    GetKept: method(
      'KeptItem',
      'GET',
      table('GetItem', 'Reader', `{"TableName":"$stageVariables.table",${KEY}}`, {
        ...READ,
        CacheKeyParameters: ['method.request.path.id'],
      }),
    ),
    GetDenied: method(
      'Denied',
      'GET',
      table('GetItem', 'Writer', `{"TableName":"$stageVariables.table",${KEY}}`, {
        IntegrationResponses: answers,
      }),
    ),
    GetUntrusted: method(
      'Untrusted',
      'GET',
      table('GetItem', 'Stranger', '{}', { IntegrationResponses: answers }),
    ),
    PostEcho: method(
      'EchoAt',
      'POST',
      lambda({
        PassthroughBehavior: 'WHEN_NO_TEMPLATES',
        RequestTemplates: {
          'application/json': '{"body":$input.json(\'$\'),"who":"$context.identity.userAgent"}',
          'application/xml':
            '#set($context.requestOverride.header.X-Amz-Invocation-Type = "Event"){"later":true}',
        },
        IntegrationResponses: [
          { StatusCode: '200' },
          {
            StatusCode: '400',
            SelectionPattern: 'Bad.*',
            ResponseTemplates: { 'application/json': "$input.json('$.errorMessage')" },
          },
        ],
      }),
    ),
    PostUnpermitted: method('Unpermitted', 'POST', lambda({ IntegrationResponses: [{ StatusCode: '200' }] })),
    Invoker: role('apigateway.amazonaws.com', {
      Effect: 'Allow',
      Action: 'lambda:InvokeFunction',
      Resource: arnOf('Echo'),
    }),
    PostPassing: method(
      'Passing',
      'POST',
      lambda({ Credentials: arnOf('Invoker'), IntegrationResponses: [{ StatusCode: '200' }] }),
    ),
    GetMock: method('Mock', 'GET', {
      Type: 'MOCK',
      RequestTemplates: {
        'application/json': '{"statusCode": #if($input.params("bad") == "yes")500#{else}200#end}',
      },
      IntegrationResponses: [
        {
          StatusCode: '200',
          SelectionPattern: '200',
          ResponseTemplates: {
            'application/json': '{"q":"$input.params("q")"}',
            'text/x-q': '$input.params("q")',
          },
          ResponseParameters: { 'method.response.header.X-Q': 'method.request.querystring.q' },
        },
      ],
    }),
    GetBroken: method('Broken', 'GET', {
      ...open,
      IntegrationResponses: [{ StatusCode: '200', ResponseTemplates: { 'application/json': '#if(true)' } }],
    }),
    Users: { Type: 'AWS::Cognito::UserPool', Properties: {} },
    OtherUsers: { Type: 'AWS::Cognito::UserPool', Properties: {} },
    Client: {
      Type: 'AWS::Cognito::UserPoolClient',
      Properties: { UserPoolId: { Ref: 'Users' }, AllowedOAuthScopes: ['links/write'] },
    },
    OtherClient: { Type: 'AWS::Cognito::UserPoolClient', Properties: { UserPoolId: { Ref: 'OtherUsers' } } },
    People: api('Authorizer', {
      Name: 'people',
      Type: 'COGNITO_USER_POOLS',
      IdentitySource: 'method.request.header.Authorization',
      ProviderARNs: [arnOf('Users')],
    }),
    GetMine: method('Mine', 'GET', claims, pool()),
    GetScoped: method('Scoped', 'GET', claims, pool({ AuthorizationScopes: ['links/write', 'links/admin'] })),
    Deployment: api('Deployment', {}),
    Stage: api('Stage', {
      StageName: 'Prod',
      DeploymentId: { Ref: 'Deployment' },
      Variables: { table: { Ref: 'Table' } },
      CacheClusterEnabled: true,
      CacheClusterSize: '0.5',
      AccessLogSetting: {
        Format:
          '$context.path $context.status $context.integration.integrationStatus $context.authorizer.claims.email',
      },
      MethodSettings: [
        {
          ResourcePath: '/*',
          HttpMethod: '*',
          CachingEnabled: false,
          ThrottlingRateLimit: 1000,
          ThrottlingBurstLimit: 500,
        },
        {
          ResourcePath: '/~1kept~1{id}',
          HttpMethod: 'GET',
          CachingEnabled: true,
          CacheTtlInSeconds: 60,
          CacheDataEncrypted: true,
        },
      ],
    }),
    Site: {
      Type: 'AWS::CloudFront::Distribution',
      Properties: {
        DistributionConfig: {
          DefaultCacheBehavior: { TargetOriginId: 'o' },
          Origins: [
            {
              Id: 'o',
              DomainName: { 'Fn::Sub': `\${Api}.execute-api.\${AWS::Region}.\${AWS::URLSuffix}` },
              OriginPath: '/Prod',
            },
          ],
        },
      },
    },
  },
  {
    Echo: `export const handler = async (event) => {
      if (event.body?.fail) throw new Error(event.body.fail);
      if (event.later) console.log('came later');
      return event;
    };`,
  },
  {
    Outputs: {
      Url: {
        Value: { 'Fn::Sub': `https://\${Api}.execute-api.\${AWS::Region}.\${AWS::URLSuffix}/\${Stage}/` },
      },
      TableName: { Value: { Ref: 'Table' } },
      SiteUrl: { Value: { 'Fn::Sub': `https://\${Site.DomainName}/` } },
    },
  },
);
const desk = await openRig(written.stack);
const call = (path: string, init: RequestInit = {}) => fetch(`${desk.outputs.Url}${path}`, init);
const post = (path: string, body: string, type = 'application/json') =>
  call(path, { method: 'POST', body, headers: { 'content-type': type, 'user-agent': 'me' } });
const seen = async (response: Response | Promise<Response>) => {
  const answered = await response;
  return [answered.status, await answered.text()];
};

const tableName = desk.outputs.TableName!;
const HOSTILE = [
  'plain',
  '"quoted" and \'single\'',
  'back\\slash \\" \\u0041 \\n',
  'line\nline\r\ttab',
  'separators \u2028 \u2029 \u0000 \u007f é 😀',
  `$input.body \${context.requestId} $util.urlEncode("a")`,
  '#set($x = 1)#if(true)yes#end ## comment #* block *#',
  '#[[raw]]# #include("/etc/passwd")',
  '</script><!-- & %7B%7D + %2F',
  '{"S":"nested"}',
  `https://example.com/${'a'.repeat(2000)}`,
];
for (const text of HOSTILE) {
  test(`stores and gives back ${JSON.stringify(text).slice(0, 50)}`, async () => {
    const id = `i ${text}`;
    assert.equal(await seen(post('items', JSON.stringify({ id, text }))), [200, '{}']);
    const found = await desk.tables
      .client()
      .then((tables) => tables.send(new GetItemCommand({ TableName: tableName, Key: { id: { S: id } } })));
    assert.equal([found.Item?.text?.S, found.Item?.id?.S], [text, id]);
    assert.equal(await seen(call(`plain/${encodeURIComponent(id)}`)), [200, text]);
  });
}

test('an answer is mapped from body, header, context, stage variable and fixed text', async () => {
  await post('items', '{"id":"a","text":"b"}');
  const { headers } = await call('items/a');
  const names = ['x-text', 'x-type', 'x-verb', 'x-table', 'x-fixed', 'content-type'];
  const [text, type, verb, named, fixed, contentType] = names.map((name) => headers.get(name));
  assert.equal(
    [text, type, verb, fixed, contentType],
    ['a', 'application/x-amz-json-1.0', 'GET', 'a, b', 'text/plain'],
  );
  assert.is(named, tableName);
});

test('what may not stand in a header is an error, and the desk goes on', async () => {
  for (const id of ['two\nlines', '😀']) {
    await post('items', JSON.stringify({ id, text: 'x' }));
    assert.equal(await seen(call(`items/${encodeURIComponent(id)}`)), [
      502,
      '{"message":"Internal server error"}',
    ]);
  }
});

test('a template chooses another status; what is mapped from nothing is left out', async () => {
  const response = await call('items/gone');
  assert.equal([response.status, response.headers.get('x-text'), await response.text()], [404, null, 'none']);
});

test('the role decides, and has to trust API Gateway', async () => {
  assert.equal(await seen(call('denied?id=a')), [
    409,
    '{"type":"com.amazon.coral.service#AccessDeniedException"}',
  ]);
  assert.equal(await seen(call('untrusted')), [500, '{"message":"Internal server error"}']);
  assert.ok(desk.lines.some((line) => line.includes('does not let apigateway.amazonaws.com assume it')));
});

test('a service that fails answers by the default response', async () => {
  desk.faults.dynamodb.failNext('InternalServerError', { status: 500 });
  assert.is((await call('items/a')).status, 502);
  assert.is((await call('items/a')).status, 200);
});

test('a body without a template for its type is refused where the integration says so', async () => {
  assert.equal(await seen(post('items', '{}', 'text/plain')), [415, '{"message":"Unsupported Media Type"}']);
  assert.is((await post('echo', '{}', 'text/plain')).status, 415);
  assert.equal(await seen(post('passing', '{"a":1}', 'text/plain')), [200, '{"a":1}']);
  assert.equal(await seen(post('items', '{"id":"c","text":"d"}', 'application/json; charset=utf-8')), [
    200,
    '{}',
  ]);
});

test('a function gets what the template makes, and its errors choose the response', async () => {
  assert.equal(await seen(post('echo', '{"a":[1]}')), [200, '{"body":{"a":[1]},"who":"me"}']);
  assert.equal(await seen(post('echo', '{"fail":"Bad thing"}')), [400, '"Bad thing"']);
  const [status, body] = await seen(post('echo', '{"fail":"Other"}'));
  assert.is(status, 200);
  assert.is(JSON.parse(String(body)).errorMessage, 'Other');
  assert.is((await post('unpermitted', '{}')).status, 500);
});

test('a function invoked as an event is not waited for', async () => {
  assert.equal(await seen(post('echo', '<a/>', 'application/xml')), [200, '']);
  await until(() => desk.lines.some((line) => line.includes('came later')));
});

test('a mock is rendered; who accepts a type gets the template for it', async () => {
  const response = await call('mock?q=x');
  assert.equal([response.headers.get('x-q'), await response.text()], ['x', '{"q":"x"}']);
  assert.equal(await seen(call('mock?q=x', { headers: { accept: 'text/html, text/x-q;q=0.9' } })), [
    200,
    'x',
  ]);
  assert.is((await call('mock?bad=yes')).status, 500, 'no response is for it');
});

test('a template that is none is an error of the API, said in the log', async () => {
  assert.equal(await seen(call('broken')), [500, '{"message":"Internal server error"}']);
  assert.ok(desk.lines.some((line) => line.includes('A template failed: ')));
});

test('the stage keeps answers by their key, by the clock of the desk', async () => {
  await post('items', '{"id":"k1","text":"one"}');
  await post('items', '{"id":"k2","text":"two"}');
  const textOf = async (id: string, init: RequestInit = {}) => (await call(`kept/${id}`, init)).text();
  assert.equal([await textOf('k1'), await textOf('k2')], ['one', 'two']);
  await post('items', '{"id":"k1","text":"changed"}');
  assert.is(await textOf('k1'), 'one');
  const fresh = await call('kept/k1', { headers: { 'cache-control': 'max-age=0' } });
  assert.equal([await fresh.text(), fresh.headers.get('warning')?.slice(0, 3)], ['one', '199']);
  desk.clock.skip(59_000);
  assert.is(await textOf('k1'), 'one');
  desk.clock.skip(1001);
  assert.is(await textOf('k1'), 'changed');
  assert.is(await (await call('items/k1')).text(), 'changed', 'other methods keep nothing');
});

const [client, otherClient] = desk.userPools.clients;
const as = (token: string) => ({ headers: { authorization: token } });

test('a setting for all methods limits each of them for itself; one for a method goes before it', () => {
  const throttle = new Throttle([
    { path: '/*', httpMethod: '*', perS: 1, burst: 2 },
    { path: '/a', httpMethod: '*', perS: 1, burst: 1 },
    { path: '/a', httpMethod: 'GET', perS: 10, burst: 3 },
  ]);
  const taken = (path: string, verb: string, atMs: number) =>
    Array.from({ length: 5 }, () => throttle.take(path, verb, atMs)).filter(Boolean).length;
  assert.equal(
    ['GET /a', 'PUT /a', 'GET /b', 'PUT /b'].map((one) => taken(one.slice(4), one.slice(0, 3), 0)),
    [3, 1, 2, 2],
  );
  assert.equal([taken('/a', 'GET', 100), taken('/b', 'GET', 999), taken('/b', 'GET', 1000)], [1, 0, 1]);
});

test('an identity token of the pool opens a method without scopes', async () => {
  const token = await desk.userPools.idToken(client!, ['a', 'b'], 'zoe@example.com');
  const [status, body] = await seen(call('mine', as(token)));
  assert.is(status, 200);
  const [groups, email, exp, scope] = String(body).split('|');
  assert.equal([groups, email, scope], ['a,b', 'zoe@example.com', '']);
  assert.match(exp!, /^\w{3} \w{3} \d\d \d\d:\d\d:\d\d UTC \d{4}$/);
  assert.is((await call('mine', as(`Bearer ${token}`))).status, 200);
  await until(() => desk.lines.includes('Small /Prod/mine 200 200 zoe@example.com'));
});

test('a method with scopes wants an access token that has one of them', async () => {
  const access = await desk.userPools.token(client!, [], 'zoe');
  const identity = await desk.userPools.idToken(client!, [], 'zoe');
  const narrow = await desk.userPools.token({ ...client!, scopes: ['links/read'] }, [], 'zoe');
  assert.is((await call('scoped', as(access))).status, 200);
  for (const token of [identity, narrow]) {
    assert.equal(await seen(call('scoped', as(token))), [401, '{"message":"Unauthorized"}']);
  }
  assert.is((await call('mine', as(access))).status, 401, 'an access token says nothing of identity');
});

test('no other token opens anything', async () => {
  const token = await desk.userPools.idToken(client!, [], 'zoe');
  const [head, payload, signature] = token.split('.');
  const changed = Buffer.from(
    JSON.stringify({ ...JSON.parse(Buffer.from(payload!, 'base64url').toString()), email: 'other' }),
  ).toString('base64url');
  const none = Buffer.from('{"alg":"none"}').toString('base64url');
  const tokens = [
    'none',
    `${head}.${changed}.${signature}`,
    `${none}.${changed}.`,
    await desk.userPools.idToken(otherClient!, [], 'zoe'),
    await desk.userPools.idToken({ ...client!, id: 'unknown' }, [], 'zoe'),
  ];
  for (const one of tokens)
    assert.equal(await seen(call('mine', as(one))), [401, '{"message":"Unauthorized"}'], one);
  assert.is((await call('mine')).status, 401);
  const late = await desk.userPools.idToken({ ...client!, idTokenLifeS: -1 }, [], 'zoe');
  assert.equal(await seen(call('mine', as(late))), [401, '{"message":"The incoming token has expired"}']);
});

test('a distribution leads to the stage of its origin', async () => {
  assert.is(await (await fetch(`${desk.outputs.SiteUrl}mock?q=y`)).text(), '{"q":"y"}');
  assert.ok(desk.lines.some((line) => line.includes('there is no CloudFront on the desk')));
});

test.after(async () => {
  await desk.close();
  written.remove();
});

test.run();
