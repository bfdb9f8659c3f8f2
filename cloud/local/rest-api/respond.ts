import { type Context, fill } from './context.ts';
import type { ApiDefinition } from './definition.ts';
import type { GatewayError } from './gateway-error.ts';
import type { ApiResponse } from './lambda-proxy.ts';

const PLAIN = '{"message":$context.error.messageString}';

/**
 * What API Gateway answers by itself: by the response of this type, else the default one of its kind, else its own.
 * Its templates have variables alone, and are not rendered by Velocity in AWS either:
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-gateway-responses.responseTemplates.html
 */
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
