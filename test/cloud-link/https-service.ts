import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Identity } from '../../firmware/cloud-link/identity.ts';

export interface HttpsService {
  /** `localhost:port` */
  readonly endpoint: string;
  readonly server: Server;
  close(): Promise<void>;
}

export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

export interface Asked {
  readonly method: string;
  /** Path and query as they came. */
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  readonly socket: TLSSocket;
}

/**
 * Answers JSON on a free port of loopback, with the Date of `wallMs`.
 * @param identity without one it is plain HTTP
 * @param clientsOf the authority of clients, who then have to show a certificate
 */
export async function startHttps(
  identity: Identity | null,
  answer: (asked: Asked) => Answer | Promise<Answer>,
  { wallMs = Date.now, clientsOf }: { wallMs?: () => number; clientsOf?: string } = {},
): Promise<HttpsService> {
  const respondTo = (request: IncomingMessage, response: ServerResponse) => void respond(request, response);
  const clients =
    clientsOf === undefined ? {} : { ca: clientsOf, requestCert: true, rejectUnauthorized: true };
  const server: Server = identity
    ? createHttpsServer({ cert: identity.certificate, key: identity.privateKey, ...clients }, respondTo)
    : createHttpServer(respondTo);
  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request) body += chunk;
    const { method = '', url = '', headers } = request;
    const given = await answer({ method, url, headers, body, socket: request.socket as TLSSocket });
    response.sendDate = false;
    response.writeHead(given.status ?? 200, {
      date: new Date(wallMs()).toUTCString(),
      'content-type': 'application/json',
      ...given.headers,
    });
    response.end(given.body === undefined ? '' : JSON.stringify(given.body));
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `localhost:${(server.address() as AddressInfo).port}`,
    server,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
