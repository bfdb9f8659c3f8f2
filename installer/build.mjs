/**
 * Bundles the runtime, the simulator's camera worker and the page into dist/.
 * The runtime starts from these bundles, never through a transpiler.
 */
import { build } from 'esbuild';
import { buildCloudPage, buildPage, common } from './build-page.mjs';

/** CommonJS packages inside an ES module bundle still call require(). */
const requireBanner = "import{createRequire as $cr}from'node:module';const require=$cr(import.meta.url);";

async function runtime() {
  await build({
    ...common,
    entryPoints: { roverd: 'firmware/main.ts', 'camera-worker': 'firmware/simulator/camera-worker.ts' },
    outdir: 'dist',
    platform: 'node',
    target: 'node20',
    minifySyntax: true,
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    // Found by their own paths: addons, what loads addons, and plug-ins that a configuration names.
    external: ['node-datachannel', 'i2c-bus', 'johnny-five', 'raspi-io', 'aws-iot-device-sdk-v2'],
    banner: { js: requireBanner },
  });
}

await Promise.all([runtime(), buildPage(), buildCloudPage()]);
