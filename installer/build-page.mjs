/** Bundles the pages: that of the robot, one but for the script in the cloud, and that of the desk. */
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

const STATIC = 'firmware/teleop/page/static';
export const buildPage = () => page('firmware/teleop/page/main.ts', 'dist/page', STATIC);
export const buildCloudPage = () => page('firmware/teleop/page/cloud/main.ts', 'dist/cloud-page', STATIC);
export const buildDeskPage = () =>
  page('cloud/local/page/app.ts', 'dist/cloud/desk-page', 'cloud/local/page/static');

/** @param files the folder whose content goes along */
async function page(entryPoint, outdir, files) {
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
  await cp(`${root}${files}`, `${root}${outdir}`, { recursive: true });
}
