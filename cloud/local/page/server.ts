import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import sirv from 'sirv';
import { z } from 'zod';
import { packageRoot } from '../../../config/paths.ts';
import type { LineFeed } from '../desk/line-feed.ts';
import type { OpenDesk } from '../desk/open-desk.ts';
import { close, listen, readBody } from '../services/http-server.ts';
import { readEvent, type SavedEvent } from './saved-events.ts';

export interface PageOptions {
  readonly stack: string;
  readonly desk: OpenDesk;
  readonly feed: LineFeed;
  readonly events: readonly SavedEvent[];
  /** 0: any. */
  readonly port: number;
}

export interface DeskPage {
  readonly url: string;
  close(): Promise<void>;
}

/** An event is at most 6 MB, as Lambda takes it. */
const MAX_BODY_BYTES = 6 * 1024 * 1024;
/** Beyond any time to live that somebody would want to see end. */
const MAX_SKIP_MS = 400 * 86_400_000;

/** What was asked for is wrong, and not the desk. */
class BadRequest extends Error {}
const BAD = [BadRequest, SyntaxError, z.ZodError];

const invocation = z.strictObject({ function: z.string(), event: z.unknown() });
const skip = z.strictObject({ ms: z.number().int().min(1).max(MAX_SKIP_MS) });

/**
 * Serves the page of the desk on loopback: functions, saved events, logs, what the engines hold, and the clock.
 * @throws Error when the port is taken
 */
export async function servePage({ stack, desk, feed, events, port }: PageOptions): Promise<DeskPage> {
  const files = sirv(join(packageRoot(), 'dist/cloud/desk-page'), { dev: false, etag: true });
  const server = createServer((request, response) => {
    const answer = (status: number, body: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
      response.end(JSON.stringify(body));
    };
    if (!isOwn(request)) return answer(403, { message: 'Expected to be asked by the page of this desk' });
    response.setHeader(
      'content-security-policy',
      "default-src 'self'; img-src data:; frame-ancestors 'none'",
    );
    const work = WORK[`${request.method} ${request.url}`];
    if (!work) return files(request, response, () => answer(404, { message: `There is no ${request.url}` }));
    work(request, response).then(
      (body) => body !== undefined && answer(200, body),
      (error: Error) =>
        answer(BAD.some((kind) => error instanceof kind) ? 400 : 500, { message: error.message }),
    );
  });

  const WORK: Readonly<
    Record<string, (request: IncomingMessage, response: ServerResponse) => Promise<unknown>>
  > = {
    'GET /api/desk': async () => ({
      stack,
      outputs: desk.outputs,
      functions: desk.functions.all.map(({ label, name, timeoutMs, memoryMiB }) => ({
        label,
        name,
        timeoutMs,
        memoryMiB,
      })),
      events: events.map(({ name, functionLabel, path }) => ({
        name,
        functionLabel,
        event: readEvent(path),
      })),
    }),
    'GET /api/views': async () => ({ nowMs: desk.clock.nowMs(), views: await desk.views.shown() }),
    'POST /api/invoke': async (request) => {
      const { function: label, event } = invocation.parse(await jsonOf(request));
      const wanted = desk.functions.all.find((one) => one.label === label);
      if (!wanted) throw new BadRequest(`Expected a function of the stack but received ${label}`);
      const startedMs = performance.now();
      const outcome = await desk.functions.invoke(wanted.arn, event ?? {});
      return { ...outcome, tookMs: performance.now() - startedMs };
    },
    'POST /api/skip': async (request) => {
      desk.clock.skip(skip.parse(await jsonOf(request)).ms);
      return { nowMs: desk.clock.nowMs() };
    },
    'GET /api/log': async (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
      const end = feed.follow((line) => response.write(`data: ${JSON.stringify(line)}\n\n`));
      response.on('close', end);
    },
  };

  const listening = await listen(server, port);
  return { url: `http://127.0.0.1:${listening}/`, close: () => close(server) };
}

/** A page of another site may not invoke functions here: it can neither name this host nor hide where it is from. */
function isOwn({ headers, method }: IncomingMessage): boolean {
  const { host = '', origin } = headers;
  if (!/^(127\.0\.0\.1|localhost)(:\d+)?$/.test(host)) return false;
  if (origin !== undefined && origin !== `http://${host}`) return false;
  return method === 'GET' || /^application\/json\b/.test(headers['content-type'] ?? '');
}

async function jsonOf(request: IncomingMessage): Promise<unknown> {
  const body = await readBody(request, MAX_BODY_BYTES);
  if (!body) throw new BadRequest(`Expected at most ${MAX_BODY_BYTES} bytes`);
  return JSON.parse(body.toString('utf8'));
}
