import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { createPublish } from '../../cloud/robot/publish.lambda.ts';
import { writeAssembly } from '../cloud/assembly.ts';
import { KEYS, startBrokerEndpoint } from '../cloud/broker-endpoint.ts';
import { apiEvent } from '../cloud/robot/events.ts';
import { sizeAndLoad } from './bundles.ts';
import { type Figure, figure } from './figure.ts';

const CALLS = 1_000;
const LIMITS = { gzippedKiB: 60, loadMs: 40 };

/** What stands in the way of a command in the cloud: the functions that are deployed, as they are bundled. */
export async function bench(): Promise<Figure[]> {
  const assembly = await writeAssembly({ scenarios: 'robot' }, { schemas: false });
  try {
    const publish = join(await assembly.bundleOf('roverd-robot', 'ApiPublish'), 'index.mjs');
    const authorizer = join(await assembly.bundleOf('roverd-robot', 'ApiAuthorize'), 'index.mjs');
    return [
      ...(await sizeAndLoad('publish function', publish, { limits: LIMITS })),
      ...(await sizeAndLoad('authorizer', authorizer, { limits: LIMITS })),
      figure('publish function: a call, endpoint on this machine', 'ms', await calls(publish)),
    ];
  } finally {
    await assembly.remove();
  }
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
