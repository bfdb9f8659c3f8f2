import type { IncomingMessage } from 'node:http';
import type { Route } from './router.ts';

/** A request to an API, as it came, and where it goes. */
export interface ApiRequest {
  readonly id: string;
  readonly httpMethod: string;
  /** Without the stage. */
  readonly path: string;
  readonly stage: string;
  readonly route: Route;
  /** Names and values as they were sent, one after the other. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly query: readonly (readonly [name: string, value: string])[];
  readonly body: string;
  readonly arrivedMs: number;
  readonly sourceIp: string;
  /** By its name in any case; the last one of several. */
  header(name: string): string | undefined;
  /** By a name such as `method.request.querystring.NAME`. */
  parameter(name: string): string | undefined;
}

export type RequestParts = Pick<
  ApiRequest,
  'id' | 'httpMethod' | 'path' | 'stage' | 'route' | 'body' | 'arrivedMs'
>;

export function requestOf(message: IncomingMessage, search: string, parts: RequestParts): ApiRequest {
  const { rawHeaders, socket } = message;
  const headers = rawHeaders.flatMap((name, at) =>
    at % 2 === 0 ? [[name, rawHeaders[at + 1]!] as const] : [],
  );
  const query = [...new URLSearchParams(search)];
  const header = (name: string) => headers.findLast(([key]) => key.toLowerCase() === name.toLowerCase())?.[1];
  return {
    ...parts,
    headers,
    query,
    sourceIp: socket.remoteAddress ?? '',
    header,
    parameter(name) {
      const [, kind, key = ''] = /^method\.request\.(header|querystring|path)\.(.+)$/.exec(name) ?? [];
      if (kind === 'header') return header(key);
      if (kind === 'querystring') return query.findLast(([one]) => one === key)?.[1];
      return parts.route.pathParameters?.[key];
    },
  };
}

/** The content type alone, in lower case; a body without one counts as JSON, as in API Gateway. */
export function mediaType(request: ApiRequest): string {
  return (request.header('content-type') ?? 'application/json').split(';')[0]!.trim().toLowerCase();
}
