import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Resource } from '../../../cloud/local/template/template.ts';
import { apiEvent } from '../robot/events.ts';
import { functionResources, openRig, until, writeStack } from './rig.ts';

const api = (Type: string, Properties: object): Resource => ({
  Type: `AWS::ApiGateway::${Type}`,
  Properties: { RestApiId: { Ref: 'Api' }, ...Properties },
});
const uriOf = (name: string) => ({
  'Fn::Join': [
    '',
    [
      'arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/',
      { 'Fn::GetAtt': [name, 'Arn'] },
      '/invocations',
    ],
  ],
});
const proxy = (name: string, more: object = {}) => ({
  Type: 'AWS_PROXY',
  IntegrationHttpMethod: 'POST',
  Uri: uriOf(name),
  ...more,
});
const permission = (name: string, source: string): Resource => ({
  Type: 'AWS::Lambda::Permission',
  Properties: {
    Action: 'lambda:InvokeFunction',
    FunctionName: { Ref: name },
    Principal: 'apigateway.amazonaws.com',
    SourceArn: { 'Fn::Sub': `arn:aws:execute-api:\${AWS::Region}:\${AWS::AccountId}:\${Api}/${source}` },
  },
});
const resource = (PathPart: string, parent: string | null = null): Resource =>
  api('Resource', {
    PathPart,
    ParentId: parent === null ? { 'Fn::GetAtt': ['Api', 'RootResourceId'] } : { Ref: parent },
  });
const method = (at: string, HttpMethod: string, more: object): Resource =>
  api('Method', { HttpMethod, ResourceId: { Ref: at }, ...more });
const guarded = (authorizer: string) => ({ AuthorizationType: 'CUSTOM', AuthorizerId: { Ref: authorizer } });
const authorizer = (properties: object): Resource =>
  api('Authorizer', {
    Type: 'TOKEN',
    AuthorizerUri: uriOf('Authorize'),
    IdentitySource: 'method.request.header.Authorization',
    ...properties,
  });

const ECHO = `
export const handler = async (event) => {
  const wanted = event.queryStringParameters?.answer;
  if (wanted === 'throw') throw new Error('as asked');
  if (wanted === 'text') return 'no object';
  if (wanted === 'status') return { statusCode: 'no number', body: '' };
  if (wanted === 'object') return { statusCode: 200, body: { no: 'text' } };
  if (wanted === 'cookies') return { statusCode: 201, headers: { 'Set-Cookie': 'c=3', X: 1 }, multiValueHeaders: { 'Set-Cookie': ['a=1', 'b=2'] }, body: 'eA==', isBase64Encoded: true };
  return { statusCode: 200, body: JSON.stringify(event) };
};`;
const AUTHORIZE = `
let calls = 0;
const statement = (Effect, Resource) => ({ Version: '2012-10-17', Statement: [{ Action: 'execute-api:Invoke', Effect, Resource }] });
export const handler = async ({ authorizationToken, methodArn, type }) => {
  calls += 1;
  const word = authorizationToken.replace('Bearer ', '').split('-')[0];
  const principalId = 'p-1';
  const [arn, stage] = methodArn.split('/');
  switch (word) {
    case 'unauthorized': throw new Error('Unauthorized');
    case 'failing': throw new Error('no provider');
    case 'empty': return {};
    case 'nested': return { principalId, policyDocument: statement('Allow', '*'), context: { a: {} } };
    case 'deny': return { principalId, policyDocument: statement('Deny', '*') };
    case 'elsewhere': return { principalId, policyDocument: statement('Allow', arn + '/' + stage + '/GET/else') };
  }
  return { principalId, policyDocument: statement('Allow', arn + '/' + stage + '/GET/guarded'), context: { calls, yes: true, type, methodArn } };
};`;

const written = writeStack(
  {
    Api: { Type: 'AWS::ApiGateway::RestApi', Properties: { Name: 'Small' } },
    ...functionResources('Echo'),
    ...functionResources('Unpermitted'),
    ...functionResources('Authorize'),
    EchoMay: permission('Echo', '*'),
    AuthorizeMay: permission('Authorize', 'authorizers/*'),
    Items: resource('items'),
    Item: resource('{id}', 'Items'),
    Special: resource('special', 'Items'),
    Deep: resource('parts', 'Item'),
    Rest: resource('{proxy+}', 'Special'),
    Closed: resource('closed'),
    Slow: resource('slow'),
    Mock: resource('mock'),
    Guarded: resource('guarded'),
    Uncached: resource('uncached'),
    Posts: resource('posts'),
    GetItem: method('Item', 'GET', { Integration: proxy('Echo') }),
    GetDeep: method('Deep', 'ANY', { Integration: proxy('Echo') }),
    GetSpecial: method('Special', 'GET', { Integration: proxy('Echo') }),
    GetRest: method('Rest', 'ANY', { Integration: proxy('Echo') }),
    PutRest: method('Rest', 'PUT', {
      Integration: { Type: 'MOCK', IntegrationResponses: [{ StatusCode: '202' }] },
    }),
    GetClosed: method('Closed', 'GET', { Integration: proxy('Unpermitted') }),
    GetSlow: method('Slow', 'GET', { Integration: proxy('Stuck', { TimeoutInMillis: 100 }) }),
    ...functionResources('Stuck'),
    StuckMay: permission('Stuck', '*/GET/slow'),
    GetMock: method('Mock', 'GET', {
      Integration: {
        Type: 'MOCK',
        RequestTemplates: { 'application/json': '{"statusCode": 418}' },
        IntegrationResponses: [
          { StatusCode: '200' },
          {
            StatusCode: '503',
            SelectionPattern: '4\\d{2}',
            ResponseParameters: { 'method.response.header.X-Why': "'tea'" },
            ResponseTemplates: { 'application/json': '{"tea":true}' },
          },
        ],
      },
    }),
    Cached: authorizer({
      IdentityValidationExpression: 'Bearer [a-z]+(-\\d+)?',
      AuthorizerResultTtlInSeconds: 300,
    }),
    NotCached: authorizer({ AuthorizerResultTtlInSeconds: 0 }),
    GetGuarded: method('Guarded', 'GET', { Integration: proxy('Echo'), ...guarded('Cached') }),
    PostGuarded: method('Guarded', 'POST', { Integration: proxy('Echo'), ...guarded('Cached') }),
    GetUncached: method('Uncached', 'GET', { Integration: proxy('Echo'), ...guarded('NotCached') }),
    Model: api('Model', {
      Name: 'Post',
      Schema: {
        $schema: 'http://json-schema.org/draft-04/schema#',
        type: 'object',
        properties: { n: { type: 'number', minimum: 0, exclusiveMinimum: true } },
        required: ['n'],
        additionalProperties: false,
      },
    }),
    Validator: api('RequestValidator', { ValidateRequestBody: true, ValidateRequestParameters: true }),
    PostPosts: method('Posts', 'POST', {
      Integration: proxy('Echo'),
      RequestModels: { 'application/json': { Ref: 'Model' } },
      RequestParameters: { 'method.request.querystring.page': true, 'method.request.header.x-else': false },
      RequestValidatorId: { Ref: 'Validator' },
    }),
    BadBody: api('GatewayResponse', {
      ResponseType: 'BAD_REQUEST_BODY',
      StatusCode: '422',
      ResponseParameters: { 'gatewayresponse.header.X-Kind': "'body'" },
      ResponseTemplates: {
        'text/x-plain': 'no: $context.error.message $context.error.validationErrorString $context.httpMethod',
      },
    }),
    Deployment: api('Deployment', {}),
    Stage: api('Stage', {
      StageName: 'Prod',
      DeploymentId: { Ref: 'Deployment' },
      AccessLogSetting: {
        Format:
          '$context.httpMethod $context.path $context.status $context.error.responseType $context.authorizer.yes',
      },
      Variables: { colour: 'red' },
      MethodSettings: [
        { ResourcePath: '/~1mock', HttpMethod: 'GET', ThrottlingRateLimit: 0.001, ThrottlingBurstLimit: 2 },
      ],
    }),
  },
  {
    Echo: ECHO,
    Unpermitted: ECHO,
    Authorize: AUTHORIZE,
    Stuck: 'export const handler = () => new Promise((resolve) => setTimeout(resolve, 5000));',
  },
  {
    Outputs: {
      Url: {
        Value: { 'Fn::Sub': `https://\${Api}.execute-api.\${AWS::Region}.\${AWS::URLSuffix}/\${Stage}/` },
      },
    },
  },
);
const desk = await openRig(written.stack);
const call = (path: string, init: RequestInit = {}) => fetch(`${desk.outputs.Url}${path}`, init);
const bearer = (word: string) => ({ headers: { authorization: `Bearer ${word}` } });
const seen = async (path: string, init: RequestInit = {}) => {
  const response = await call(path, init);
  const text = await response.text();
  return [
    response.status,
    text.startsWith('{') ? (JSON.parse(text).message ?? JSON.parse(text).resource ?? text) : text,
  ];
};

const routes: readonly (readonly [path: string, method: string, expected: unknown])[] = [
  ['items/7', 'GET', [200, '/items/{id}']],
  ['items/special', 'GET', [200, '/items/special']],
  ['items/special/a/b', 'GET', [200, '/items/special/{proxy+}']],
  ['items/special/a/b', 'DELETE', [200, '/items/special/{proxy+}']],
  ['items/special/a', 'PUT', [202, '']],
  ['items/7/parts', 'PATCH', [200, '/items/{id}/parts']],
  ['items/7', 'POST', [403, 'Missing Authentication Token']],
  ['items', 'GET', [403, 'Missing Authentication Token']],
  ['', 'GET', [403, 'Missing Authentication Token']],
  ['../Else/items/7', 'GET', [403, 'Forbidden']],
];
for (const [path, verb, expected] of routes) {
  test(`${verb} ${path || '/'} is ${expected}`, async () =>
    assert.equal(await seen(path, { method: verb }), expected));
}

test('a function gets the event of a proxy integration', async () => {
  const response = await call('items/7%2Fa?x=1&x=2&y=%20', { headers: { 'X-Own': 'a', 'User-Agent': 'me' } });
  const event = (await response.json()) as ReturnType<typeof apiEvent>;
  const known = apiEvent(null);
  assert.equal(Object.keys(event).sort(), Object.keys(known).sort());
  const missing = (have: object, want: object) => Object.keys(want).filter((key) => !(key in have));
  assert.equal(missing(event.requestContext, known.requestContext), ['authorizer'], 'it is open to all');
  assert.equal(missing(event.requestContext.identity, known.requestContext.identity), [
    'apiKey',
    'apiKeyId',
    'clientCert',
  ]);
  assert.equal(event.pathParameters, { id: '7/a' });
  assert.equal(event.queryStringParameters, { x: '2', y: ' ' });
  assert.equal(event.multiValueQueryStringParameters, { x: ['1', '2'], y: [' '] });
  assert.equal(
    [event.path, event.requestContext.path, event.resource],
    ['/items/7%2Fa', '/Prod/items/7%2Fa', '/items/{id}'],
  );
  assert.equal(
    [event.headers['x-own'] ?? event.headers['X-Own'], event.requestContext.identity.userAgent],
    ['a', 'me'],
  );
  assert.equal([event.body, event.isBase64Encoded, event.stageVariables], [null, false, { colour: 'red' }]);
  assert.ok(Math.abs(event.requestContext.requestTimeEpoch - Date.now()) < 60_000);
});

test('headers come back, also several of one name; base64 becomes bytes', async () => {
  const response = await call('items/7?answer=cookies');
  assert.is(response.status, 201);
  assert.equal(response.headers.getSetCookie(), ['a=1', 'b=2']);
  assert.is(response.headers.get('x'), '1');
  assert.is(await response.text(), 'x');
});

for (const answer of ['throw', 'text', 'status', 'object']) {
  test(`a function that answers wrongly (${answer}) is a bad gateway`, async () => {
    assert.equal(await seen(`items/7?answer=${answer}`), [502, 'Internal server error']);
  });
}

test('without permission a function is not called', async () => {
  assert.equal(await seen('closed'), [500, 'Internal server error']);
  assert.ok(desk.lines.includes('Small Invalid permissions on Lambda function'));
});

test('who takes too long is not waited for', async () => {
  assert.equal(await seen('slow'), [504, 'Endpoint request timed out']);
});

test('a mock answers by its pattern, as often as the throttle lets it', async () => {
  const first = await call('mock');
  assert.equal([first.status, first.headers.get('x-why'), await first.text()], [503, 'tea', '{"tea":true}']);
  assert.is((await call('mock')).status, 503);
  assert.equal(await seen('mock'), [429, 'Too Many Requests']);
  assert.is((await call('items/7')).status, 200, 'other methods have their own limit');
});

const tokens: readonly (readonly [word: string | null, expected: unknown])[] = [
  [null, [401, 'Unauthorized']],
  ['', [401, 'Unauthorized']],
  ['NOT-LIKE-THIS', [401, 'Unauthorized']],
  ['ok and more', [401, 'Unauthorized']],
  ['unauthorized', [401, 'Unauthorized']],
  ['failing', [500, 'Internal server error']],
  ['empty', [500, 'Internal server error']],
  ['nested', [500, 'Internal server error']],
  ['deny', [403, 'User is not authorized to access this resource with an explicit deny']],
  ['elsewhere', [403, 'User is not authorized to access this resource']],
  ['ok', [200, '/guarded']],
];
for (const [word, expected] of tokens) {
  test(`the token ${JSON.stringify(word)}: ${expected}`, async () => {
    assert.equal(await seen('guarded', word === null ? {} : bearer(word)), expected);
  });
}

const authorizerOf = async (path: string, word: string) => {
  const response = await call(path, bearer(word));
  return ((await response.json()) as ReturnType<typeof apiEvent>).requestContext.authorizer as Record<
    string,
    string
  >;
};

test('the context of the authorizer is text, and kept for a token', async () => {
  const first = await authorizerOf('guarded', 'ok-1');
  assert.equal([first.principalId, first.yes, first.type], ['p-1', 'true', 'TOKEN']);
  assert.match(
    first.methodArn!,
    /^arn:aws:execute-api:eu-central-1:123456789012:\w{10}\/Prod\/GET\/guarded$/,
  );
  assert.is((await authorizerOf('guarded', 'ok-1')).calls, first.calls);
  assert.is.not((await authorizerOf('guarded', 'ok-2')).calls, first.calls);
  assert.equal(
    await seen('guarded', { method: 'POST', ...bearer('ok-1') }),
    [403, 'User is not authorized to access this resource'],
    'the kept policy is for every method',
  );
});

test('nothing is kept without a time to live', async () => {
  // Its policy is for another method: what counts is that it is asked again.
  await call('uncached', bearer('ok-9'));
  const before = Number((await authorizerOf('guarded', 'ok-3')).calls);
  await call('uncached', bearer('ok-9'));
  await call('uncached', bearer('ok-9'));
  assert.is(Number((await authorizerOf('guarded', 'ok-4')).calls), before + 3);
});

const posts: readonly (readonly [
  title: string,
  path: string,
  type: string | null,
  body: string,
  expected: number,
])[] = [
  ['as the model wants it', 'posts?page=1', 'application/json', '{"n":1}', 200],
  ['with a charset', 'posts?page=1', 'application/json; charset=utf-8', '{"n":1}', 200],
  ['an exclusive limit', 'posts?page=1', 'application/json', '{"n":0}', 422],
  ['a property too many', 'posts?page=1', 'application/json', '{"n":1,"m":2}', 422],
  ['no JSON', 'posts?page=1', 'application/json', '{n:1}', 422],
  ['no body', 'posts?page=1', 'application/json', '', 422],
  ['a parameter is missing', 'posts', 'application/json', '{"n":1}', 400],
  ['a type without a model is not looked at', 'posts?page=1', 'text/plain', '{n:1}', 200],
];
for (const [title, path, type, body, expected] of posts) {
  test(`a request with a model, ${title}: ${expected}`, async () => {
    const response = await call(path, { method: 'POST', body, headers: { 'content-type': type ?? '' } });
    assert.is(response.status, expected, await response.clone().text());
  });
}

test('what API Gateway answers by itself is as the template says', async () => {
  const init = { method: 'POST', body: '{"n":"x"}', headers: { 'content-type': 'application/json' } };
  const response = await call('posts?page=1', init);
  assert.equal(
    [response.headers.get('content-type'), response.headers.get('x-kind')],
    ['text/x-plain', 'body'],
  );
  assert.is(await response.text(), 'no: Invalid request body [/n must be number] POST');
  assert.equal(await seen('posts', init), [400, 'Missing required request parameters: [page]']);
});

test('a body beyond 10 MB is refused', async () => {
  const body = 'x'.repeat(10 * 1024 * 1024 + 1);
  // The answer may come before the whole body has gone out, which some clients take for an error.
  await call('posts?page=1', { method: 'POST', body }).catch(() => undefined);
  await until(() => desk.lines.includes('Small POST /Prod/posts 413 REQUEST_TOO_LARGE -'));
});

test('every request is in the access log, in the format of the template', async () => {
  await call('guarded?secret=1', bearer('ok-5'));
  await until(() => desk.lines.includes('Small GET /Prod/guarded 200 - true'));
  assert.ok(desk.lines.includes('Small GET /Prod/guarded 401 UNAUTHORIZED -'));
  assert.ok(desk.lines.includes('Small GET /Prod/mock 429 THROTTLED -'));
});

test.after(async () => {
  await desk.close();
  written.remove();
});

test.run();
