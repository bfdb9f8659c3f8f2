import * as http from 'node:http';
import * as https from 'node:https';
import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import { type Environment, required } from './environment.lambda-shared.ts';

export interface SignedRequest {
  /** Starts with a slash; what is variable in it is percent-encoded. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly timeoutMs: number;
}

export interface SignedResponse {
  readonly status: number;
  readonly text: string;
}

export interface SignedClient {
  /** @throws Error when no whole answer came within `timeoutMs` */
  post(request: SignedRequest): Promise<SignedResponse>;
}

/** An answer is a few hundred bytes; more is none of ours. */
const MAX_ANSWER_BYTES = 64 * 1024;

/**
 * Calls one AWS service over kept connections, signed (Signature Version 4) by the credentials of the function's role.
 * A client of the SDK would be ten times the size and take five times as long to load.
 * @param endpoint scheme and host, `https://...`
 */
export function createSignedClient(service: string, endpoint: string, env: Environment): SignedClient {
  const url = new URL(endpoint);
  const scheme = url.protocol === 'http:' ? http : https;
  const agent = new scheme.Agent({ keepAlive: true, maxSockets: 8 });
  const signer = createSigner(service, env);

  return {
    async post({ path, query, headers, body, timeoutMs }) {
      const signed = await signer.sign({
        method: 'POST',
        protocol: url.protocol,
        hostname: url.hostname,
        path,
        query: { ...query },
        headers: { ...headers, host: url.host },
        body,
      });
      return new Promise((resolve, reject) => {
        const search = new URLSearchParams(query).toString();
        const options = {
          method: 'POST',
          agent,
          headers: { ...signed.headers, 'content-length': `${Buffer.byteLength(body)}` },
          signal: AbortSignal.timeout(timeoutMs),
        };
        const request = scheme.request(new URL(`${path}?${search}`, url), options, (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (chunk: string) => {
            text += chunk;
            if (text.length > MAX_ANSWER_BYTES) response.destroy(new Error('the answer is too long'));
          });
          response.on('error', reject);
          response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
        });
        request.on('error', reject);
        request.end(body);
      });
    },
  };
}

/**
 * Signs the address of a WebSocket, so that one who has no credentials may open it.
 * @param endpoint scheme and host, `wss://...`
 * @param lifeS 1 to 604800, and no longer than the role's own credentials
 */
export async function presignSocket(
  service: string,
  endpoint: string,
  query: Readonly<Record<string, string>>,
  lifeS: number,
  env: Environment,
): Promise<string> {
  const url = new URL(endpoint);
  const signed = await createSigner(service, env).presign(
    {
      method: 'GET',
      protocol: url.protocol,
      hostname: url.hostname,
      path: '/',
      query: { ...query },
      headers: { host: url.host },
    },
    { expiresIn: lifeS },
  );
  const pairs = Object.entries(signed.query ?? {}).map(([key, value]) => `${key}=${encode(String(value))}`);
  return `${url.protocol}//${url.host}/?${pairs.join('&')}`;
}

function createSigner(service: string, env: Environment): SignatureV4 {
  return new SignatureV4({
    service,
    region: required(env, 'AWS_REGION'),
    sha256: Sha256,
    credentials: {
      accessKeyId: required(env, 'AWS_ACCESS_KEY_ID'),
      secretAccessKey: required(env, 'AWS_SECRET_ACCESS_KEY'),
      ...(env.AWS_SESSION_TOKEN ? { sessionToken: env.AWS_SESSION_TOKEN } : {}),
    },
  });
}

/** RFC 3986, as Signature Version 4 has it: encodeURIComponent leaves out five characters. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
