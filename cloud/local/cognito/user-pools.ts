import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import {
  type CryptoKey,
  decodeJwt,
  errors,
  exportJWK,
  generateKeyPair,
  type JWK,
  type JWTPayload,
  jwtVerify,
  SignJWT,
} from 'jose';
import type { Addresses } from '../desk/addresses.ts';
import { arn, PLACE } from '../desk/place.ts';
import type { Functions } from '../lambda/functions.ts';
import { close, listen } from '../services/http-server.ts';

export interface UserPoolClient {
  readonly id: string;
  readonly poolId: string;
  /** What people may ask for by it. */
  readonly scopes: readonly string[];
  readonly tokenLifeS: number;
  readonly idTokenLifeS: number;
}

interface Pool {
  readonly id: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
  readonly jwk: JWK;
  /** The function that has a say in what stands in tokens; null: none. */
  readonly tokenTrigger: string | null;
  readonly groups: string[];
}

/** What a function of the kind PreTokenGenerationConfig, version 2.0, may change in an access token. */
interface TokenChanges {
  readonly scopesToAdd?: readonly string[];
  readonly scopesToSuppress?: readonly string[];
  readonly claimsToAddOrOverride?: Readonly<Record<string, unknown>>;
  readonly claimsToSuppress?: readonly string[];
}

const KEY_ID = 'desk';

/**
 * User pools as far as an API sees them: keys, and access tokens as Cognito makes them, the token function of the
 * template included. There are no people, passwords or sign-in pages: a token is had for the asking.
 */
export class UserPools {
  readonly #pools = new Map<string, Pool>();
  readonly #clients: UserPoolClient[] = [];
  readonly #addresses: Addresses;
  readonly #functions: Functions;
  readonly #server = createServer((request, response) => this.#publish(request, response));
  #url = '';

  constructor(addresses: Addresses, functions: Functions) {
    this.#addresses = addresses;
    this.#functions = functions;
  }

  async addPool(id: string, tokenTrigger: string | null): Promise<void> {
    if (this.#url === '') this.#url = `http://127.0.0.1:${await listen(this.#server)}`;
    const { publicKey, privateKey } = await generateKeyPair('RS256');
    const jwk = { ...(await exportJWK(publicKey)), kid: KEY_ID, alg: 'RS256', use: 'sig' };
    this.#pools.set(id, { id, privateKey, publicKey, jwk, tokenTrigger, groups: [] });
    this.#addresses.add(`https://cognito-idp.${PLACE.region}.${PLACE.suffix}/${id}`, `${this.#url}/${id}`);
  }

  addClient(client: UserPoolClient): void {
    this.#clients.push(client);
  }

  addGroup(poolId: string, name: string): void {
    this.#pool(poolId).groups.push(name);
  }

  /** Clients with the groups of their pool: for each of both there is a token. */
  get clients(): readonly (UserPoolClient & { readonly groups: readonly string[] })[] {
    return this.#clients.map((client) => ({ ...client, groups: this.#pool(client.poolId).groups }));
  }

  issuer(poolId: string): string {
    return `${this.#url}/${this.#pool(poolId).id}`;
  }

  /**
   * An access token, as somebody of these groups gets it who signs in and asks for every scope.
   * @throws Error when the token function of the pool fails, as nobody can sign in then
   */
  async token(
    { id, poolId, scopes, tokenLifeS }: UserPoolClient,
    groups: readonly string[],
    username: string,
  ): Promise<string> {
    const changes = await this.#changes(this.#pool(poolId), id, groups, username, scopes);
    const { scopesToAdd = [], scopesToSuppress = [], claimsToAddOrOverride, claimsToSuppress = [] } = changes;
    const granted = [...scopes, ...scopesToAdd].filter((scope) => !scopesToSuppress.includes(scope));
    const nowS = Math.floor(Date.now() / 1000);
    const claims = {
      sub: subjectOf(poolId, username),
      ...(groups.length > 0 ? { 'cognito:groups': groups } : {}),
      iss: this.issuer(poolId),
      version: 2,
      client_id: id,
      token_use: 'access',
      scope: granted.join(' '),
      auth_time: nowS,
      exp: nowS + tokenLifeS,
      iat: nowS,
      jti: randomUUID(),
      username,
      ...claimsToAddOrOverride,
    };
    return this.sign(
      poolId,
      Object.fromEntries(Object.entries(claims).filter(([name]) => !claimsToSuppress.includes(name))),
    );
  }

  /**
   * An identity token, as somebody of these groups gets it; without what a token function would change in it.
   * https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-id-token.html
   */
  idToken(
    { id, poolId, idTokenLifeS }: UserPoolClient,
    groups: readonly string[],
    email: string,
  ): Promise<string> {
    const nowS = Math.floor(Date.now() / 1000);
    const sub = subjectOf(poolId, email);
    return this.sign(poolId, {
      sub,
      ...(groups.length > 0 ? { 'cognito:groups': groups } : {}),
      email_verified: true,
      iss: this.issuer(poolId),
      'cognito:username': sub,
      aud: id,
      token_use: 'id',
      auth_time: nowS,
      exp: nowS + idTokenLifeS,
      iat: nowS,
      jti: randomUUID(),
      email,
    });
  }

  /**
   * What a token of one of these pools says. An access token names its client by `client_id`, an identity token by `aud`.
   * @returns null claims for what is no token of theirs
   */
  async verify(
    poolArns: readonly string[],
    token: string,
  ): Promise<{ readonly claims: JWTPayload | null; readonly expired: boolean }> {
    try {
      const { iss } = decodeJwt(token);
      const pool = [...this.#pools.values()].find(
        ({ id }) => poolArns.includes(userPoolArn(id)) && this.issuer(id) === iss,
      );
      if (!pool) return { claims: null, expired: false };
      const { payload } = await jwtVerify(token, pool.publicKey, {
        algorithms: ['RS256'],
        requiredClaims: ['exp', 'sub', 'token_use'],
      });
      const client = payload.client_id ?? payload.aud;
      const known = this.#clients.some(({ id, poolId }) => id === client && poolId === pool.id);
      return { claims: known ? payload : null, expired: false };
    } catch (error) {
      return { claims: null, expired: error instanceof errors.JWTExpired };
    }
  }

  /** Signs any claims with the key of a pool. */
  sign(poolId: string, claims: JWTPayload): Promise<string> {
    return new SignJWT(claims)
      .setProtectedHeader({ alg: 'RS256', kid: KEY_ID })
      .sign(this.#pool(poolId).privateKey);
  }

  close(): Promise<void> {
    return close(this.#server);
  }

  /** https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-pre-token-generation.html */
  async #changes(
    { id, tokenTrigger }: Pool,
    clientId: string,
    groups: readonly string[],
    userName: string,
    scopes: readonly string[],
  ): Promise<TokenChanges> {
    if (tokenTrigger === null) return {};
    const sourceArn = userPoolArn(id);
    if (!this.#functions.permits(tokenTrigger, { principal: 'cognito-idp.amazonaws.com', sourceArn })) {
      throw new Error(`The user pool ${id} may not invoke ${tokenTrigger}`);
    }
    const outcome = await this.#functions.invoke(tokenTrigger, {
      version: '2',
      triggerSource: 'TokenGeneration_HostedAuth',
      region: PLACE.region,
      userPoolId: id,
      userName,
      callerContext: { awsSdkVersion: 'desk', clientId },
      request: {
        userAttributes: { email: userName },
        groupConfiguration: { groupsToOverride: groups, iamRolesToOverride: [], preferredRole: null },
        scopes,
      },
      response: { claimsAndScopeOverrideDetails: null },
    });
    if (!outcome.ok) throw new Error(`${outcome.error.errorType}: ${outcome.error.errorMessage}`);
    const { response } = JSON.parse(outcome.payload) as {
      readonly response?: {
        readonly claimsAndScopeOverrideDetails?: { readonly accessTokenGeneration?: TokenChanges } | null;
      };
    };
    return response?.claimsAndScopeOverrideDetails?.accessTokenGeneration ?? {};
  }

  #publish({ url = '' }: IncomingMessage, response: ServerResponse): void {
    const [, id = '', path] = /^\/([^/]+)\/\.well-known\/(.+)$/.exec(url) ?? [];
    const pool = this.#pools.get(id);
    const documents: Readonly<Record<string, object>> = pool
      ? {
          'jwks.json': { keys: [pool.jwk] },
          'openid-configuration': {
            issuer: this.issuer(id),
            jwks_uri: `${this.issuer(id)}/.well-known/jwks.json`,
            id_token_signing_alg_values_supported: ['RS256'],
            subject_types_supported: ['public'],
          },
        }
      : {};
    const found = Object.hasOwn(documents, path ?? '') ? documents[path!]! : null;
    response.writeHead(found ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(found ?? { message: `${url} is not on the desk` }));
  }

  #pool(id: string): Pool {
    const pool = this.#pools.get(id);
    if (!pool) throw new Error(`Expected a user pool of the template but received ${id}`);
    return pool;
  }
}

/** A person keeps the identifier from token to token. */
function subjectOf(poolId: string, username: string): string {
  const hex = createHash('sha256').update(`${poolId} ${username}`).digest('hex');
  return [8, 12, 16, 20, 32].map((end, at, ends) => hex.slice(ends[at - 1] ?? 0, end)).join('-');
}

export function userPoolArn(id: string): string {
  return arn('cognito-idp', `userpool/${id}`);
}
