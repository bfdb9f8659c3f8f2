import { readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { run } from '../cloud/assembly.ts';
import { type Figure, figure } from './figure.ts';

export interface BundleLimits {
  readonly gzippedKiB: number;
  readonly loadMs: number;
}

/**
 * How large a function's bundle is, and how long it takes to load.
 * @param limits what a median must not exceed; without, the figures have no target
 */
export async function sizeAndLoad(
  name: string,
  path: string,
  { limits, loads = 21 }: { readonly limits?: BundleLimits; readonly loads?: number } = {},
): Promise<Figure[]> {
  const gzippedKiB = gzipSync(await readFile(path), { level: 9 }).byteLength / 1024;
  return [
    figure(`${name}: size, gzipped`, 'KiB', [gzippedKiB], limits ? { median: limits.gzippedKiB } : {}),
    figure(
      `${name}: to load in a fresh process`,
      'ms',
      await loadTimes(path, loads),
      limits ? { median: limits.loadMs } : {},
    ),
  ];
}

async function loadTimes(path: string, count: number): Promise<number[]> {
  const script = `const start = performance.now();
    await import(${JSON.stringify(pathToFileURL(path).href)});
    console.log(performance.now() - start);`;
  const samples: number[] = [];
  for (let i = 0; i < count; i++) {
    const { code, output } = await run(['--input-type=module', '-e', script], { NODE_NO_WARNINGS: '1' });
    if (code !== 0) throw new Error(output);
    samples.push(Number(output));
  }
  return samples;
}
