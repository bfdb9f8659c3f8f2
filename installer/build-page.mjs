/** Bundles the page: one but for the script, for the robot that serves it and for the cloud. */
import { cp, mkdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

export const root = fileURLToPath(new URL('..', import.meta.url));
const { version } = JSON.parse(await readFile(`${root}package.json`, 'utf8'));

export const common = {
  absWorkingDir: root,
  bundle: true,
  format: 'esm',
  sourcemap: true,
  logLevel: 'warning',
  define: { ROVERD_VERSION: JSON.stringify(version) },
};

export const buildPage = () => page('firmware/teleop/page/main.ts', 'dist/page');
export const buildCloudPage = () => page('firmware/teleop/page/cloud/main.ts', 'dist/cloud-page');

async function page(entryPoint, outdir) {
  await build({
    ...common,
    entryPoints: { app: entryPoint },
    outdir,
    platform: 'browser',
    target: 'es2022',
    minify: true,
    // AWS's signaling client is made for Node as well.
    define: { ...common.define, global: 'globalThis', 'process.env.PACKAGE_VERSION': '""' },
  });
  await mkdir(`${root}${outdir}`, { recursive: true });
  await cp(`${root}firmware/teleop/page/static`, `${root}${outdir}`, { recursive: true });
}
