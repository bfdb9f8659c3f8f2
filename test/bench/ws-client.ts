/** A client on a thread of its own, so that its work does not count as the robot's. Run as a worker. */
import { parentPort, workerData } from 'node:worker_threads';
import { WebSocket } from 'ws';
import { monotonicMs } from './figure.ts';

export type ClientOrder =
  /** One message; answered by the time it was sent. */
  | { readonly send: unknown }
  /** `perS` messages a second for `forMs` or until the end; answered by how many went out and what came back. */
  | { readonly flood: unknown; readonly perS: number; readonly forMs: number };
export type ClientAnswer =
  | { readonly open: true }
  | { readonly sentMs: number }
  | { readonly flooded: number; readonly notices: number };

if (parentPort) run(parentPort, workerData as { url: string });

function run(port: NonNullable<typeof parentPort>, { url }: { url: string }): void {
  const socket = new WebSocket(url);
  const answer = (message: ClientAnswer) => port.postMessage(message);
  let notices = 0;
  let ended = false;
  socket.on('message', (data) => {
    if (String(data).includes('"rate_limited"')) notices += 1;
  });
  socket.on('open', () => answer({ open: true }));
  port.on('message', (order: ClientOrder | 'end') => {
    if (order === 'end') {
      ended = true;
      socket.terminate();
      port.close();
    } else if ('send' in order) {
      const text = JSON.stringify(order.send);
      const sentMs = monotonicMs();
      socket.send(text);
      answer({ sentMs });
    } else {
      void flood(order);
    }
  });

  async function flood({
    flood: message,
    perS,
    forMs,
  }: Extract<ClientOrder, { flood: unknown }>): Promise<void> {
    const text = JSON.stringify(message);
    const startMs = monotonicMs();
    let sent = 0;
    for (let nowMs = startMs; !ended && nowMs < startMs + forMs; nowMs = monotonicMs()) {
      const due = Math.floor(((nowMs - startMs) / 1000) * perS);
      for (; sent < due; sent++) socket.send(text);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    answer({ flooded: sent, notices });
  }
}
