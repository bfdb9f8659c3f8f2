import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { createPublish } from '../../cloud/robot/publish.lambda.ts';
import { run, writeAssembly } from '../cloud/assembly.ts';
import { KEYS, startBrokerEndpoint } from '../cloud/broker-endpoint.ts';
import { apiEvent } from '../cloud/robot/events.ts';
import { type Figure, figure } from './figure.ts';

const LOADS = 21;
const CALLS = 1_000;
const MAX_GZIPPED_KIB = 60;
const MAX_LOAD_MS = 40;

/** What stands in the way of a command in the cloud: the functions that are deployed, as they are bundled. */
export async function bench(): Promise<Figure[]> {
  const assembly = await writeAssembly();
  try {
    const publish = join(await assembly.bundleOf('roverd-robot', 'ApiPublish'), 'index.mjs');
    const authorizer = join(await assembly.bundleOf('roverd-robot', 'ApiAuthorize'), 'index.mjs');
    return [
      ...(await sizeAndLoad('publish function', publish)),
      ...(await sizeAndLoad('authorizer', authorizer)),
      figure('publish function: a call, endpoint on this machine', 'ms', await calls(publish)),
    ];
  } finally {
    await assembly.remove();
  }
}

async function sizeAndLoad(name: string, path: string): Promise<Figure[]> {
  const gzippedKiB = gzipSync(await readFile(path), { level: 9 }).byteLength / 1024;
  return [
    figure(`${name}: size, gzipped`, 'KiB', [gzippedKiB], { median: MAX_GZIPPED_KIB }),
    figure(`${name}: to load in a fresh process`, 'ms', await loads(path), { median: MAX_LOAD_MS }),
  ];
}

async function loads(path: string): Promise<number[]> {
  const script = `const start = performance.now();
    await import(${JSON.stringify(pathToFileURL(path).href)});
    console.log(performance.now() - start);`;
  const samples: number[] = [];
  for (let i = 0; i < LOADS; i++) {
    const { code, output } = await run(['--input-type=module', '-e', script]);
    if (code !== 0) throw new Error(output);
    samples.push(Number(output));
  }
  return samples;
}

/** One after the other over one kept connection, each signed and each signature checked. */
async function calls(path: string): Promise<number[]> {
  const broker = await startBrokerEndpoint();
  const bundle = (await import(pathToFileURL(path).href)) as { createPublish: typeof createPublish };
  const publish = bundle.createPublish({ ...KEYS, ROBOTS: 'sts-pi', IOT_ENDPOINT: broker.url });
  const write = process.stdout.write;
  process.stdout.write = () => true;
  const samples: number[] = [];
  try {
    for (let i = 0; i < CALLS; i++) {
      const event = apiEvent(JSON.stringify({ drive: { linear: 0.5, angular: 0 }, seq: i }));
      const start = performance.now();
      const { statusCode } = await publish(event);
      samples.push(performance.now() - start);
      if (statusCode !== 200) throw new Error(`a call answered ${statusCode}`);
    }
  } finally {
    process.stdout.write = write;
    await broker.close();
  }
  return samples.slice(50);
}
