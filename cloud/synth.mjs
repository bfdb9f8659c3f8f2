/**
 * `npm run synth`: writes every stack's template and bundles to cloud/out (or where CDK_OUTDIR says), offline.
 * It is also the app that cdk.json names, so that the CDK's command line deploys the same.
 */
import { spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const outDir = process.env.CDK_OUTDIR ?? `${root}cloud/out`;

await build({
  absWorkingDir: root,
  entryPoints: ['cloud/synth.ts'],
  outdir: 'dist/cloud',
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  packages: 'external',
  sourcemap: 'inline',
  logLevel: 'warning',
});
// What an earlier run left would be taken for a part of this one.
if (process.env.CDK_OUTDIR === undefined) await rm(outDir, { recursive: true, force: true });

const app = spawn(process.execPath, ['--enable-source-maps', 'dist/cloud/synth.js'], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, CDK_OUTDIR: outDir },
});
app.on('close', (code) => {
  process.exitCode = code ?? 1;
});
