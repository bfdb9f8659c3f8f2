import type { APIGatewayAuthorizerResult, APIGatewayTokenAuthorizerEvent } from 'aws-lambda';
import { createRemoteJWKSet, type JWTPayload, jwtVerify } from 'jose';
import { writeLog } from '../common/emf.lambda-shared.ts';
import { type Environment, required } from '../common/environment.lambda-shared.ts';
import { ALGORITHMS, CLOCK_TOLERANCE_S, MAX_NAME_LENGTH, MAX_TOKEN_AGE_S } from './constants.ts';
import type { Permission } from './permissions.lambda-shared.ts';

export type Authorizer = (event: APIGatewayTokenAuthorizerEvent) => Promise<APIGatewayAuthorizerResult>;

/** API Gateway refuses a longer policy with an error of its own. */
const MAX_POLICY_LENGTH = 8192;
const MAX_SCOPES = 100;

/**
 * Turns a token into the whole policy of its scopes, never of the requested method alone, so that API Gateway may
 * use it for every method while it is cached. Whatever goes wrong: an explicit Deny.
 * @param permissions which scope may do what, asked for on every call
 */
export function createAuthorizer(
  env: Environment,
  permissions: () => Promise<readonly Permission[]>,
): Authorizer {
  const verify = tokenVerifier(env);
  return async ({ authorizationToken, methodArn }) => {
    try {
      const claims = await verify(authorizationToken.replace(/^Bearer /, ''));
      const scopes = scopesOf(claims);
      const granted = (await permissions()).filter(({ scope }) => scopes.has(scope));
      const sub = claims.sub!;
      if (granted.length === 0) return denied(sub, 'no scope of the token allows anything');
      return allowed(claims, granted, methodArn);
    } catch (error) {
      return denied('unknown', error instanceof Error ? `${error.name}: ${error.message}` : String(error));
    }
  };
}

function tokenVerifier(env: Environment): (token: string) => Promise<JWTPayload> {
  const audience = required(env, 'AUDIENCE');
  const claim = required(env, 'AUDIENCE_CLAIM');
  const keys = createRemoteJWKSet(new URL(required(env, 'JWKS_URI')), {
    timeoutDuration: 3000,
    cooldownDuration: 30_000,
    cacheMaxAge: 600_000,
  });
  const options = {
    issuer: required(env, 'ISSUER'),
    algorithms: ALGORITHMS,
    clockTolerance: CLOCK_TOLERANCE_S,
    maxTokenAge: MAX_TOKEN_AGE_S,
    requiredClaims: ['exp', 'sub'],
    ...(claim === 'aud' ? { audience } : {}),
  };
  return async (token) => {
    const { payload } = await jwtVerify(token, keys, options);
    // Cognito's access tokens name the client and no audience; its identity tokens are none for an API.
    if (claim !== 'aud' && (payload[claim] !== audience || payload.token_use !== 'access')) {
      throw new Error(`Expected an access token whose ${claim} is that of this API`);
    }
    return payload;
  };
}

/** In an array `scp` (as of Okta or Entra ID) or in a string `scope` (RFC 8693) or `scp`. */
export function scopesOf(claims: JWTPayload): ReadonlySet<string> {
  const found = [claims.scp, claims.scope].flatMap((claim) =>
    Array.isArray(claim) ? claim : typeof claim === 'string' ? claim.split(' ') : [],
  );
  return new Set(found.filter((scope) => typeof scope === 'string' && scope !== '').slice(0, MAX_SCOPES));
}

function allowed(
  claims: JWTPayload,
  granted: readonly Permission[],
  methodArn: string,
): APIGatewayAuthorizerResult {
  // arn:aws:execute-api:region:account:api/stage/verb/path
  const [api = '', stage = ''] = methodArn.split('/');
  const resources = granted.map(
    (one) => `${one.arn ?? api}/${one.stage ?? stage}/${one.httpVerb}/${one.resource}`,
  );
  const policy = statement('Allow', [...new Set(resources)].sort());
  if (JSON.stringify(policy).length > MAX_POLICY_LENGTH) {
    throw new Error(
      `Expected a policy of at most ${MAX_POLICY_LENGTH} characters: the scopes allow too many routes`,
    );
  }
  const name = [claims.name, claims.username, claims.email].find((claim) => typeof claim === 'string');
  return {
    principalId: claims.sub!,
    policyDocument: policy,
    context: {
      sub: claims.sub!,
      name: [...String(name ?? '')].slice(0, MAX_NAME_LENGTH).join(''),
      role: granted.some(({ role }) => role === 'operator') ? 'operator' : 'viewer',
      expiresAtS: claims.exp!,
    },
  };
}

function denied(principalId: string, reason: string): APIGatewayAuthorizerResult {
  writeLog('WARN', 'denied', { sub: principalId, reason });
  return { principalId, policyDocument: statement('Deny', ['*']) };
}

function statement(Effect: 'Allow' | 'Deny', Resource: string[]) {
  return { Version: '2012-10-17', Statement: [{ Action: 'execute-api:Invoke', Effect, Resource }] };
}
