import type { APIGatewayAuthorizerResult, APIGatewayTokenAuthorizerEvent } from 'aws-lambda';
import { base64url, exportSPKI, generateKeyPair, importJWK, UnsecuredJWT } from 'jose';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createAuthorizer, scopesOf } from '../../../cloud/robot/authorize.lambda-shared.ts';
import {
  ALGORITHMS,
  AUTHORIZER_TTL_S,
  CLOCK_TOLERANCE_S,
  MAX_TOKEN_AGE_S,
  OPERATOR_SCOPE,
  TOKEN_PATTERN,
  VIEWER_SCOPE,
} from '../../../cloud/robot/constants.ts';
import { type Permission, staticPermissions } from '../../../cloud/robot/permissions.lambda-shared.ts';
import { linesOf } from './events.ts';
import { AUDIENCE, startProvider, type TestProvider } from './identity-provider.ts';

const API = 'arn:aws:execute-api:eu-central-1:123456789012:a1b2c3d4e5';
const provider = await startProvider(ALGORITHMS);
const other = await startProvider();

const environment = (by: TestProvider, changes: Record<string, string> = {}) => ({
  ISSUER: by.issuer,
  AUDIENCE,
  AUDIENCE_CLAIM: 'aud',
  JWKS_URI: by.jwksUri,
  ...changes,
});
const builtIn = async () => staticPermissions(OPERATOR_SCOPE, VIEWER_SCOPE);
const authorize = createAuthorizer(environment(provider), builtIn);

async function ask(token: string, by = authorize, methodArn = `${API}/Prod/POST/publish`) {
  const event: APIGatewayTokenAuthorizerEvent = {
    type: 'TOKEN',
    methodArn,
    authorizationToken: `Bearer ${token}`,
  };
  return linesOf(() => by(event));
}

async function assertDenied(token: string, reason: RegExp, by = authorize) {
  const { result, lines } = await ask(token, by);
  assert.equal(result.policyDocument, {
    Version: '2012-10-17',
    Statement: [{ Action: 'execute-api:Invoke', Effect: 'Deny', Resource: ['*'] }],
  });
  assert.is(result.context, undefined);
  assert.is(lines.length, 1);
  assert.match(String(lines[0]!.reason), reason);
  assert.not(JSON.stringify(lines).includes(token), 'tokens are not logged');
}

const nowS = () => Math.floor(Date.now() / 1000);

/** Whether API Gateway would let this policy call that method: an Allow that matches and no Deny that does. */
function permits({ policyDocument }: APIGatewayAuthorizerResult, method: string): boolean {
  const matching = policyDocument.Statement.filter((one) => {
    const resources = 'Resource' in one ? [one.Resource].flat() : [];
    return resources.some((pattern) =>
      new RegExp(
        `^${String(pattern)
          .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
          .replaceAll('*', '.*')}$`,
      ).test(method),
    );
  });
  return (
    matching.some(({ Effect }) => Effect === 'Allow') && matching.every(({ Effect }) => Effect === 'Allow')
  );
}

test('an operator gets the whole policy of its scopes, whatever was asked for', async () => {
  const exp = nowS() + 300;
  const token = await provider.token({ name: 'Zoë', exp });
  const { result } = await ask(token);
  assert.equal(result, {
    principalId: 'u-1',
    policyDocument: {
      Version: '2012-10-17',
      Statement: [
        {
          Action: 'execute-api:Invoke',
          Effect: 'Allow',
          Resource: [
            `${API}/Prod/GET/robots`,
            `${API}/Prod/GET/robots/*/viewer`,
            `${API}/Prod/POST/publish`,
            `${API}/Prod/POST/robots/*/publish`,
          ],
        },
      ],
    },
    context: { sub: 'u-1', name: 'Zoë', role: 'operator', expiresAtS: exp },
  });
  for (const method of ['GET/robots', 'POST/robots/second/publish', 'DELETE/elsewhere']) {
    const { result: again } = await ask(token, authorize, `${API}/Prod/${method}`);
    assert.equal(again.policyDocument, result.policyDocument);
  }
  assert.ok(permits(result, `${API}/Prod/POST/robots/second/publish`));
  for (const method of ['Prod/DELETE/robots', 'Prod/POST/robots', 'dev/POST/publish', 'Prod/GET/publish']) {
    assert.not(permits(result, `${API}/${method}`), method);
  }
});

test('a viewer gets the viewer role; with both scopes the higher one counts', async () => {
  const { result } = await ask(await provider.token({ scope: 'openid roverd/view' }));
  assert.is(result.context?.role, 'viewer');
  assert.ok(permits(result, `${API}/Prod/POST/publish`), 'to stop');
  const both = await ask(await provider.token({ scope: 'roverd/view roverd/operate' }));
  assert.is(both.result.context?.role, 'operator');
});

test('scopes come as scope, scp, array or string', async () => {
  for (const claims of [
    { scp: ['roverd/view'] },
    { scp: 'openid roverd/view' },
    { scope: ['roverd/view'] },
  ]) {
    const { result } = await ask(await provider.token({ scope: undefined, ...claims }));
    assert.is(result.context?.role, 'viewer', JSON.stringify(claims));
  }
  assert.equal([...scopesOf({ scp: ['a', 7, null, ''], scope: 'b  c' } as never)], ['a', 'b', 'c']);
  assert.is(scopesOf({ scp: Array.from({ length: 500 }, (_, i) => `s${i}`) }).size, 100);
});

for (const alg of ALGORITHMS) {
  test(`takes ${alg}`, async () => {
    const { result } = await ask(await provider.token({}, { alg }));
    assert.is(result.context?.role, 'operator');
  });
}

const refused: [what: string, token: () => Promise<string> | string, reason: RegExp][] = [
  [
    'expired',
    () => provider.token({ exp: nowS() - CLOCK_TOLERANCE_S - 1 }),
    /"exp" claim timestamp check failed/,
  ],
  [
    'not valid yet',
    () => provider.token({ nbf: nowS() + CLOCK_TOLERANCE_S + 60 }),
    /"nbf" claim timestamp check failed/,
  ],
  [
    'issued in the future',
    () => provider.token({ iat: nowS() + 3600 }),
    /"iat" claim timestamp check failed/,
  ],
  [
    'issued too long ago',
    () => provider.token({ iat: nowS() - MAX_TOKEN_AGE_S - 60 }),
    /"iat" claim timestamp check failed/,
  ],
  ['without an end', () => provider.token({ exp: undefined }), /missing required "exp" claim/],
  ['without a subject', () => provider.token({ sub: undefined }), /missing required "sub" claim/],
  ['without a time of issue', () => provider.token({ iat: undefined }), /missing required "iat" claim/],
  [
    'for another audience',
    () => provider.token({ aud: 'https://other.example' }),
    /unexpected "aud" claim value/,
  ],
  ['for no audience', () => provider.token({ aud: undefined }), /missing required "aud" claim/],
  ['of another issuer', () => provider.token({ iss: other.issuer }), /unexpected "iss" claim value/],
  ['without scopes', () => provider.token({ scope: undefined }), /no scope of the token/],
  [
    'with foreign scopes',
    () => provider.token({ scope: 'email roverd/operate2 operate' }),
    /no scope of the token/,
  ],
  ['of an unknown key', () => provider.token({}, { kid: 'elsewhere' }), /no applicable key found/],
  ['of algorithm none', () => new UnsecuredJWT(provider.claimsOf()).encode(), /JOSEAlgNotAllowed|JWSInvalid/],
  ['no token at all', () => 'a.b.c', /JWSInvalid|JOSE/],
];
for (const [what, token, reason] of refused) {
  test(`denies a token ${what}`, async () => assertDenied(await token(), reason));
}

test('denies a forged signature: the right key id, another key', async () => {
  const { privateKey } = await generateKeyPair('RS256');
  await assertDenied(await provider.token({}, { alg: 'RS256' }, privateKey), /signature verification failed/);
});

test('denies a changed payload', async () => {
  const [header, , signature] = (await provider.token({ scope: 'roverd/view' })).split('.');
  const claims = base64url.encode(JSON.stringify(provider.claimsOf()));
  await assertDenied(`${header}.${claims}.${signature}`, /signature verification failed/);
});

test("denies HS256 signed with the provider's public key", async () => {
  const jwk = provider.published.find(({ alg }) => alg === 'RS256')!;
  const pem = await exportSPKI((await importJWK(jwk, 'RS256', { extractable: true })) as CryptoKey);
  const token = await provider.token({}, { alg: 'HS256', kid: jwk.kid }, new TextEncoder().encode(pem));
  await assertDenied(token, /JOSEAlgNotAllowed/);
});

test('denies RS384: strong enough, but not on the list', async () => {
  const { privateKey } = await generateKeyPair('RS384');
  await assertDenied(
    await provider.token({}, { alg: 'RS384', kid: 'key-RS256' }, privateKey),
    /JOSEAlgNotAllowed/,
  );
});

test('keys are fetched once; unknown key ids do not flood the provider', async () => {
  const fresh = createAuthorizer(environment(other), builtIn);
  const before = other.fetches();
  for (let i = 0; i < 5; i++) await ask(await other.token(), fresh);
  for (let i = 0; i < 20; i++) await ask(await other.token({}, { kid: `guess-${i}` }), fresh);
  assert.is(other.fetches() - before, 1);
});

test('a provider that is down: denied; known keys go on serving', async () => {
  const warm = createAuthorizer(environment(other), builtIn);
  assert.is((await ask(await other.token(), warm)).result.context?.role, 'operator');
  other.setDown(true);
  assert.is((await ask(await other.token(), warm)).result.context?.role, 'operator');
  await assertDenied(await other.token(), /Expected 200 OK/, createAuthorizer(environment(other), builtIn));
  other.setDown(false);
  const gone = environment(other, { JWKS_URI: 'http://127.0.0.1:1/jwks.json' });
  await assertDenied(await other.token(), /fetch failed|ECONNREFUSED/, createAuthorizer(gone, builtIn));
});

test("Cognito's access tokens name the client in client_id; its identity tokens are refused", async () => {
  const cognito = createAuthorizer(
    environment(provider, { AUDIENCE_CLAIM: 'client_id', AUDIENCE: 'client-1' }),
    builtIn,
  );
  const access = { aud: undefined, client_id: 'client-1', token_use: 'access', username: 'zoe' };
  const { result } = await ask(await provider.token(access), cognito);
  assert.equal([result.context?.role, result.context?.name], ['operator', 'zoe']);
  for (const changes of [
    { client_id: 'client-2' },
    { token_use: 'id' },
    { client_id: undefined, aud: 'client-1' },
  ]) {
    await assertDenied(await provider.token({ ...access, ...changes }), /Expected an access token/, cognito);
  }
});

test('entries of the map may name API and stage, and narrow a scope to one robot', async () => {
  const permissions: Permission[] = [
    { scope: 'lab', httpVerb: 'POST', resource: 'robots/sts-pi/publish', role: 'operator' },
    {
      scope: 'lab',
      httpVerb: 'GET',
      resource: 'my-resource',
      stage: 'DEV',
      arn: 'arn:aws:execute-api:x:1:other',
    },
    { scope: 'hall', httpVerb: 'POST', resource: 'robots/hall/publish', role: 'operator' },
  ];
  const mapped = createAuthorizer(environment(provider), async () => permissions);
  const { result } = await ask(await provider.token({ scope: 'lab' }), mapped);
  assert.ok(permits(result, `${API}/Prod/POST/robots/sts-pi/publish`));
  assert.ok(permits(result, 'arn:aws:execute-api:x:1:other/DEV/GET/my-resource'));
  assert.not(permits(result, `${API}/Prod/POST/robots/hall/publish`));
});

test('a policy that API Gateway would refuse, and permissions that cannot be read: denied', async () => {
  const many = Array.from({ length: 300 }, (_, i) => ({
    scope: 's',
    httpVerb: 'GET',
    resource: `path-${i}`,
  }));
  const token = await provider.token({ scope: 's' });
  await assertDenied(
    token,
    /at most 8192 characters/,
    createAuthorizer(environment(provider), async () => many),
  );
  const failing = createAuthorizer(environment(provider), () => Promise.reject(new Error('throttled')));
  await assertDenied(token, /throttled/, failing);
});

test('the pattern before the authorizer lets tokens through and nothing else', async () => {
  const pattern = new RegExp(TOKEN_PATTERN);
  assert.match(`Bearer ${await provider.token()}`, pattern);
  for (const bad of [
    '',
    'Bearer ThisIsNotAJWT',
    'a.b.c',
    'bearer a.b.c',
    'Bearer a.b.',
    'Bearer a.b.c.d',
    'Bearer a.b.c ',
  ]) {
    assert.not(pattern.test(bad), bad);
  }
});

test('policies are kept for at most five minutes', () => {
  assert.ok(AUTHORIZER_TTL_S > 0 && AUTHORIZER_TTL_S <= 300);
});

test.after(async () => {
  await provider.close();
  await other.close();
});

test.run();
