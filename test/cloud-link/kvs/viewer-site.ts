import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { build } from 'esbuild';
import { packageRoot } from '../../../config/paths.ts';

const PAGE =
  '<!doctype html><title>KVS viewer</title><video muted playsinline></video><script src="/viewer.js"></script>';

/** Serves the viewer's page from loopback, where browsers grant what its signatures need (a secure context). */
export async function startViewerSite(): Promise<{ readonly url: string; close(): Promise<void> }> {
  const { outputFiles } = await build({
    absWorkingDir: packageRoot(),
    entryPoints: ['test/cloud-link/kvs/viewer-page.ts'],
    bundle: true,
    write: false,
    platform: 'browser',
    format: 'iife',
    target: 'es2022',
    define: { global: 'globalThis', 'process.env.PACKAGE_VERSION': '""' },
    logLevel: 'error',
  });
  const script = outputFiles[0]!.contents;
  const server = createServer((request, response) => {
    const isScript = request.url === '/viewer.js';
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
    response.end(isScript ? script : PAGE);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
