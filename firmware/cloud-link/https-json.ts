import { type Agent, request } from 'node:https';

export interface JsonAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Undefined where the body is no JSON. */
  readonly body: unknown;
}

export interface JsonRequest {
  readonly method: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly agent: Agent;
}

/** AWS answers within tens of milliseconds; a robot's link may be slow. From the call to the whole answer. */
const TIMEOUT_MS = 8000;
/** Answers are a few KiB. */
const MAX_ANSWER_BYTES = 64 * 1024;

/**
 * One HTTPS request with a small JSON answer, whatever its status.
 * @throws Error when no whole answer came in time, or one too large
 */
export function requestJson(
  url: URL,
  { method, headers = {}, body, agent }: JsonRequest,
): Promise<JsonAnswer> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const outgoing = request(
      url,
      { method, agent, signal, headers: { ...headers, ...length } },
      (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes <= MAX_ANSWER_BYTES) chunks.push(chunk);
          else response.destroy(new Error(`Expected at most ${MAX_ANSWER_BYTES} bytes but received more`));
        });
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: parsed(text) });
        });
      },
    );
    outgoing.on('error', (error) => {
      reject(signal.aborted ? new Error(`No answer within ${TIMEOUT_MS / 1000} s from ${url.host}`) : error);
    });
    outgoing.end(body);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
