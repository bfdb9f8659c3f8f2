import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import sirv from 'sirv';
import { knownHosts } from './auth.ts';
import { createRequestHandler } from './requests.ts';
import type { RobotAccess, TeleopOptions } from './robot-access.ts';
import { Sockets } from './sockets.ts';

export interface TeleopServer {
  /** `http://localhost:8080`, or with TLS and the host as configured. */
  readonly address: string;
  readonly connections: number;
  close(): Promise<void>;
}

/** Requests that are not WebSockets need few connections besides; this bounds both together. */
const SPARE_CONNECTIONS = 64;

/**
 * Serves page, API and WebSocket, and listens when this resolves.
 * @throws Error when the port is taken (EADDRINUSE) or the address is not this machine's
 */
export async function startTeleop(robot: RobotAccess, options: TeleopOptions): Promise<TeleopServer> {
  const hosts = knownHosts(options.host, options.allowedHosts);
  const serveFile = sirv(options.pageDir, { etag: true, dev: false, single: false });
  const handler = createRequestHandler(robot, options, hosts, serveFile);
  const limits = {
    maxHeaderSize: 8 * 1024,
    headersTimeout: 5_000,
    requestTimeout: 10_000,
    keepAliveTimeout: 5_000,
  };
  const server = options.tls
    ? createHttpsServer({ ...limits, cert: options.tls.cert, key: options.tls.key }, handler)
    : createHttpServer(limits, handler);
  server.maxConnections = options.maxConnections + SPARE_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  server.on('error', (error) => robot.logger.error({ err: error }, 'teleop server'));
  const sockets = new Sockets(server, robot, options, hosts);
  const { port } = server.address() as AddressInfo;
  return {
    address: `${options.tls ? 'https' : 'http'}://${urlHost(options.host)}:${port}`,
    get connections() {
      return sockets.size;
    },
    async close() {
      sockets.close();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeIdleConnections();
      const grace = setTimeout(() => server.closeAllConnections(), 500);
      await closed;
      clearTimeout(grace);
    },
  };
}

function urlHost(host: string): string {
  if (['127.0.0.1', '::1', '0.0.0.0', '::'].includes(host)) return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}
