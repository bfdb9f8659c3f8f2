import { createServer, request } from 'node:http';
import type { Server } from 'node:net';

/** Answers what apt asks a proxy, on sockets that come from elsewhere. */
export function forwardProxy(sockets: Server): { close(): void } {
  const http = createServer((incoming, response) => {
    const { method, url = '', headers } = incoming;
    const outgoing = request(url, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    outgoing.on('error', () => response.destroy());
    incoming.pipe(outgoing);
  });
  sockets.on('connection', (socket) => http.emit('connection', socket));
  return { close: () => http.closeAllConnections() };
}
