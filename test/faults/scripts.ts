import { build } from 'esbuild';
import { packageRoot } from '../../config/paths.ts';

/** Programs that the trials start beside the robot: bundled to where they are looked for, dist/test/. */
const SCRIPTS = ['faults/link-client', 'bench/viewers-process', 'bench/ws-client'];

export async function bundleScripts(): Promise<void> {
  await build({
    absWorkingDir: packageRoot(),
    entryPoints: SCRIPTS.map((name) => `test/${name}.ts`),
    outbase: 'test',
    outdir: 'dist/test',
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    logLevel: 'warning',
  });
}
