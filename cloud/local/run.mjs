/**
 * `npm run cloud:local -- STACK [options]`: bundles the desk and runs it. See README.md beside this file.
 */
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build, stop } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));

await build({
  absWorkingDir: root,
  entryPoints: { local: 'cloud/local/main.ts' },
  outdir: 'dist/cloud',
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  packages: 'external',
  sourcemap: 'inline',
  logLevel: 'warning',
});
await stop();
process.setSourceMapsEnabled(true);
// The SDK is used against engines of this machine only.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
await import(pathToFileURL(`${root}dist/cloud/local.js`).href);
