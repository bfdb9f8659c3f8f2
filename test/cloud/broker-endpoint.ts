import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type SigV4Verdict, verifySigV4 } from '../../cloud/local/iam/sigv4-verify.ts';

export const KEYS = {
  AWS_REGION: 'eu-central-1',
  AWS_ACCESS_KEY_ID: 'AKIDTEST',
  AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYTESTKEY',
  AWS_SESSION_TOKEN: 'session/token+of==test',
};

export interface Publication {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  readonly verdict: SigV4Verdict;
  /** Tells connections apart. */
  readonly port: number;
}

/** What the endpoint does instead of taking the message. */
export type Fault = (response: ServerResponse) => void;

/**
 * Publishing over HTTPS as IoT Core has it, on loopback: every request's signature is checked.
 * @param published gets what was taken
 */
export async function startBrokerEndpoint(published: (publication: Publication) => void = () => undefined) {
  const taken: Publication[] = [];
  const faults: Fault[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      const verdict = verifySigV4(
        { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body },
        {
          service: 'iotdata',
          region: KEYS.AWS_REGION,
          nowMs: Date.now(),
          secretOf: (id) =>
            id === KEYS.AWS_ACCESS_KEY_ID
              ? { secretAccessKey: KEYS.AWS_SECRET_ACCESS_KEY, sessionToken: KEYS.AWS_SESSION_TOKEN }
              : null,
        },
      );
      const { url = '', headers, socket } = request;
      const publication = { path: url, headers, body, verdict, port: socket.remotePort ?? 0 };
      taken.push(publication);
      const fault = faults.shift();
      if (fault) return fault(response);
      if (verdict.ok) published(publication);
      response.writeHead(verdict.ok ? 200 : 403, { 'content-type': 'application/json' });
      response.end(JSON.stringify(verdict.ok ? { message: 'OK' } : verdict));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** Everything that was asked, whether taken or not. */
    taken,
    /** What happens to the next requests, in this order. */
    faults,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
