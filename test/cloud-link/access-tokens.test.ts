import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  base64url,
  type CryptoKey,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  type JWTPayload,
  SignJWT,
  UnsecuredJWT,
} from 'jose';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Admit, createAdmit } from '../../firmware/cloud-link/access-tokens.ts';

interface Context {
  server: Server;
  issuer: string;
  /** Requests the provider has had. */
  asked: string[];
  provider: { up: boolean; issuerSaid?: string; keysAt?: string };
  keys: { privateKey: CryptoKey; publicKey: CryptoKey };
  ecKeys: { privateKey: CryptoKey; publicKey: CryptoKey };
  admit: Admit;
  make(change?: { issuer?: string; wallMs?: () => number }): Admit;
}

const AUDIENCE = 'rover-app';
const tokens = suite<Context>('tokens of operators and viewers over KVS');

tokens.before(async (context) => {
  context.keys = await generateKeyPair('RS256', { extractable: true });
  context.ecKeys = await generateKeyPair('ES256', { extractable: true });
});
tokens.before.each(async (context) => {
  context.asked = [];
  context.provider = { up: true };
  const jwks = {
    keys: [
      { ...(await exportJWK(context.keys.publicKey)), kid: 'rsa', alg: 'RS256', use: 'sig' },
      { ...(await exportJWK(context.ecKeys.publicKey)), kid: 'ec', alg: 'ES256', use: 'sig' },
    ],
  };
  context.server = createServer((request, response) => {
    context.asked.push(request.url ?? '');
    const { up, issuerSaid = context.issuer, keysAt = `${context.issuer}/keys` } = context.provider;
    if (!up) return void response.writeHead(503).end();
    const body = request.url === '/keys' ? jwks : { issuer: issuerSaid, jwks_uri: keysAt };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => context.server.listen(0, '127.0.0.1', resolve));
  context.issuer = `http://127.0.0.1:${(context.server.address() as AddressInfo).port}`;
  context.make = ({ issuer = context.issuer, wallMs = Date.now } = {}) =>
    createAdmit({
      tokens: {
        verify: (token) =>
          token === 'rd_own'
            ? { id: 'id1', hash: '', name: 'Ada', role: 'operator', kind: 'paired', createdMs: 0 }
            : null,
      },
      issuer,
      audience: issuer && AUDIENCE,
      operatorScope: 'roverd/operate',
      viewerScope: 'roverd/view',
      wallMs,
    });
  context.admit = context.make();
});
tokens.after.each(({ server }) => {
  server.closeAllConnections();
  server.close();
});

/** A token as the provider would make it, with what a test changes. */
function sign(
  { keys, issuer }: Context,
  claims: JWTPayload = {},
  header: { alg?: string; kid?: string } = {},
) {
  const nowS = Math.floor(Date.now() / 1000);
  const payload = {
    iss: issuer,
    sub: 'user-1',
    aud: AUDIENCE,
    iat: nowS,
    exp: nowS + 3600,
    scope: 'openid roverd/operate',
    ...claims,
  };
  return new SignJWT(payload)
    .setProtectedHeader({ alg: 'RS256', kid: 'rsa', ...header })
    .sign(keys.privateKey);
}

async function refusal(admit: Admit, token: string): Promise<string> {
  const result = await admit(token);
  return 'identity' in result ? `admitted as ${result.identity.role}` : `${result.code}: ${result.message}`;
}

tokens('the robot’s own token needs no provider', async ({ admit, asked }) => {
  assert.equal(await admit('rd_own'), {
    identity: { tokenId: 'id1', name: 'Ada', role: 'operator' },
    expiresMs: null,
  });
  assert.equal(asked, []);
});

tokens('without a provider only the robot’s own are known', async (context) => {
  const admit = context.make({ issuer: '' });
  assert.ok('identity' in (await admit('rd_own')));
  assert.match(await refusal(admit, await sign(context)), /token_invalid: This token is not known here/);
  assert.equal(context.asked, []);
});

tokens('a token of the provider, by its signature; the provider is asked once', async (context) => {
  const exp = Math.floor(Date.now() / 1000) + 600;
  const first = await context.admit(await sign(context, { exp, username: 'bob' }));
  assert.equal(first, {
    identity: { tokenId: 'sub user-1', name: 'bob', role: 'operator' },
    expiresMs: exp * 1000,
  });
  await context.admit(await sign(context));
  assert.equal(context.asked, ['/.well-known/openid-configuration', '/keys']);
});

tokens('ES256 as well', async (context) => {
  const token = await sign({ ...context, keys: context.ecKeys }, {}, { alg: 'ES256', kid: 'ec' });
  assert.ok('identity' in (await context.admit(token)));
});

/** Claims to role: scopes in their several spellings. */
for (const [what, claims, role] of [
  ['scope as words', { scope: 'roverd/operate' }, 'operator'],
  ['scope among others', { scope: 'a roverd/view b' }, 'viewer'],
  ['both: the greater', { scope: 'roverd/view roverd/operate' }, 'operator'],
  ['scp as a list', { scope: undefined, scp: ['roverd/operate'] }, 'operator'],
  ['scp as words', { scope: undefined, scp: 'roverd/view x' }, 'viewer'],
] as const) {
  tokens(`role by ${what}`, async (context) => {
    const result = await context.admit(await sign(context, claims as JWTPayload));
    assert.is('identity' in result && result.identity.role, role);
  });
}

tokens('Cognito’s access token names its app in client_id', async (context) => {
  const cognito = { aud: undefined as unknown as string, client_id: AUDIENCE, token_use: 'access' };
  assert.ok('identity' in (await context.admit(await sign(context, cognito))));
  assert.match(
    await refusal(context.admit, await sign(context, { ...cognito, token_use: 'id' })),
    /another audience/,
  );
  assert.match(
    await refusal(context.admit, await sign(context, { ...cognito, client_id: 'x' })),
    /another audience/,
  );
});

const HOUR_S = 3600;
const nowS = () => Math.floor(Date.now() / 1000);
const REFUSED: readonly (readonly [string, (context: Context) => Promise<string> | string, RegExp])[] = [
  [
    'expired',
    (c) => sign(c, { iat: nowS() - HOUR_S, exp: nowS() - 60 }),
    /"exp" claim timestamp check failed/,
  ],
  ['without an end', (c) => sign(c, { exp: undefined as unknown as number }), /missing required "exp" claim/],
  ['not valid yet', (c) => sign(c, { nbf: nowS() + 600 }), /"nbf" claim timestamp check failed/],
  ['older than a day', (c) => sign(c, { iat: nowS() - 25 * HOUR_S }), /"iat" claim timestamp check failed/],
  ['from another issuer', (c) => sign(c, { iss: 'https://evil.example' }), /unexpected "iss" claim value/],
  ['for another audience', (c) => sign(c, { aud: 'other' }), /made for another audience/],
  ['for nobody', (c) => sign(c, { aud: undefined as unknown as string }), /made for another audience/],
  [
    'without subject',
    (c) => sign(c, { sub: undefined as unknown as string }),
    /missing required "sub" claim/,
  ],
  [
    'without scope',
    (c) => sign(c, { scope: 'openid roverd/operator' }),
    /scope_missing: Expected scope roverd\/operate/,
  ],
  ['of an unknown key', (c) => sign(c, {}, { kid: 'other' }), /no applicable key found/],
  [
    'signed by another key',
    async (c) => sign({ ...c, keys: await generateKeyPair('RS256') }),
    /signature verification failed/,
  ],
  [
    'unsigned',
    (c) =>
      new UnsecuredJWT({ scope: 'roverd/operate', sub: 'x', aud: AUDIENCE }).setIssuer(c.issuer).encode(),
    /token_invalid/,
  ],
  [
    'signed by the public key as if it were a secret',
    async (c) => {
      const secret = new TextEncoder().encode(await exportSPKI(c.keys.publicKey));
      const claims = {
        iss: c.issuer,
        sub: 'x',
        aud: AUDIENCE,
        exp: nowS() + 60,
        iat: nowS(),
        scope: 'roverd/operate',
      };
      return new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: 'rsa' }).sign(secret);
    },
    /"alg" \(Algorithm\) Header Parameter value not allowed/,
  ],
  [
    'changed after signing',
    async (c) => {
      const [header, payload, signature] = (await sign(c, { scope: 'roverd/view' })).split('.');
      const claims = JSON.parse(new TextDecoder().decode(base64url.decode(payload!)));
      const forged = base64url.encode(JSON.stringify({ ...claims, scope: 'roverd/operate' }));
      return [header, forged, signature].join('.');
    },
    /signature verification failed/,
  ],
  ['no token at all', () => 'three.little.pigs', /token_invalid/],
  ['of one part', () => 'rd_guess', /not known here/],
  ['too long', () => `${'x'.repeat(9000)}.a.b`, /at most 8192 characters but received 9004/],
];
for (const [what, make, expected] of REFUSED) {
  tokens(`refused: ${what}`, async (context) => {
    assert.match(await refusal(context.admit, await make(context)), expected);
  });
}

tokens('goes by AWS’s clock, not by this machine’s', async (context) => {
  const aheadMs = 2 * 3_600_000;
  const admit = context.make({ wallMs: () => Date.now() + aheadMs });
  assert.match(await refusal(admit, await sign(context)), /"exp" claim timestamp check failed/);
  const later = nowS() + aheadMs / 1000;
  assert.ok('identity' in (await admit(await sign(context, { iat: later, exp: later + 60 }))));
});

tokens('a provider that is down: told, and asked again only after a while', async (context) => {
  let nowMs = Date.now();
  const admit = context.make({ wallMs: () => nowMs });
  context.provider.up = false;
  const token = await sign(context);
  assert.match(await refusal(admit, token), /token_invalid.*identity provider/);
  context.provider.up = true;
  await admit(token);
  assert.is(context.asked.length, 1, 'not asked again at once');
  nowMs += 6000;
  assert.ok('identity' in (await admit(token)));
});

tokens(
  'a provider that claims to be another, or names unprotected keys, is not believed',
  async (context) => {
    context.provider.issuerSaid = 'https://other.example';
    assert.match(await refusal(context.make(), await sign(context)), /not what it is said to be/);
    context.provider = { up: true, keysAt: 'http://keys.example/jwks' };
    assert.match(await refusal(context.make(), await sign(context)), /not protected on the way/);
  },
);

tokens('names are cut and cleaned', async (context) => {
  const result = await context.admit(await sign(context, { name: `A\u0007\u202e${'b'.repeat(60)}` }));
  assert.is('identity' in result && result.identity.name, `A${'b'.repeat(39)}`);
});

tokens.run();
