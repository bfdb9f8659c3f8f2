import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { DeskLog } from '../desk/log.ts';
import { PLACE } from '../desk/place.ts';
import type { Principals } from '../iam/principals.ts';
import { verifySigV4 } from '../iam/sigv4-verify.ts';
import { close, listen } from '../services/http-server.ts';
import type { Answer } from './call.ts';
import { S3Error } from './error.ts';
import { newRequestId } from './notifications.ts';
import { type Asked, askedBy } from './request.ts';
import { xmlDocument } from './xml.ts';

export interface Signed {
  readonly asked: Asked;
  readonly request: IncomingMessage;
  readonly requestId: string;
  readonly roleArn: string;
}

export interface ServerOptions {
  readonly principals: Principals;
  readonly log: DeskLog;
  /** @throws S3Error for what is refused */
  readonly answer: (signed: Signed) => Promise<Answer>;
}

/** The endpoint: takes requests whose signature holds, and streams bodies both ways. */
export class S3Server {
  readonly #options: ServerOptions;
  readonly #server: Server;
  #port = 0;

  private constructor(options: ServerOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => void this.#take(request, response));
  }

  static async start(options: ServerOptions): Promise<S3Server> {
    const server = new S3Server(options);
    server.#port = await listen(server.#server);
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  close(): Promise<void> {
    return close(this.#server);
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const requestId = newRequestId();
    const head = { 'x-amz-request-id': requestId, 'x-amz-id-2': requestId, server: 'AmazonS3' };
    let answer: Answer;
    try {
      const asked = askedBy(request);
      const roleArn = this.#signer(request, asked);
      answer = await this.#options.answer({ asked, request, requestId, roleArn });
    } catch (error) {
      answer = this.#refusal(error as Error, request, requestId);
    }
    const { status = 200, headers = {}, body = '' } = answer;
    // What was not read of the request would stand in the way of the next one.
    request.resume();
    for (const [name, value] of Object.entries({ ...head, ...headers })) {
      response.setHeader(name, Buffer.from(value, 'utf8').toString('latin1'));
    }
    response.statusCode = status;
    if (typeof body === 'string') {
      if (body !== '' && !response.hasHeader('content-type'))
        response.setHeader('content-type', 'application/xml');
      if (!response.hasHeader('content-length') && status !== 204 && status !== 304) {
        response.setHeader('content-length', Buffer.byteLength(body));
      }
      response.end(request.method === 'HEAD' ? undefined : body);
      return;
    }
    // Whoever asked may leave in the middle.
    await pipeline(body, response).catch(() => undefined);
  }

  /** @returns the role that signed. @throws S3Error */
  #signer({ method = '', url = '' }: IncomingMessage, { sent }: Asked): string {
    const { principals } = this.#options;
    const verdict = verifySigV4(
      { method, url, headers: sent, body: '' },
      {
        service: 's3',
        region: PLACE.region,
        nowMs: Date.now(),
        secretOf: (id) => principals.session(id),
      },
    );
    if (verdict.ok) return principals.session(verdict.accessKeyId)!.roleArn;
    if (/^Signature expired/.test(verdict.message)) throw new S3Error('AccessDenied', 'Request has expired');
    throw new S3Error(CODES[verdict.code] ?? 'AccessDenied', verdict.message, 403);
  }

  #refusal(error: Error, { method, url }: IncomingMessage, requestId: string): Answer {
    if (!(error instanceof S3Error)) {
      this.#options.log.line('s3', `${method} ${url}: ${error.message}`);
    }
    const { code, status, message } =
      error instanceof S3Error ? error : new S3Error('InternalError', error.message);
    if (code === 'NotImplemented') this.#options.log.line('s3', `refused: ${message}`);
    const [Resource = ''] = (url ?? '').split('?');
    const fields = { Code: code, Message: message, Resource, RequestId: requestId };
    // A HEAD has no body, and 304 none either.
    return { status, ...(status === 304 ? {} : { body: xmlDocument('Error', fields, '') }) };
  }
}

/** S3's own words for what is wrong with a signature. */
const CODES: Readonly<Record<string, string>> = {
  InvalidSignatureException: 'SignatureDoesNotMatch',
  UnrecognizedClientException: 'InvalidAccessKeyId',
  MissingAuthenticationToken: 'AccessDenied',
};
