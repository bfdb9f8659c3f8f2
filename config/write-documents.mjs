/** `npm run docs:config`: writes README.md and roverd.sample.json of this folder from the schema. */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const bundle = await build({
  entryPoints: [fileURLToPath(new URL('document.ts', import.meta.url))],
  bundle: true,
  format: 'esm',
  platform: 'node',
  write: false,
});
const code = Buffer.from(bundle.outputFiles[0].contents).toString('base64');
const { configReadme, sampleConfig } = await import(`data:text/javascript;base64,${code}`);

await writeFile(new URL('README.md', import.meta.url), configReadme());
await writeFile(new URL('roverd.sample.json', import.meta.url), sampleConfig());
