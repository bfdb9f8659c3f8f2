import { request as requestPlain } from 'node:http';
import { request as requestTls } from 'node:https';
import { CommandLineError, EXIT } from './exit.ts';

export interface RobotAddress {
  readonly url: URL;
  /** PEM of the robot's own certificate: trusted whatever name it carries, and nothing else. */
  readonly certificate?: string;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
}

const ANSWER_WITHIN_MS = 5000;
const MAX_ANSWER_BYTES = 64 * 1024;

/**
 * One HTTP request to a robot.
 * @throws CommandLineError (unreachable) when no answer comes within 5 s
 */
export function ask(
  robot: RobotAddress,
  method: 'GET' | 'POST',
  path: string,
  options: { readonly token?: string; readonly body?: unknown; readonly withinMs?: number } = {},
): Promise<Answer> {
  const { url, certificate } = robot;
  const withinMs = options.withinMs ?? ANSWER_WITHIN_MS;
  const payload = options.body === undefined ? undefined : JSON.stringify(options.body);
  return new Promise((resolve, reject) => {
    const fail = (error: Error & { code?: string }) =>
      reject(
        new CommandLineError(EXIT.unreachable, `No robot answers at ${url.origin}: ${explain(error)}`, {
          cause: error,
        }),
      );
    const request = url.protocol === 'https:' ? requestTls : requestPlain;
    const outgoing = request(
      new URL(path, url),
      {
        method,
        // A command line is one request: no connection is kept.
        agent: false,
        headers: {
          ...(options.token && { authorization: `Bearer ${options.token}` }),
          ...(payload !== undefined && {
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(payload),
          }),
        },
        ...(certificate && { ca: certificate, checkServerIdentity: () => undefined }),
        signal: AbortSignal.timeout(withinMs),
      },
      (incoming) => {
        let body = '';
        incoming.setEncoding('utf8');
        incoming.on('data', (chunk: string) => {
          body += chunk;
          if (body.length > MAX_ANSWER_BYTES) incoming.destroy(new Error('the answer is too long'));
        });
        incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, body }));
        incoming.on('error', fail);
      },
    );
    outgoing.on('error', fail);
    outgoing.end(payload);
  });

  function explain(error: Error & { code?: string }): string {
    if (error.name === 'TimeoutError' || error.name === 'AbortError')
      return `no answer within ${withinMs} ms`;
    if (error.code === 'ECONNREFUSED') return 'nothing listens there. roverd run starts it.';
    return error.message;
  }
}
