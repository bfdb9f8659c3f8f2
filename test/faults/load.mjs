/** Bundles table.ts for the scripts of this folder, which run without types. */
import { fileURLToPath, pathToFileURL } from 'node:url';
import { bundleTests } from '../../installer/bundle.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

export async function loadTable() {
  await bundleTests(['test/faults/table.ts'], 'faults');
  const table = await import(pathToFileURL(`${root}dist/test/faults/table.js`).href);
  await table.bundleScripts();
  return table;
}
