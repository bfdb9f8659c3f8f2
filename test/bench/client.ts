import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { packageRoot } from '../../config/paths.ts';
import type { ClientAnswer, ClientOrder } from './ws-client.ts';

/** A WebSocket client on its own thread. */
export async function startClient(url: string) {
  const worker = new Worker(join(packageRoot(), 'dist/test/bench/ws-client.js'), { workerData: { url } });
  await once(worker, 'message');
  return {
    /** Resolves with the answer to this order. */
    async ask<T extends ClientAnswer>(order: ClientOrder): Promise<T> {
      const answered = once(worker, 'message');
      worker.postMessage(order);
      return (await answered)[0] as T;
    },
    async end() {
      const ended = once(worker, 'exit');
      worker.postMessage('end');
      await ended;
    },
  };
}
