import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startProvider } from '../robot/identity-provider.ts';

export const CLIENT_ID = 'page-client';
export const AUDIENCE = 'https://api.robots.example';

interface Grant {
  readonly challenge: string;
  readonly redirectUri: string;
  readonly scope: string;
}

/**
 * An OpenID provider on loopback that lets everybody in at once: code flow with PKCE for one public client, refresh
 * tokens that are good once, revocation.
 */
export async function startOidcProvider() {
  const keys = await startProvider();
  const codes = new Map<string, Grant>();
  const refreshTokens = new Map<string, string>();
  const settings = { lifeS: 600, refresh: true };
  const counts = { codes: 0, refreshes: 0, revoked: 0 };
  let issuer = '';

  async function tokens(scope: string) {
    const nowS = Math.floor(Date.now() / 1000);
    const times = { iat: nowS, exp: nowS + settings.lifeS };
    const refresh = randomUUID();
    refreshTokens.set(refresh, scope);
    return {
      token_type: 'Bearer',
      access_token: await keys.token({ iss: issuer, aud: AUDIENCE, scope, name: 'Zoë', ...times }),
      id_token: await keys.token({ iss: issuer, aud: CLIENT_ID, ...times }),
      refresh_token: refresh,
      expires_in: settings.lifeS,
      scope,
    };
  }

  /** RFC 6749 5.2 */
  async function exchange(form: URLSearchParams): Promise<object | string> {
    if (form.get('client_id') !== CLIENT_ID) return 'invalid_client';
    if (form.get('grant_type') === 'refresh_token') {
      const scope = refreshTokens.get(form.get('refresh_token') ?? '');
      refreshTokens.delete(form.get('refresh_token') ?? '');
      if (scope === undefined || !settings.refresh) return 'invalid_grant';
      counts.refreshes += 1;
      return tokens(scope);
    }
    const grant = codes.get(form.get('code') ?? '');
    codes.delete(form.get('code') ?? '');
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    if (!grant || grant.challenge !== challenge || grant.redirectUri !== form.get('redirect_uri')) {
      return 'invalid_grant';
    }
    counts.codes += 1;
    return tokens(grant.scope);
  }

  function authorize(query: URLSearchParams, response: ServerResponse): void {
    const redirectUri = query.get('redirect_uri') ?? '';
    const asExpected =
      query.get('client_id') === CLIENT_ID &&
      query.get('response_type') === 'code' &&
      query.get('code_challenge_method') === 'S256';
    if (!asExpected) return void response.writeHead(400).end();
    const code = randomUUID();
    codes.set(code, {
      challenge: query.get('code_challenge') ?? '',
      redirectUri,
      scope: query.get('scope') ?? '',
    });
    const answer = new URLSearchParams({ code, state: query.get('state') ?? '' });
    response.writeHead(302, { location: `${redirectUri}?${answer}` }).end();
  }

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '', issuer);
    let body = '';
    for await (const chunk of request) body += chunk;
    const json = (status: number, content: object) =>
      response
        .writeHead(status, { 'content-type': 'application/json', 'access-control-allow-origin': '*' })
        .end(JSON.stringify(content));
    switch (url.pathname) {
      case '/.well-known/openid-configuration':
        return void json(200, {
          issuer,
          authorization_endpoint: `${issuer}/authorize`,
          token_endpoint: `${issuer}/token`,
          revocation_endpoint: `${issuer}/revoke`,
          jwks_uri: `${issuer}/jwks`,
          response_types_supported: ['code'],
          subject_types_supported: ['public'],
          id_token_signing_alg_values_supported: ['RS256'],
        });
      case '/jwks':
        return void json(200, { keys: keys.published });
      case '/authorize':
        return authorize(url.searchParams, response);
      case '/token': {
        const given = await exchange(new URLSearchParams(body));
        return void (typeof given === 'string' ? json(400, { error: given }) : json(200, given));
      }
      case '/revoke':
        counts.revoked += 1;
        refreshTokens.delete(new URLSearchParams(body).get('token') ?? '');
        return void json(200, {});
      default:
        return void json(404, {});
    }
  }

  const server = createServer((request, response) => void respond(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    issuer,
    jwksUri: `${issuer}/jwks`,
    settings,
    counts,
    async close() {
      await keys.close();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

export type OidcProvider = Awaited<ReturnType<typeof startOidcProvider>>;
