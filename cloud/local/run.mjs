/**
 * `npm run cloud:local -- STACK [options]`: bundles the desk and runs it. See README.md beside this file.
 */
import { fileURLToPath, pathToFileURL } from 'node:url';
import { stop } from 'esbuild';
import { buildDeskPage } from '../../installer/build-page.mjs';
import { bundleForNode } from '../../installer/bundle.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

await buildDeskPage();
await bundleForNode({
  entryPoints: { local: 'cloud/local/main.ts' },
  outdir: 'dist/cloud',
  sourcemap: 'inline',
});
await stop();
process.setSourceMapsEnabled(true);
// The SDK is used against engines of this machine only.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
await import(pathToFileURL(`${root}dist/cloud/local.js`).href);
