import { arn, PLACE } from '../desk/place.ts';
import type { Functions } from '../lambda/functions.ts';
import { type Context, requestTime } from './context.ts';
import type { Stage } from './definition.ts';
import { GatewayError } from './gateway-error.ts';
import type { ApiRequest } from './request.ts';

export interface ApiResponse {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string | Buffer;
}

export interface ProxyCall {
  readonly apiId: string;
  readonly stage: Stage;
  readonly request: ApiRequest;
  /** Null where the method is open to all. */
  readonly authorizer: Context | null;
  readonly functionArn: string;
  readonly timeoutMs: number;
}

/** @throws GatewayError when the function may not be called, fails, or answers something else than it has to */
export async function callFunction(functions: Functions, call: ProxyCall): Promise<ApiResponse> {
  const { apiId, request, functionArn, timeoutMs } = call;
  const { httpMethod, stage, route } = request;
  const sourceArn = arn('execute-api', `${apiId}/${stage}/${httpMethod}${route.resourcePath}`);
  if (!functions.permits(functionArn, { principal: 'apigateway.amazonaws.com', sourceArn })) {
    throw new GatewayError('API_CONFIGURATION_ERROR', 'Internal server error', {
      details: 'Invalid permissions on Lambda function',
    });
  }
  const outcome = await within(timeoutMs, functions.invoke(functionArn, proxyEvent(call)));
  if (!outcome.ok) throw new GatewayError('DEFAULT_5XX', 'Internal server error', { status: 502 });
  const response = responseIn(JSON.parse(outcome.payload));
  if (response) return response;
  throw new GatewayError('DEFAULT_5XX', 'Internal server error', {
    status: 502,
    details: 'Malformed Lambda proxy response',
  });
}

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html */
export function proxyEvent({
  apiId,
  stage,
  request,
  authorizer,
}: ProxyCall): Readonly<Record<string, unknown>> {
  const { id, httpMethod, path, route, headers, query, body, arrivedMs, sourceIp } = request;
  return {
    resource: route.resourcePath,
    path,
    httpMethod,
    headers: last(headers),
    multiValueHeaders: all(headers),
    queryStringParameters: query.length > 0 ? last(query) : null,
    multiValueQueryStringParameters: query.length > 0 ? all(query) : null,
    pathParameters: route.pathParameters,
    stageVariables: stage.variables,
    requestContext: {
      resourceId: route.resourceId,
      resourcePath: route.resourcePath,
      httpMethod,
      extendedRequestId: id,
      requestTime: requestTime(arrivedMs),
      path: `/${stage.name}${path}`,
      accountId: PLACE.account,
      protocol: 'HTTP/1.1',
      stage: stage.name,
      domainPrefix: apiId,
      domainName: `${apiId}.execute-api.${PLACE.region}.${PLACE.suffix}`,
      requestTimeEpoch: arrivedMs,
      requestId: id,
      identity: {
        cognitoIdentityPoolId: null,
        accountId: null,
        cognitoIdentityId: null,
        caller: null,
        sourceIp,
        principalOrgId: null,
        accessKey: null,
        cognitoAuthenticationType: null,
        cognitoAuthenticationProvider: null,
        userArn: null,
        userAgent: request.header('user-agent') ?? null,
        user: null,
      },
      apiId,
      deploymentId: 'desk',
      ...(authorizer ? { authorizer } : {}),
    },
    body: body === '' ? null : body,
    isBase64Encoded: false,
  };
}

function responseIn(answer: unknown): ApiResponse | null {
  if (typeof answer !== 'object' || answer === null) return null;
  const { statusCode, headers, multiValueHeaders, body, isBase64Encoded } = answer as Readonly<
    Record<string, unknown>
  >;
  const status = Number(statusCode);
  if (!Number.isInteger(status) || status < 100 || status > 599) return null;
  if (body !== undefined && body !== null && typeof body !== 'string') return null;
  const several = Object.entries((multiValueHeaders ?? {}) as Readonly<Record<string, readonly unknown[]>>);
  const named = new Set(several.map(([name]) => name.toLowerCase()));
  const single = Object.entries((headers ?? {}) as object).filter(([name]) => !named.has(name.toLowerCase()));
  return {
    status,
    headers: [
      ...single.map(([name, value]) => [name, String(value)] as const),
      ...several.flatMap(([name, values]) => values.map((value) => [name, String(value)] as const)),
    ],
    body: isBase64Encoded === true ? Buffer.from(body ?? '', 'base64') : (body ?? ''),
  };
}

export async function within<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new GatewayError('INTEGRATION_TIMEOUT', 'Endpoint request timed out')),
      timeoutMs,
    );
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

type Pairs = readonly (readonly [name: string, value: string])[];

function last(pairs: Pairs): Readonly<Record<string, string>> {
  return Object.fromEntries(pairs);
}

function all(pairs: Pairs): Readonly<Record<string, readonly string[]>> {
  const result: Record<string, string[]> = {};
  for (const [name, value] of pairs) result[name] = [...(result[name] ?? []), value];
  return result;
}
