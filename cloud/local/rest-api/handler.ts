import { randomUUID } from 'node:crypto';
import {
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
  validateHeaderName,
  validateHeaderValue,
} from 'node:http';
import type { UserPools } from '../cognito/user-pools.ts';
import type { DeskClock } from '../desk/clock.ts';
import type { DeskLog } from '../desk/log.ts';
import { PLACE } from '../desk/place.ts';
import type { Functions } from '../lambda/functions.ts';
import { readBody } from '../services/http-server.ts';
import type { Velocity } from '../vtl/velocity.ts';
import { Authorizers } from './authorize.ts';
import type { Backends } from './backends.ts';
import { NOT_INVALIDATED, StageCache, wantsFresh } from './cache.ts';
import { type Context, fill, requestTime } from './context.ts';
import type { ApiDefinition, Stage } from './definition.ts';
import { GatewayError } from './gateway-error.ts';
import { type ApiResponse, callFunction } from './lambda-proxy.ts';
import { callMapped } from './mapped.ts';
import { requestOf } from './request.ts';
import { gatewayResponse } from './respond.ts';
import { createRouter } from './router.ts';
import { Throttle } from './throttle.ts';
import { authorizeByUserPool } from './user-pool-authorizer.ts';
import { createValidate } from './validate.ts';

export interface HandlerOptions {
  readonly definition: ApiDefinition;
  readonly functions: Functions;
  readonly backends: Backends;
  readonly velocity: Velocity;
  readonly userPools: UserPools;
  readonly clock: DeskClock;
  readonly log: DeskLog;
  /** Monotonic, in ms. */
  readonly nowMs?: () => number;
}

/** API Gateway takes no larger payload. */
const MAX_BODY_BYTES = 10 * 1024 * 1024;

/**
 * Takes the requests to one REST API: route, throttle, authorizer, validator, cache, integration, in this order.
 * @throws Error when a model is no schema
 */
export function createHandler({
  definition,
  functions,
  backends,
  velocity,
  userPools,
  clock,
  log,
  nowMs = () => performance.now(),
}: HandlerOptions): RequestListener {
  const route = createRouter(definition);
  const validate = createValidate(definition);
  const authorizers = new Authorizers(functions, definition.id);
  const stages = new Map(
    definition.stages.map((stage) => [
      stage.name,
      { stage, throttle: new Throttle(stage.throttles), cache: new StageCache(stage.caching, clock) },
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
    const { stage, throttle, cache } = found;
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
    const authorizer =
      guard === null
        ? null
        : guard.type === 'TOKEN'
          ? await authorizers.authorize(guard, request)
          : await authorizeByUserPool(userPools, guard, method.scopes, request);
    if (authorizer) context.authorizer = { ...authorizer };
    log.step('authorized');
    validate(method, request);
    log.step('validated');
    const cached = cache.keyOf(request);
    const warning = cached && wantsFresh(request) ? [NOT_INVALIDATED] : [];
    const kept = cached && cache.take(cached.key);
    if (kept) return { ...kept, headers: [...kept.headers, ...warning] };
    const { integration } = method;
    log.step('invoked');
    const call = { apiId: definition.id, stage, request };
    const response =
      integration.type === 'MAPPED'
        ? await callMapped({ ...call, context, integration, backends, velocity })
        : await callFunction(functions, { ...call, authorizer, ...integration });
    log.step('returned');
    if (cached) cache.keep(cached.key, cached.ttlS, response);
    if (warning.length > 0) return { ...response, headers: [...response.headers, ...warning] };
    return response;
  };

  return async (message, response) => {
    const startedMs = nowMs();
    const arrivedMs = Date.now();
    log.step('received');
    const context = contextOf(definition, message, arrivedMs);
    let result: ApiResponse;
    try {
      result = sendable(await answer(message, context, arrivedMs));
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

/** @throws GatewayError for a header that can't be sent: what stands in it may come from anybody */
function sendable(response: ApiResponse): ApiResponse {
  try {
    for (const [name, value] of response.headers) {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    }
  } catch (error) {
    const details = (error as Error).message;
    throw new GatewayError('DEFAULT_5XX', 'Internal server error', { status: 502, details });
  }
  return response;
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
