import { randomUUID } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { DeskLog } from '../desk/log.ts';
import { PLACE } from '../desk/place.ts';
import type { Functions } from '../lambda/functions.ts';
import { readBody } from '../services/http-server.ts';
import { Authorizers } from './authorize.ts';
import { type Context, fill, requestTime } from './context.ts';
import type { ApiDefinition, Stage } from './definition.ts';
import { GatewayError } from './gateway-error.ts';
import { type ApiResponse, callFunction } from './lambda-proxy.ts';
import { requestOf } from './request.ts';
import { gatewayResponse, mockResponse } from './respond.ts';
import { createRouter } from './router.ts';
import { Throttle } from './throttle.ts';
import { createValidate } from './validate.ts';

export interface HandlerOptions {
  readonly definition: ApiDefinition;
  readonly functions: Functions;
  readonly log: DeskLog;
  /** Monotonic, in ms. */
  readonly nowMs?: () => number;
}

/** API Gateway takes no larger payload. */
const MAX_BODY_BYTES = 10 * 1024 * 1024;

/**
 * Takes the requests to one REST API: route, throttle, authorizer, validator, integration, in this order.
 * @throws Error when a model is no schema
 */
export function createHandler({
  definition,
  functions,
  log,
  nowMs = () => performance.now(),
}: HandlerOptions): RequestListener {
  const route = createRouter(definition);
  const validate = createValidate(definition);
  const authorizers = new Authorizers(functions, definition.id);
  const stages = new Map(
    definition.stages.map((stage) => [
      stage.name,
      { stage, throttle: new Throttle(stage.throttles, nowMs()) },
    ]),
  );

  const answer = async (
    message: IncomingMessage,
    context: Context,
    arrivedMs: number,
  ): Promise<ApiResponse> => {
    const { method: httpMethod = '', url = '' } = message;
    const [whole = '', search = ''] = url.split(/\?(.*)/s);
    const [, stageName = '', rest = ''] = /^\/([^/]*)(.*)$/.exec(whole) ?? [];
    const path = rest === '' ? '/' : rest;
    const found = stages.get(stageName);
    const target = found ? route(httpMethod, path) : null;
    if (!found) throw new GatewayError('DEFAULT_4XX', 'Forbidden', { status: 403 });
    if (!target) throw new GatewayError('MISSING_AUTHENTICATION_TOKEN', 'Missing Authentication Token');
    const { stage, throttle } = found;
    context.stage = stage.name;
    context.resourcePath = target.resourcePath;
    context.resourceId = target.resourceId;
    const body = await readBody(message, MAX_BODY_BYTES);
    if (!body) throw new GatewayError('REQUEST_TOO_LARGE', 'Request Too Long');
    if (!throttle.take(target.resourcePath, httpMethod, nowMs())) {
      throw new GatewayError('THROTTLED', 'Too Many Requests');
    }
    const request = requestOf(message, search, {
      id: String(context.requestId),
      httpMethod,
      path,
      stage: stage.name,
      route: target,
      body: body.toString(),
      arrivedMs,
    });
    const { method } = target;
    const guard = method.authorizerId === null ? null : definition.authorizers.get(method.authorizerId);
    if (guard === undefined)
      throw new GatewayError('AUTHORIZER_CONFIGURATION_ERROR', 'Internal server error');
    const authorizer = guard && (await authorizers.authorize(guard, request));
    if (authorizer) context.authorizer = { ...authorizer };
    log.step('authorized');
    validate(method, request);
    log.step('validated');
    const { integration } = method;
    if (integration.type === 'MOCK') return mockResponse(integration);
    const { functionArn, timeoutMs } = integration;
    log.step('invoked');
    const response = await callFunction(functions, {
      apiId: definition.id,
      stage,
      request,
      authorizer,
      functionArn,
      timeoutMs,
    });
    log.step('returned');
    return response;
  };

  return async (message, response) => {
    const startedMs = nowMs();
    const arrivedMs = Date.now();
    log.step('received');
    const context = contextOf(definition, message, arrivedMs);
    let result: ApiResponse;
    try {
      result = await answer(message, context, arrivedMs);
    } catch (error) {
      const known = asGatewayError(error, definition, log);
      context.error = {
        message: known.message,
        messageString: JSON.stringify(known.message),
        responseType: known.type,
        validationErrorString: known.details,
      };
      if (known.status >= 500 && known.details) log.line(definition.name, known.details);
      result = gatewayResponse(definition, known, context);
    }
    send(response, result, String(context.requestId));
    log.step('answered');
    context.status = `${result.status}`;
    context.responseLatency = `${Math.round(nowMs() - startedMs)}`;
    context.responseLength = `${Buffer.byteLength(result.body)}`;
    writeAccess(definition, context, log);
  };
}

function contextOf(
  { id }: ApiDefinition,
  { method = '', url = '', socket, headers }: IncomingMessage,
  arrivedMs: number,
): Context {
  const requestId = randomUUID();
  return {
    accountId: PLACE.account,
    apiId: id,
    domainName: headers.host ?? '',
    extendedRequestId: requestId,
    httpMethod: method,
    identity: { sourceIp: socket.remoteAddress ?? '', userAgent: headers['user-agent'] ?? '' },
    path: url.split('?')[0]!,
    protocol: 'HTTP/1.1',
    requestId,
    requestTime: requestTime(arrivedMs),
    requestTimeEpoch: `${arrivedMs}`,
  };
}

function asGatewayError(error: unknown, { name }: ApiDefinition, log: DeskLog): GatewayError {
  if (error instanceof GatewayError) return error;
  log.line(name, error instanceof Error ? (error.stack ?? error.message) : String(error));
  return new GatewayError('DEFAULT_5XX', 'Internal server error');
}

function send(response: ServerResponse, { status, headers, body }: ApiResponse, requestId: string): void {
  response.statusCode = status;
  response.setHeader('x-amzn-RequestId', requestId);
  for (const [name, value] of headers) response.appendHeader(name, value);
  if (!response.hasHeader('content-type')) response.setHeader('Content-Type', 'application/json');
  response.end(body);
}

function writeAccess({ stages, name }: ApiDefinition, context: Context, log: DeskLog): void {
  const stage: Stage | undefined = stages.find((one) => one.name === context.stage);
  if (stage?.accessLogFormat) log.line(name, fill(stage.accessLogFormat, context, '-'));
}
