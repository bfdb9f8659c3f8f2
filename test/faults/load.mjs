/** Bundles table.ts for the scripts of this folder, which run without types. */
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));

export async function loadTable() {
  await build({
    absWorkingDir: root,
    entryPoints: ['test/faults/table.ts'],
    outbase: 'test',
    outdir: 'dist/test',
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    logLevel: 'warning',
    define: { ROVERD_VERSION: '"faults"' },
  });
  const table = await import(pathToFileURL(`${root}dist/test/faults/table.js`).href);
  await table.bundleScripts();
  return table;
}
