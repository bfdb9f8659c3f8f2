import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import { type Environment, listed } from '../common/environment.lambda-shared.ts';

export type Role = 'operator' | 'viewer';

/** Who calls, as the authorizer found out. */
export interface Caller {
  readonly sub: string;
  readonly name: string;
  readonly role: Role;
  /** When the token ends, in s since 1970: a cached policy may outlive it. */
  readonly expiresAtS: number;
}

/** @throws Error when the request came past the authorizer: the stack is wired wrongly */
export function callerOf(event: APIGatewayProxyEvent): Caller {
  const { sub, name, role, expiresAtS } = event.requestContext.authorizer ?? {};
  const endS = Number(expiresAtS ?? Number.NaN);
  if (typeof sub !== 'string' || (role !== 'operator' && role !== 'viewer') || !Number.isFinite(endS)) {
    throw new Error('Expected the context of the authorizer but received none');
  }
  return { sub, name: typeof name === 'string' ? name : '', role, expiresAtS: endS };
}

export type Answer = (statusCode: number, body: object) => APIGatewayProxyResult;

/** Answers in JSON, readable to pages of the configured origins only. */
export function answerTo(event: APIGatewayProxyEvent, env: Environment): Answer {
  const origin = event.headers.origin ?? event.headers.Origin ?? '';
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    vary: 'Origin',
  };
  if (listed(env, 'ORIGINS').includes(origin)) headers['access-control-allow-origin'] = origin;
  return (statusCode, body) => ({ statusCode, headers, body: JSON.stringify(body) });
}
