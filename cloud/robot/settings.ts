import type { Node } from 'constructs';
import { contextText } from '../common/context.ts';
import { DEFAULT_ROBOT, MAX_ROBOTS, OPERATOR_SCOPE, ROBOT_NAME, VIEWER_SCOPE } from './constants.ts';

/** Who signs the tokens that the API accepts. */
export interface Provider {
  readonly issuer: string;
  readonly audience: string;
  readonly jwksUri: string;
  /** The claim that names the audience: `aud`, in Cognito's access tokens `client_id`. */
  readonly audienceClaim: 'aud' | 'client_id';
}

/** What can be set by context (`-c name=value`); every value has a default. */
export interface RobotSettings {
  /** 1 to 50 names; the first is the one that `/publish` drives. */
  readonly robots: readonly string[];
  /** Null: a Cognito user pool is made. */
  readonly provider: Provider | null;
  /** The page's client at that provider; empty: no page is made. */
  readonly pageClientId: string;
  readonly operatorScope: string;
  readonly viewerScope: string;
  /** Web origins that may call the API; empty: none. */
  readonly origins: readonly string[];
  /** Where the authorizer finds which scope may do what: in its constants, or in a table. */
  readonly permissions: 'static' | 'table';
  readonly alarmEmail: string;
}

/** @throws Error naming the context value, what was expected and what came */
export function readSettings(node: Node): RobotSettings {
  const text = (name: string, fallback: string, pattern: RegExp, expected: string) =>
    contextText(node, name, fallback, pattern, expected);
  const list = (name: string, fallback: string, pattern: RegExp, expected: string) => {
    const value: unknown = node.tryGetContext(name) ?? fallback;
    const items = typeof value === 'string' ? value.split(',').filter(Boolean) : value;
    if (Array.isArray(items) && items.every((item) => typeof item === 'string' && pattern.test(item))) {
      return items as string[];
    }
    throw new Error(`Expected ${name} to be ${expected} but received ${JSON.stringify(value)}`);
  };
  const robots = list('robots', DEFAULT_ROBOT, ROBOT_NAME, 'names of 1 to 64 letters, digits, _ or -');
  if (robots.length < 1 || robots.length > MAX_ROBOTS || new Set(robots).size !== robots.length) {
    throw new Error(
      `Expected robots to be 1 to ${MAX_ROBOTS} different names but received ${robots.join(',')}`,
    );
  }
  const scopeOf = (name: string, fallback: string) =>
    text(name, fallback, /^[!#-[\]-~]{1,128}$/, 'a scope as in OAuth 2.0');
  const operatorScope = scopeOf('operatorScope', OPERATOR_SCOPE);
  const viewerScope = scopeOf('viewerScope', VIEWER_SCOPE);
  const issuer = text('issuer', '', /^(https:\/\/\S+)?$/, 'an https address');
  return {
    robots,
    provider: issuer
      ? {
          issuer,
          audience: text('audience', '', /^\S{1,256}$/, 'what the provider puts into the audience claim'),
          jwksUri: text(
            'jwksUri',
            `${issuer.replace(/\/$/, '')}/.well-known/jwks.json`,
            /^https:\/\/\S+$/,
            'an https address',
          ),
          audienceClaim: text('audienceClaim', 'aud', /^(aud|client_id)$/, 'aud or client_id') as
            | 'aud'
            | 'client_id',
        }
      : null,
    pageClientId: text('pageClientId', '', /^\S{0,256}$/, 'a client id without spaces'),
    operatorScope,
    viewerScope,
    origins: list('origins', 'http://localhost:8080', /^https?:\/\/[^/\s'"*]+$/, 'web origins'),
    permissions: text('permissions', 'static', /^(static|table)$/, 'static or table') as 'static' | 'table',
    alarmEmail: text('alarmEmail', '', /^([^\s@]+@[^\s@]+)?$/, 'an e-mail address'),
  };
}
