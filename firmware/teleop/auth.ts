import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import type { Refusal } from '../command/message.ts';
import type { TokenStore } from './tokens.ts';
import type { Role } from './wire.ts';

export interface Identity {
  /** Id of the token, by which it can be revoked. */
  readonly tokenId: string;
  readonly name: string;
  readonly role: Role;
}

export interface Refused extends Refusal {
  readonly status: 401 | 403;
}

/**
 * Names this robot may be reached by. An address is always its own; a name must be known, else a foreign page
 * could point its own name here (DNS rebinding) and be same-origin with the robot.
 */
export function knownHosts(listenHost: string, allowed: readonly string[]): ReadonlySet<string> {
  const own = hostname().toLowerCase();
  return new Set(
    ['localhost', own, `${own}.local`, listenHost, ...allowed].map((name) => name.toLowerCase()),
  );
}

/** Null when Host and, where there is one, Origin are this robot's. */
export function checkHost(request: IncomingMessage, hosts: ReadonlySet<string>): Refused | null {
  const { host, origin } = request.headers;
  const name = host === undefined ? '' : hostName(host);
  if (host === undefined || !(isIP(name) || hosts.has(name))) {
    const received = JSON.stringify((host ?? '').slice(0, 80));
    return {
      status: 403,
      code: 'bad_host',
      message: `Expected Host to be a name of this robot but received ${received}. See teleop.allowedHosts`,
    };
  }
  if (origin !== undefined && originHost(origin) !== host.toLowerCase()) {
    return {
      status: 403,
      code: 'bad_origin',
      message: `Expected Origin to be this robot's own page but received ${JSON.stringify(origin.slice(0, 80))}`,
    };
  }
  return null;
}

/** Who sends this request: `Authorization: Bearer ...`, else `?token=`. */
export function authenticate(
  request: IncomingMessage,
  url: URL,
  tokens: TokenStore,
  fixedToken: string,
): Identity | Refused {
  const token =
    /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? url.searchParams.get('token');
  if (!token)
    return {
      status: 401,
      code: 'token_missing',
      message: 'Expected a token (Bearer or ?token=) but received none',
    };
  if (fixedToken && sameText(token, fixedToken))
    return { tokenId: FIXED, name: 'automation', role: 'operator' };
  const record = tokens.verify(token);
  if (!record)
    return { status: 401, code: 'token_unknown', message: 'This token is not known here. Pair again' };
  return { tokenId: record.id, name: record.name, role: record.role };
}

/** The token from the configuration; it can't be revoked while the robot runs. */
export const FIXED = 'fixed';

function hostName(host: string): string {
  const bare = host.startsWith('[') ? host.slice(1, host.indexOf(']')) : host.replace(/:\d*$/, '');
  return bare.toLowerCase();
}

function originHost(origin: string): string | null {
  return URL.canParse(origin) ? new URL(origin).host.toLowerCase() : null;
}

function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
