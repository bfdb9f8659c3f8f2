/** What every program of the project that runs under Node is bundled with: tests, benchmarks, synthesis, the desk. */
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));

/** @param options of esbuild that come on top: entryPoints, outdir and the like */
export function bundleForNode(options) {
  return build({
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    logLevel: 'warning',
    ...options,
  });
}

/** Bundles of test/ go to dist/test, each under its own path. `version` is what they take for the program's. */
export function bundleTests(entryPoints, version, options = {}) {
  return bundleForNode({
    entryPoints,
    outbase: 'test',
    outdir: 'dist/test',
    define: { ROVERD_VERSION: JSON.stringify(version) },
    ...options,
  });
}
