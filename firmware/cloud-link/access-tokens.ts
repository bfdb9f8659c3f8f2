import { createRemoteJWKSet, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import * as z from 'zod/mini';
import type { Refusal } from '../command/message.ts';
import type { Identity } from '../teleop/auth.ts';
import type { TokenStore } from '../teleop/tokens.ts';

/** Who a token speaks for, and until when. */
export interface Admission {
  readonly identity: Identity;
  /** By AWS's clock, ms since 1970; null for the robot's own tokens, which are revoked instead. */
  readonly expiresMs: number | null;
}

export type Admit = (token: string) => Promise<Admission | Refusal>;

export interface AdmitOptions {
  readonly tokens: Pick<TokenStore, 'verify'>;
  /** As in a token's `iss`; empty: the robot's own tokens only. */
  readonly issuer: string;
  readonly audience: string;
  readonly operatorScope: string;
  readonly viewerScope: string;
  readonly wallMs: () => number;
}

/** Longer than any provider's access token. Characters. */
export const MAX_TOKEN_CHARACTERS = 8192;

/** All asymmetric, so that no public key of the provider can be used to forge one. */
const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'];
const CLOCK_TOLERANCE_S = 5;
/** However late it expires, a token issued longer ago is refused. */
const MAX_TOKEN_AGE = '24h';
const FETCH_TIMEOUT_MS = 5000;
/** An identity provider that does not answer is not asked again sooner. */
const RETRY_AFTER_MS = 5000;
const MAX_NAME_CHARACTERS = 40;

/** Tells operators and viewers from strangers: by the robot's own tokens, or by those of an identity provider. */
export function createAdmit(options: AdmitOptions): Admit {
  const keysOf = options.issuer === '' ? null : createKeySource(options.issuer, options.wallMs);

  return async (token) => {
    if (token.length > MAX_TOKEN_CHARACTERS) {
      return refuse(
        `Expected a token of at most ${MAX_TOKEN_CHARACTERS} characters but received ${token.length}`,
      );
    }
    const own = options.tokens.verify(token);
    if (own) {
      return { identity: { tokenId: own.id, name: own.name, role: own.role }, expiresMs: null };
    }
    // RFC 7515 3.1: three parts.
    if (keysOf === null || token.split('.').length !== 3) return refuse('This token is not known here');
    try {
      const { payload } = await jwtVerify(token, await keysOf(), {
        issuer: options.issuer,
        algorithms: ALGORITHMS,
        requiredClaims: ['exp', 'sub'],
        maxTokenAge: MAX_TOKEN_AGE,
        clockTolerance: CLOCK_TOLERANCE_S,
        currentDate: new Date(options.wallMs()),
      });
      return admitted(payload, options);
    } catch (error) {
      return refuse(`This token is not valid: ${(error as Error).message.slice(0, 120)}`);
    }
  };
}

function admitted(payload: JWTPayload, options: AdmitOptions): Admission | Refusal {
  if (!isFor(payload, options.audience)) return refuse('This token was made for another audience');
  const scopes = scopesOf(payload);
  const role = scopes.has(options.operatorScope)
    ? 'operator'
    : scopes.has(options.viewerScope)
      ? 'viewer'
      : null;
  if (role === null) {
    const message = `Expected scope ${options.operatorScope} or ${options.viewerScope} but this token has neither`;
    return { code: 'scope_missing', message };
  }
  return {
    identity: { tokenId: `sub ${payload.sub}`, name: nameOf(payload), role },
    expiresMs: payload.exp! * 1000,
  };
}

/** Access tokens of Amazon Cognito have no `aud`: they name the app in `client_id`. */
function isFor(payload: JWTPayload, audience: string): boolean {
  const { aud, client_id, token_use } = payload;
  if (aud === undefined) return token_use === 'access' && client_id === audience;
  return Array.isArray(aud) ? aud.includes(audience) : aud === audience;
}

/** An array `scp` (Okta), or the words of `scope` (RFC 8693 4.2) or `scp` (Entra). */
function scopesOf({ scp, scope }: JWTPayload): ReadonlySet<unknown> {
  const words = (claim: unknown) =>
    Array.isArray(claim) ? claim : typeof claim === 'string' ? claim.split(' ') : [];
  return new Set([...words(scp), ...words(scope)]);
}

function nameOf({ name, username, sub }: JWTPayload): string {
  const found = [name, username, sub].find((claim) => typeof claim === 'string' && claim.trim() !== '');
  return String(found).replace(/\p{C}/gu, '').slice(0, MAX_NAME_CHARACTERS);
}

const discoverySchema = z.object({ issuer: z.string(), jwks_uri: z.url() });

/** The provider's keys, found by OpenID Connect Discovery 1.0, section 4; kept, and asked for anew by jose. */
function createKeySource(issuer: string, wallMs: () => number): () => Promise<JWTVerifyGetKey> {
  let finding: Promise<JWTVerifyGetKey> | null = null;
  let failedMs = Number.NEGATIVE_INFINITY;
  return () => {
    if (finding === null || (failedMs > 0 && Math.abs(wallMs() - failedMs) > RETRY_AFTER_MS)) {
      failedMs = Number.NEGATIVE_INFINITY;
      finding = discover(issuer);
      finding.catch(() => {
        failedMs = wallMs();
      });
    }
    return finding;
  };
}

async function discover(issuer: string): Promise<JWTVerifyGetKey> {
  const address = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const response = await fetch(address, {
    signal: AbortSignal.timeout(FETCH_TIMEOUT_MS),
    redirect: 'error',
  }).catch((cause: unknown) => {
    throw new Error('the identity provider does not answer', { cause });
  });
  const read = response.ok ? discoverySchema.safeParse(await response.json().catch(() => null)) : null;
  if (!read?.success || read.data.issuer !== issuer)
    throw new Error('the identity provider is not what it is said to be');
  const keys = new URL(read.data.jwks_uri);
  const trusted = keys.protocol === 'https:' || keys.hostname === new URL(issuer).hostname;
  if (!trusted) throw new Error('the identity provider names keys that are not protected on the way');
  return createRemoteJWKSet(keys, { timeoutDuration: FETCH_TIMEOUT_MS });
}

function refuse(message: string): Refusal {
  return { code: 'token_invalid', message };
}
