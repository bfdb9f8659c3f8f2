import type { IncomingMessage, ServerResponse } from 'node:http';
import * as z from 'zod/mini';
import { decodeCommand, isStop, MAX_MESSAGE_BYTES, parseJson } from '../command/message.ts';
import type { Sender } from '../command/model.ts';
import { authenticate, checkHost, type Identity } from './auth.ts';
import { Bucket, Buckets } from './bucket.ts';
import type { RobotAccess, TeleopOptions } from './robot-access.ts';

/** Guesses at a pairing code, over all callers: 40 random bits last at this pace. */
const PAIRING_PER_S = 1 / 6;
const PAIRING_BURST = 5;

const HEADERS = {
  'content-security-policy':
    "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data: blob:; media-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
} as const;

type Serve = (request: IncomingMessage, response: ServerResponse, next: () => void) => void;

const pairRequest = z.strictObject({
  code: z.string().check(z.maxLength(32)),
  name: z.string().check(z.minLength(1), z.maxLength(40)),
});

/** Answers every plain HTTP request: page, health, state, metrics, pairing, `POST /publish`. */
export function createRequestHandler(
  robot: RobotAccess,
  options: TeleopOptions,
  hosts: ReadonlySet<string>,
  serveFile: Serve,
) {
  const perCaller = new Buckets(options.requestsPerS, 2 * options.requestsPerS);
  const pairing = new Bucket(PAIRING_PER_S, PAIRING_BURST, robot.clock.nowMs());

  async function publish(
    request: IncomingMessage,
    response: ServerResponse,
    identity: Identity,
    throttled: boolean,
  ) {
    const body = await readBody(request);
    if (body === null) {
      return refuse(response, 413, 'too_large', `Expected at most ${MAX_MESSAGE_BYTES} bytes`);
    }
    const decoded = decodeCommand(body);
    if (throttled && !(decoded.ok && isStop(decoded.value))) return tooMany(response);
    if (!decoded.ok)
      return refuse(response, decoded.code === 'too_large' ? 413 : 400, decoded.code, decoded.message);
    const sender: Sender = {
      id: `http ${identity.tokenId}`,
      name: identity.name,
      link: 'local',
      role: identity.role,
      lasting: false,
    };
    const verdict = robot.pipeline.send(sender, decoded.value);
    if (verdict.ok) return json(response, 200, { accepted: true });
    return refuse(response, verdict.code === 'not_allowed' ? 403 : 409, verdict.code, verdict.message);
  }

  async function pair(request: IncomingMessage, response: ServerResponse) {
    const body = await readBody(request);
    if (body === null)
      return refuse(response, 413, 'too_large', `Expected at most ${MAX_MESSAGE_BYTES} bytes`);
    const parsed = parseJson(body);
    const checked = parsed.ok ? pairRequest.safeParse(parsed.value) : null;
    if (!checked?.success) {
      return refuse(response, 400, 'bad_field', 'Expected {"code","name"}, a name of 1 to 40 characters');
    }
    if (!pairing.take(robot.clock.nowMs())) {
      return refuse(
        response,
        429,
        'rate_limited',
        'Too many tries. Wait a few seconds, then enter the code again',
      );
    }
    const redeemed = robot.tokens.redeem(checked.data.code, checked.data.name);
    if (!redeemed) {
      const message = 'This code is wrong, used or too old. Run "roverd pair" on the robot for a new one';
      return refuse(response, 401, 'bad_code', message);
    }
    robot.logger.info(
      { tokenId: redeemed.id, name: checked.data.name, role: redeemed.role },
      'device paired',
    );
    return json(response, 200, { token: redeemed.token, role: redeemed.role });
  }

  async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    const url = new URL(request.url ?? '/', 'http://robot');
    const what = `${request.method} ${url.pathname}`;
    if (what === 'GET /healthz') return json(response, 200, { status: 'ok' });

    const foreign = checkHost(request, hosts);
    if (foreign) return refuse(response, foreign.status, foreign.code, foreign.message);
    const isApi = url.pathname.startsWith('/api/') || ['/publish', '/metrics'].includes(url.pathname);
    if (!isApi) {
      if (request.method !== 'GET' && request.method !== 'HEAD') return notFound(response, what);
      return serveFile(request, response, () => notFound(response, what));
    }
    const throttled = !perCaller.take(request.socket.remoteAddress ?? '', robot.clock.nowMs());
    if (throttled && what !== 'POST /publish') return tooMany(response);
    if (what === 'POST /api/pair') return pair(request, response);

    const identity = authenticate(request, url, robot.tokens, options.token);
    if ('status' in identity) {
      if (identity.status === 401) response.setHeader('www-authenticate', 'Bearer realm="roverd"');
      return refuse(response, identity.status, identity.code, identity.message);
    }
    switch (what) {
      case 'POST /publish':
        return publish(request, response, identity, throttled);
      case 'GET /api/state':
        return json(response, 200, robot.state());
      case 'GET /metrics': {
        const text = await robot.metrics.text();
        response.writeHead(200, { 'content-type': robot.metrics.contentType, 'cache-control': 'no-store' });
        response.end(text);
        return;
      }
      default:
        return notFound(response, what);
    }
  }

  function refuse(response: ServerResponse, status: number, code: string, message: string): void {
    robot.metrics.countRefusal(code);
    if (status === 413) response.setHeader('connection', 'close');
    json(response, status, { code, message });
  }

  function notFound(response: ServerResponse, what: string): void {
    refuse(response, 404, 'not_found', `There is no ${what.slice(0, 80)} here`);
  }

  function tooMany(response: ServerResponse): void {
    response.setHeader('retry-after', '1');
    refuse(response, 429, 'rate_limited', `Expected at most ${options.requestsPerS} requests a second`);
  }

  return (request: IncomingMessage, response: ServerResponse): void => {
    response.on('error', () => response.destroy());
    route(request, response).catch((error: unknown) => {
      robot.logger.error({ err: error }, 'request failed');
      if (!response.headersSent) refuse(response, 500, 'internal', 'The robot could not answer. See its log');
      else response.destroy();
    });
  };
}

/** Null when the body is larger than any message; the rest of it is not read. */
async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_MESSAGE_BYTES) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function json(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(text);
}
