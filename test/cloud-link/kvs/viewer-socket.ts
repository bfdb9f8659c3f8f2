import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import { WebSocket } from 'ws';
import { type KvsService, REGION } from '../kvs-service.ts';

export interface ViewerSocket {
  readonly received: { readonly type: string; readonly content: unknown }[];
  send(action: 'SDP_OFFER' | 'ICE_CANDIDATE', content: object): void;
  close(): void;
}

/**
 * A viewer on the channel, without a browser: what it sends is up to the test.
 * @throws Error with the HTTP status when it is turned away
 */
export async function openViewerSocket(
  service: KvsService,
  thing: string,
  clientId: string,
): Promise<ViewerSocket> {
  const signer = new SignatureV4({
    service: 'kinesisvideo',
    region: REGION,
    sha256: Sha256,
    credentials: service.viewerKeys(thing),
  });
  const url = new URL(service.wssEndpoint);
  const { query } = await signer.presign(
    {
      method: 'GET',
      protocol: 'wss:',
      hostname: url.hostname,
      path: '/',
      query: { 'X-Amz-ChannelARN': service.arnOf(thing), 'X-Amz-ClientId': clientId },
      headers: { host: url.host },
    },
    { expiresIn: 299, signingDate: new Date(service.wallMs()) },
  );
  const search = new URLSearchParams(query as Record<string, string>);
  // Who is who is not what is tested from this end.
  const socket = new WebSocket(`${service.wssEndpoint}/?${search}`, { rejectUnauthorized: false });
  const received: ViewerSocket['received'] = [];
  socket.on('message', (data) => {
    const { messageType, messagePayload } = JSON.parse(String(data)) as Record<string, string>;
    const text = Buffer.from(messagePayload ?? '', 'base64').toString();
    received.push({ type: messageType ?? '', content: text === '' ? null : JSON.parse(text) });
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('unexpected-response', (_request, response) =>
      reject(new Error(String(response.statusCode))),
    );
    socket.on('error', reject);
  });
  return {
    received,
    send(action, content) {
      const messagePayload = Buffer.from(JSON.stringify(content)).toString('base64');
      socket.send(JSON.stringify({ action, messagePayload }));
    },
    close: () => socket.terminate(),
  };
}
