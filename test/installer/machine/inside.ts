import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Listens and hands the socket over: it stays one of the network that it was opened in. */
const LISTENER = `
const server = require('node:net').createServer();
// Closed here once it is there: else this process would take every other connection, and answer none.
server.listen(Number(process.argv[2]), '127.0.0.1', () => process.send('listening', server, () => server.close()));
process.on('disconnect', () => process.exit());
`;

/** A TCP server on the loopback of another process's network, whose connections come to this process. */
export async function listenInside(pid: number, port: number): Promise<{ server: Server; end: () => void }> {
  const folder = mkdtempSync(join(tmpdir(), 'roverd-inside-'));
  const script = join(folder, 'listener.cjs');
  writeFileSync(script, LISTENER);
  const child = fork(script, [String(port)], {
    execPath: '/usr/bin/nsenter',
    execArgv: ['-t', String(pid), '--net', process.execPath],
  });
  const [, server] = (await once(child, 'message')) as [string, Server];
  rmSync(folder, { recursive: true });
  return {
    server,
    end() {
      server.close();
      if (child.connected) child.disconnect();
    },
  };
}
