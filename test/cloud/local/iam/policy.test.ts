import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Decision, decide, type Statement, unsupportedIn } from '../../../../cloud/local/iam/policy.ts';
import { Principals } from '../../../../cloud/local/iam/principals.ts';

const API = 'arn:aws:execute-api:eu-central-1:1:api';
const invoke = (path: string, context = {}) => ({
  action: 'execute-api:Invoke',
  resource: `${API}/${path}`,
  context,
});
const allow = (Resource: string | string[], more: Partial<Statement> = {}): Statement => ({
  Effect: 'Allow',
  Action: 'execute-api:Invoke',
  Resource,
  ...more,
});
const deny = (Resource: string): Statement => allow(Resource, { Effect: 'Deny' });

const rows: readonly (readonly [title: string, Statement[], ReturnType<typeof invoke>, Decision])[] = [
  ['nothing is said', [], invoke('Prod/GET/a'), 'none'],
  ['the very resource', [allow(`${API}/Prod/GET/a`)], invoke('Prod/GET/a'), 'allow'],
  ['another verb', [allow(`${API}/Prod/GET/a`)], invoke('Prod/POST/a'), 'none'],
  ['another stage', [allow(`${API}/Prod/GET/a`)], invoke('Test/GET/a'), 'none'],
  ['a longer path', [allow(`${API}/Prod/GET/a`)], invoke('Prod/GET/a/b'), 'none'],
  ['a wildcard goes over slashes', [allow(`${API}/*/GET/*`)], invoke('Prod/GET/a/b'), 'allow'],
  [
    'a wildcard in the middle',
    [allow(`${API}/Prod/POST/robots/*/publish`)],
    invoke('Prod/POST/robots/x/publish'),
    'allow',
  ],
  ['and not beyond it', [allow(`${API}/Prod/POST/robots/*/publish`)], invoke('Prod/POST/robots/x'), 'none'],
  ['one character', [allow(`${API}/Prod/GET/?`)], invoke('Prod/GET/a'), 'allow'],
  ['one character is not two', [allow(`${API}/Prod/GET/?`)], invoke('Prod/GET/ab'), 'none'],
  ['a dot is a dot', [allow(`${API}/Prod/GET/a.b`)], invoke('Prod/GET/aXb'), 'none'],
  ['everything', [allow('*')], invoke('Prod/GET/a'), 'allow'],
  ['one of several', [allow(['x', '*'])], invoke('Prod/GET/a'), 'allow'],
  ['deny wins over allow before it', [allow('*'), deny(`${API}/Prod/GET/a`)], invoke('Prod/GET/a'), 'deny'],
  ['deny wins over allow behind it', [deny('*'), allow(`${API}/Prod/GET/a`)], invoke('Prod/GET/a'), 'deny'],
  ['deny of something else', [allow('*'), deny(`${API}/Prod/GET/b`)], invoke('Prod/GET/a'), 'allow'],
  ['another action', [allow('*', { Action: 'execute-api:ManageConnections' })], invoke('Prod/GET/a'), 'none'],
  ['actions in any case', [allow('*', { Action: 'Execute-API:invoke' })], invoke('Prod/GET/a'), 'allow'],
  [
    'actions by wildcard',
    [allow('*', { Action: ['s3:*', 'execute-api:In*'] })],
    invoke('Prod/GET/a'),
    'allow',
  ],
  ['no action at all', [{ Effect: 'Allow', Resource: '*' }], invoke('Prod/GET/a'), 'none'],
  [
    'all actions but one',
    [{ Effect: 'Allow', NotAction: 's3:*', Resource: '*' }],
    invoke('Prod/GET/a'),
    'allow',
  ],
  [
    'all actions but this',
    [{ Effect: 'Allow', NotAction: 'execute-api:*', Resource: '*' }],
    invoke('Prod/GET/a'),
    'none',
  ],
  [
    'all resources but this',
    [{ Effect: 'Allow', Action: '*', NotResource: `${API}/*` }],
    invoke('Prod/GET/a'),
    'none',
  ],
  [
    'a condition that holds',
    [allow('*', { Condition: { StringEquals: { 'aws:SourceAccount': ['2', '1'] } } })],
    invoke('Prod/GET/a', { 'aws:SourceAccount': '1' }),
    'allow',
  ],
  [
    'a condition that does not hold',
    [allow('*', { Condition: { StringEquals: { 'aws:SourceAccount': '2' } } })],
    invoke('Prod/GET/a', { 'aws:SourceAccount': '1' }),
    'none',
  ],
  [
    'a condition on what is not there',
    [allow('*', { Condition: { Bool: { 'aws:X': 'true' } } })],
    invoke('Prod/GET/a'),
    'none',
  ],
  [
    'the same, if it exists',
    [allow('*', { Condition: { BoolIfExists: { 'aws:X': 'true' } } })],
    invoke('Prod/GET/a'),
    'allow',
  ],
  [
    'a negative condition on what is not there',
    [allow('*', { Condition: { StringNotEquals: { 'aws:X': 'a' } } })],
    invoke('Prod/GET/a'),
    'allow',
  ],
  [
    'none of several',
    [allow('*', { Condition: { StringNotLike: { 'aws:X': ['a*', 'b*'] } } })],
    invoke('Prod/GET/a', { 'aws:X': 'bc' }),
    'none',
  ],
  [
    'every condition has to hold',
    [allow('*', { Condition: { StringLike: { a: 'x*' }, Bool: { b: 'true' } } })],
    invoke('Prod/GET/a', { a: 'xy', b: 'false' }),
    'none',
  ],
  [
    'a variable',
    [allow(`${API}/Prod/GET/\${aws:user}`)],
    invoke('Prod/GET/zoe', { 'aws:user': 'zoe' }),
    'allow',
  ],
  ['a variable without a value', [allow(`${API}/Prod/GET/\${aws:user}`)], invoke('Prod/GET/'), 'none'],
];

for (const [title, Statement, request, expected] of rows) {
  test(`${title}: ${expected}`, () => assert.is(decide([{ Statement }], request), expected));
}

test('names what it does not evaluate', () => {
  const Statement = [
    allow('*', { Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } }),
    allow('*', { Effect: 'Maybe' }),
  ];
  assert.equal(unsupportedIn({ Statement }), ['the condition IpAddress', 'the effect Maybe']);
  assert.throws(() => decide([{ Statement }], invoke('Prod/GET/a')), /IpAddress is not supported/);
});

test('a role is taken by whom it trusts, and by nobody else', () => {
  const principals = new Principals();
  const trust = (Service: string, Condition?: Statement['Condition']) => ({
    Statement: {
      Effect: 'Allow',
      Action: 'sts:AssumeRole',
      Principal: { Service },
      ...(Condition ? { Condition } : {}),
    },
  });
  const own = principals.addRole(
    'own',
    trust('iot.amazonaws.com', { StringEquals: { 'aws:SourceAccount': '123456789012' } }),
    [],
  );
  const foreign = principals.addRole(
    'foreign',
    trust('iot.amazonaws.com', { StringEquals: { 'aws:SourceAccount': '9' } }),
    [],
  );
  const { accessKeyId } = principals.assume(own, 'iot.amazonaws.com');
  assert.is(principals.session(accessKeyId)?.roleArn, own);
  assert.is(principals.session('AKIAELSE'), null);
  assert.throws(
    () => principals.assume(own, 'lambda.amazonaws.com'),
    /does not let lambda.amazonaws.com assume it/,
  );
  assert.throws(() => principals.assume(foreign, 'iot.amazonaws.com'), /does not let/);
  assert.throws(() => principals.assume('arn:else', 'iot.amazonaws.com'), /Expected a role of the template/);
});

test.run();
