import type { UserPools } from '../cognito/user-pools.ts';
import type { Context } from './context.ts';
import type { UserPoolAuthorizer } from './definition.ts';
import { GatewayError } from './gateway-error.ts';
import type { ApiRequest } from './request.ts';

const UNAUTHORIZED = ['UNAUTHORIZED', 'Unauthorized'] as const;

/**
 * Takes tokens of the user pools of an authorizer: identity tokens, or access tokens with one of the scopes where the
 * method names scopes.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-enable-cognito-user-pool.html
 * @returns what is `$context.authorizer` then
 * @throws GatewayError when the request may not pass
 */
export async function authorizeByUserPool(
  userPools: UserPools,
  { header, validation, poolArns }: UserPoolAuthorizer,
  scopes: readonly string[],
  request: ApiRequest,
): Promise<Context> {
  const given = request.header(header);
  if (!given || (validation && !validation.test(given))) throw new GatewayError(...UNAUTHORIZED);
  const { claims, expired } = await userPools.verify(poolArns, given.replace(/^Bearer\s+/i, ''));
  if (expired) throw new GatewayError('UNAUTHORIZED', 'The incoming token has expired');
  if (!claims || claims.token_use !== (scopes.length > 0 ? 'access' : 'id')) {
    throw new GatewayError(...UNAUTHORIZED);
  }
  const granted = String(claims.scope ?? '').split(' ');
  if (scopes.length > 0 && !scopes.some((one) => granted.includes(one)))
    throw new GatewayError(...UNAUTHORIZED);
  return {
    claims: Object.fromEntries(Object.entries(claims).map(([name, value]) => [name, textOf(name, value)])),
  };
}

/** Every claim is text: lists with commas, and two of the times in the words that Java has for them. */
function textOf(name: string, value: unknown): string {
  if (name === 'exp' || name === 'iat') {
    const [day, date, month, year, time] = new Date(Number(value) * 1000)
      .toUTCString()
      .replace(',', '')
      .split(' ');
    return `${day} ${month} ${date} ${time} UTC ${year}`;
  }
  if (Array.isArray(value)) return value.join(',');
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}
