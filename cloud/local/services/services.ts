import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { DeskLog } from '../desk/log.ts';
import { PLACE } from '../desk/place.ts';
import type { Decision } from '../iam/policy.ts';
import type { Principals } from '../iam/principals.ts';
import { verifySigV4 } from '../iam/sigv4-verify.ts';
import type { Authority } from '../iot/certificates.ts';
import { close, listen, readBody } from './http-server.ts';

/** A request whose signature holds. */
export interface ServiceRequest {
  readonly method: string;
  /** Path and query as they came over the wire. */
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
  /** What the policies of the caller's role say. @param context condition keys of the service */
  decide(action: string, resource: string, context?: Readonly<Record<string, string>>): Decision;
  /** Words for a refusal. */
  readonly caller: string;
}

export interface ServiceResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

export type Service = (request: ServiceRequest) => Promise<ServiceResponse>;

/** Services take no larger request. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;

/**
 * AWS's APIs as functions call them: over HTTP (AWS_ENDPOINT_URL) and over HTTPS by the desk's own authority. Every
 * request has to be signed by credentials that the desk gave out. A service that has no engine here is refused by name.
 */
export class Services {
  readonly #services = new Map<string, Service>();
  readonly #principals: Principals;
  readonly #log: DeskLog;
  readonly #http: Server;
  readonly #https: TlsServer;
  #ports = { http: 0, https: 0 };

  private constructor(
    principals: Principals,
    log: DeskLog,
    tls: { readonly cert: string; readonly key: string },
  ) {
    this.#principals = principals;
    this.#log = log;
    const take = (request: IncomingMessage, response: ServerResponse) => void this.#take(request, response);
    this.#http = createServer(take);
    this.#https = createTlsServer(tls, take);
  }

  static async start(principals: Principals, authority: Authority, log: DeskLog): Promise<Services> {
    const { certificate: cert, privateKey: key } = await authority.issueServer();
    const services = new Services(principals, log, { cert, key });
    services.#ports = { http: await listen(services.#http), https: await listen(services.#https) };
    return services;
  }

  /** @param name as in the scope of a signature, `dynamodb` */
  provide(name: string, service: Service): void {
    this.#services.set(name, service);
  }

  get url(): string {
    return `http://127.0.0.1:${this.#ports.http}`;
  }

  /** Host and port over HTTPS. */
  get secureHost(): string {
    return `127.0.0.1:${this.#ports.https}`;
  }

  async close(): Promise<void> {
    await Promise.all([close(this.#http), close(this.#https)]);
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let answer: ServiceResponse;
    try {
      answer = await this.#answer(request);
    } catch (error) {
      this.#log.line('desk', `${request.method} ${request.url}: ${(error as Error).message}`);
      answer = refusal(500, 'InternalFailure', (error as Error).message);
    }
    response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
    response.end(answer.body);
  }

  async #answer(request: IncomingMessage): Promise<ServiceResponse> {
    const { method = '', url = '', headers } = request;
    const body = await readBody(request, MAX_BODY_BYTES);
    if (!body) return refusal(413, 'RequestEntityTooLargeException', `More than ${MAX_BODY_BYTES} bytes`);
    const name = /Credential=[^/]+\/\d+\/[^/]+\/([^/]+)\//.exec(headers.authorization ?? '')?.[1] ?? '';
    const service = this.#services.get(name);
    if (!service) {
      const what = name === '' ? `${method} ${url} (not signed)` : name;
      this.#log.line('desk', `refused: ${what} has no engine on the desk`);
      return refusal(501, 'NotImplemented', `${what} has no engine on the desk`);
    }
    const verdict = verifySigV4(
      { method, url, headers, body },
      {
        service: name,
        region: PLACE.region,
        nowMs: Date.now(),
        secretOf: (id) => this.#principals.session(id),
      },
    );
    if (!verdict.ok) return refusal(403, verdict.code, verdict.message);
    const { roleArn } = this.#principals.session(verdict.accessKeyId)!;
    return service({
      method,
      url,
      headers,
      body,
      caller: roleArn,
      decide: (action, resource, context = {}) =>
        this.#principals.decide(roleArn, { action, resource, context }),
    });
  }
}

/** As AWS's JSON protocols have it. */
export function refusal(status: number, code: string, message: string): ServiceResponse {
  return {
    status,
    headers: { 'x-amzn-errortype': code },
    body: JSON.stringify({ __type: code, message }),
  };
}
