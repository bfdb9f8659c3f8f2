/**
 * `npm run synth [-- -c name=value ...]`: writes every stack's template and bundles to cloud/out (or where CDK_OUTDIR
 * says), offline, with these values of the context. It is also the app that cdk.json names, so that the CDK's command line deploys the same.
 */
import { spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildCloudPage } from '../installer/build-page.mjs';
import { bundleForNode } from '../installer/bundle.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({
  options: { context: { type: 'string', short: 'c', multiple: true, default: [] } },
});
/** As the CDK's command line passes it on. */
const context = {
  ...JSON.parse(process.env.CDK_CONTEXT_JSON ?? '{}'),
  ...Object.fromEntries(values.context.map((pair) => pair.split(/=(.*)/s).slice(0, 2))),
};
const outDir = process.env.CDK_OUTDIR ?? `${root}cloud/out`;

await buildCloudPage();
await bundleForNode({ entryPoints: ['cloud/synth.ts'], outdir: 'dist/cloud', sourcemap: 'inline' });
// What an earlier run left would be taken for a part of this one.
if (process.env.CDK_OUTDIR === undefined) await rm(outDir, { recursive: true, force: true });

const app = spawn(process.execPath, ['--enable-source-maps', 'dist/cloud/synth.js'], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, CDK_OUTDIR: outDir, CDK_CONTEXT_JSON: JSON.stringify(context) },
});
app.on('close', (code) => {
  process.exitCode = code ?? 1;
});
