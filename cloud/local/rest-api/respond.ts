import { type Context, fill } from './context.ts';
import type { ApiDefinition, Integration } from './definition.ts';
import { GatewayError } from './gateway-error.ts';
import type { ApiResponse } from './lambda-proxy.ts';

type Mock = Extract<Integration, { readonly type: 'MOCK' }>;

/** What a MOCK integration answers, without anything behind it. */
export function mockResponse({ statusCode, responses }: Mock): ApiResponse {
  const chosen =
    responses.find(
      ({ selectionPattern: pattern }) => pattern !== null && new RegExp(`^(?:${pattern})$`).test(statusCode),
    ) ?? responses.find(({ selectionPattern }) => selectionPattern === null);
  if (!chosen) throw new GatewayError('DEFAULT_5XX', 'Internal server error');
  const type = 'Content-Type' in chosen.headers ? [] : ([['Content-Type', 'application/json']] as const);
  return {
    status: Number(chosen.statusCode),
    headers: [...type, ...Object.entries(chosen.headers)],
    body: chosen.body,
  };
}

const PLAIN = '{"message":$context.error.messageString}';

/** What API Gateway answers by itself: by the response of this type, else the default one of its kind, else its own. */
export function gatewayResponse(
  { gatewayResponses }: ApiDefinition,
  error: GatewayError,
  context: Context,
): ApiResponse {
  const kind = error.status < 500 ? 'DEFAULT_4XX' : 'DEFAULT_5XX';
  const own = gatewayResponses.get(error.type) ?? gatewayResponses.get(kind);
  const [type, template] = Object.entries(own?.templates ?? {})[0] ?? ['application/json', PLAIN];
  return {
    status: own?.statusCode ?? error.status,
    headers: [
      ['Content-Type', type],
      ['x-amzn-ErrorType', `${error.type}Exception`],
      ...Object.entries(own?.headers ?? {}),
    ],
    body: fill(template, context, ''),
  };
}
