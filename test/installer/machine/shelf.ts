import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:net';
import { join } from 'node:path';

/** Files that an installation fetches. */
export interface Shelf {
  /** Ends the connection after this many bytes of that file; null: no more. */
  cut(name: string | null, afterBytes?: number): void;
  readonly asked: string[];
}

/** Serves the files of a folder, as a web server that holds releases does. */
export function serveShelf(folder: string, sockets: Server): Shelf {
  const asked: string[] = [];
  let cutName: string | null = null;
  let cutAfter = 0;
  const http = createServer((request, response) => {
    const name = decodeURIComponent((request.url ?? '/').slice(1));
    asked.push(name);
    const path = join(folder, name);
    if (name.includes('..') || !existsSync(path) || !statSync(path).isFile()) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'content-length': statSync(path).size });
    if (cutName === null || !name.endsWith(cutName)) {
      createReadStream(path).pipe(response);
      return;
    }
    if (cutAfter === 0) {
      response.flushHeaders();
      setImmediate(() => response.destroy());
      return;
    }
    const part = createReadStream(path, { end: cutAfter - 1 });
    part.on('data', (chunk) => response.write(chunk));
    part.on('end', () => setTimeout(() => response.destroy(), 20));
  });
  sockets.on('connection', (socket) => http.emit('connection', socket));
  return {
    asked,
    cut(name, afterBytes = 0) {
      cutName = name;
      cutAfter = afterBytes;
    },
  };
}
