import type { APIGatewayProxyEvent } from 'aws-lambda';

export interface EventOptions {
  readonly role?: 'operator' | 'viewer';
  readonly robot?: string;
  readonly origin?: string;
  readonly arrivedMs?: number;
  readonly expiresAtS?: number;
  readonly base64?: boolean;
  readonly method?: string;
}

/** What API Gateway hands to a function behind the authorizer. */
export function apiEvent(body: string | null, options: EventOptions = {}): APIGatewayProxyEvent {
  const { role = 'operator', robot, origin, base64 = false, method = 'POST' } = options;
  const { arrivedMs = Date.now(), expiresAtS = Math.floor(Date.now() / 1000) + 600 } = options;
  const resource = robot === undefined ? '/publish' : '/robots/{name}/publish';
  const path = robot === undefined ? '/publish' : `/robots/${robot}/publish`;
  const headers = { 'Content-Type': 'application/json', ...(origin ? { origin } : {}) };
  return {
    resource,
    path,
    httpMethod: method,
    headers,
    multiValueHeaders: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
    queryStringParameters: null,
    multiValueQueryStringParameters: null,
    pathParameters: robot === undefined ? null : { name: robot },
    stageVariables: null,
    requestContext: {
      accountId: '123456789012',
      apiId: 'a1b2c3d4e5',
      // The gateway gives every value of the authorizer's context as a string.
      authorizer: { principalId: 'u-1', sub: 'u-1', name: 'Zoë', role, expiresAtS: `${expiresAtS}` },
      protocol: 'HTTP/1.1',
      httpMethod: method,
      identity: {
        accessKey: null,
        accountId: null,
        apiKey: null,
        apiKeyId: null,
        caller: null,
        clientCert: null,
        cognitoAuthenticationProvider: null,
        cognitoAuthenticationType: null,
        cognitoIdentityId: null,
        cognitoIdentityPoolId: null,
        principalOrgId: null,
        sourceIp: '192.0.2.1',
        user: null,
        userAgent: 'test',
        userArn: null,
      },
      path: `/Prod${path}`,
      stage: 'Prod',
      requestId: 'req-1',
      requestTimeEpoch: arrivedMs,
      resourceId: 'r1',
      resourcePath: resource,
    },
    body: body !== null && base64 ? Buffer.from(body).toString('base64') : body,
    isBase64Encoded: base64,
  };
}

/** Catches the lines that a handler writes while `work` runs. */
export async function linesOf<T>(
  work: () => Promise<T>,
): Promise<{ result: T; lines: Record<string, unknown>[] }> {
  const write = process.stdout.write;
  let text = '';
  process.stdout.write = ((chunk: string | Uint8Array) => {
    text += chunk;
    return true;
  }) as typeof write;
  try {
    const result = await work();
    return {
      result,
      lines: text
        .trim()
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line)),
    };
  } finally {
    process.stdout.write = write;
  }
}
