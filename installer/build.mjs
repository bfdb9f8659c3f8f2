/**
 * Bundles the runtime, the simulator's camera worker and the page into dist/.
 * The runtime starts from these bundles, never through a transpiler.
 */
import { cp, mkdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const { version } = JSON.parse(await readFile(`${root}package.json`, 'utf8'));

/** CommonJS packages inside an ES module bundle still call require(). */
const requireBanner = "import{createRequire as $cr}from'node:module';const require=$cr(import.meta.url);";

const common = {
  absWorkingDir: root,
  bundle: true,
  format: 'esm',
  sourcemap: true,
  logLevel: 'warning',
  define: { ROVERD_VERSION: JSON.stringify(version) },
};

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

async function page() {
  await build({
    ...common,
    entryPoints: { app: 'firmware/teleop/page/main.ts' },
    outdir: 'dist/page',
    platform: 'browser',
    target: 'es2022',
    minify: true,
  });
  await mkdir(`${root}dist/page`, { recursive: true });
  await cp(`${root}firmware/teleop/page/static`, `${root}dist/page`, { recursive: true });
}

await Promise.all([runtime(), page()]);
