import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import type { Authorizer } from '../../../cloud/robot/authorize.lambda-shared.ts';
import { TOKEN_PATTERN } from '../../../cloud/robot/constants.ts';
import { apiEvent } from '../robot/events.ts';

type Handler = (event: APIGatewayProxyEvent) => Promise<APIGatewayProxyResult>;

export interface ApiHandlers {
  readonly authorizer: Authorizer;
  readonly robots: Handler;
  readonly viewer: Handler;
  readonly publish: Handler;
}

const API = 'arn:aws:execute-api:eu-central-1:123456789012:a1b2c3d4e5';

/** API Gateway in front of the functions, as far as the page meets it: preflights, authorizer, routes. */
export async function startLocalApi(origin: string, handlers: ApiHandlers) {
  /** Method, path and status, in order. */
  const calls: string[] = [];
  const settings = { down: false };

  async function answer(request: IncomingMessage, body: string): Promise<APIGatewayProxyResult> {
    const cors = { 'access-control-allow-origin': origin };
    const { method = '', url = '', headers } = request;
    if (method === 'OPTIONS') {
      const allow = {
        'access-control-allow-methods': 'GET,POST',
        'access-control-allow-headers': 'Authorization,Content-Type',
      };
      return { statusCode: 204, headers: { ...cors, ...allow }, body: '' };
    }
    const refuse = (statusCode: number, code: string) => ({
      statusCode,
      headers: { ...cors, 'content-type': 'application/json' },
      body: JSON.stringify({ code, message: code }),
    });
    const authorizationToken = headers.authorization ?? '';
    if (!new RegExp(TOKEN_PATTERN).test(authorizationToken)) return refuse(401, 'unauthorized');
    const methodArn = `${API}/Prod/${method}${url}`;
    const { principalId, policyDocument, context } = await handlers.authorizer({
      type: 'TOKEN',
      authorizationToken,
      methodArn,
    });
    const [{ Effect, Resource }] = policyDocument.Statement as unknown as [
      { Effect: string; Resource: string[] },
    ];
    const covered = Resource.some((arn) => new RegExp(`^${arn.replaceAll('*', '.*')}$`).test(methodArn));
    if (Effect !== 'Allow' || !covered) return refuse(403, 'forbidden');
    const [, robot, what] = /^\/robots\/([^/]+)\/(viewer|publish)$/.exec(url) ?? [];
    const event = apiEvent(what === 'publish' ? body : null, {
      method,
      origin,
      ...(robot === undefined ? {} : { robot }),
    });
    // The gateway gives every value of the authorizer's context as a string.
    const asText = Object.entries(context!).map(([name, value]) => [name, String(value)]);
    event.requestContext.authorizer = { principalId, ...Object.fromEntries(asText) };
    if (what === undefined) return handlers.robots(event);
    return what === 'publish' ? handlers.publish(event) : handlers.viewer(event);
  }

  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', async () => {
      if (settings.down) return void response.destroy();
      const { statusCode, headers, body: text } = await answer(request, body);
      if (request.method !== 'OPTIONS') calls.push(`${request.method} ${request.url} ${statusCode}`);
      response.writeHead(statusCode, headers as Record<string, string>).end(text);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    calls,
    settings,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
