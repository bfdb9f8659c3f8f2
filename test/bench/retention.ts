import { join } from 'node:path';
import { GetObjectTaggingCommand } from '@aws-sdk/client-s3';
import type { DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import { FieldBlanker } from '../../cloud/retention/blank-fields.lambda-shared.ts';
import { BATCH_SIZE } from '../../cloud/retention/constants.ts';
import { type Deployed, deploy } from '../cloud/retention/deployed.ts';
import { BUCKET } from '../cloud/retention/lake.ts';
import { mostResidentMiB, putLarge, rowOf } from '../cloud/retention/large.ts';
import { sizeAndLoad } from './bundles.ts';
import { type Figure, figure } from './figure.ts';

const LARGE_MIB = 2048;
const MIDDLE_MIB = 128;
const MIDDLE_ROUNDS = 3;
const BATCHES = 50;
const ROWS_A_SMALL_OBJECT = 100;
const MAX_RESIDENT_MIB = 256;
const BLANKER_MB = 200;

/** What rewriting takes: by the deployed function, in a process of its own, against buckets on this machine's disk. */
export async function bench(): Promise<Figure[]> {
  const deployed = await deploy();
  try {
    const figures: Figure[] = [];
    for (const name of ['Schedule', 'Rewrite']) {
      const path = join(await deployed.assembly.bundleOf('roverd-retention', `Expiry${name}`), 'index.mjs');
      figures.push(...(await sizeAndLoad(`retention, ${name.toLowerCase()}`, path, { loads: 11 })));
    }
    return [...figures, ...blanker(), ...(await objects(deployed)), ...(await large(deployed))];
  } finally {
    await deployed.close();
  }
}

/** The part that is ours alone, by lines of two lengths. */
function blanker(): Figure[] {
  return [
    ['850 bytes', undefined],
    ['130 bytes', 'c2VjcmV0'],
  ].map(([what, contents]) => {
    const chunk = Buffer.from(Array.from({ length: 100 }, (_, id) => rowOf(id, contents)).join(''));
    const samples: number[] = [];
    for (let round = 0; round < 5; round++) {
      const one = new FieldBlanker(['file_contents']);
      const start = performance.now();
      for (let bytes = 0; bytes < BLANKER_MB * 1e6; bytes += chunk.length) one.push(chunk);
      samples.push(one.lines / (performance.now() - start));
    }
    return figure(`retention: blanking alone, lines of ${what}`, 'lines/ms', samples);
  });
}

/** Many small objects, in batches as the mapping has them. */
async function objects(deployed: Deployed): Promise<Figure[]> {
  const body = Array.from({ length: ROWS_A_SMALL_OBJECT }, (_, id) => rowOf(id)).join('');
  const samples: number[] = [];
  for (let batch = 0; batch < BATCHES; batch++) {
    const keys = Array.from({ length: BATCH_SIZE }, (_, at) => `dataset/small-${batch}-${at}.json`);
    const etags = await Promise.all(keys.map((key) => deployed.put(key, body)));
    const start = performance.now();
    await rewrite(
      deployed,
      keys.map((key, at) => [key, etags[at]!] as const),
    );
    samples.push((BATCH_SIZE * 1000) / (performance.now() - start));
  }
  const name = `retention: objects of ${ROWS_A_SMALL_OBJECT} lines, ${BATCH_SIZE} a batch`;
  return [figure(name, 'objects/s', samples.slice(5))];
}

async function large(deployed: Deployed): Promise<Figure[]> {
  const linesPerS: number[] = [];
  const one = async (key: string, sizeMiB: number) => {
    const { etag, rows } = await putLarge(deployed.s3, BUCKET, key, sizeMiB);
    const start = performance.now();
    await rewrite(deployed, [[key, etag]]);
    linesPerS.push((rows * 1000) / (performance.now() - start));
  };
  for (let round = 0; round < MIDDLE_ROUNDS; round++) await one(`dataset/middle-${round}.json`, MIDDLE_MIB);
  await one('dataset/large.json', LARGE_MIB);
  return [
    figure(`retention: lines of an object of ${MIDDLE_MIB} MiB or more, end to end`, 'lines/s', linesPerS),
    figure(`retention: resident memory, object of ${LARGE_MIB} MiB`, 'MiB', [mostResidentMiB('Rewrite')], {
      median: MAX_RESIDENT_MIB,
    }),
  ];
}

/** Has the function rewrite objects as when their items expired. @throws Error when one was not */
async function rewrite(
  { desk, s3 }: Deployed,
  wanted: readonly (readonly [key: string, etag: string])[],
): Promise<void> {
  const Records = wanted.map(
    ([key, etag], at): DynamoDBRecord => ({
      eventName: 'REMOVE',
      userIdentity: { type: 'Service', principalId: 'dynamodb.amazonaws.com' },
      dynamodb: {
        SequenceNumber: `${at}`,
        OldImage: { path: { S: `s3://${BUCKET}/${key}` }, etag: { S: etag }, ttl: { N: '1' } },
      },
    }),
  );
  const { arn } = desk.functions.all.find(({ name }) => name.includes('Rewrite'))!;
  const outcome = await desk.functions.invoke(arn, { Records } satisfies DynamoDBStreamEvent);
  if (!outcome.ok) throw new Error(outcome.error.errorMessage);
  const [[Key]] = wanted as [(typeof wanted)[0]];
  const { TagSet = [] } = await s3.send(new GetObjectTaggingCommand({ Bucket: BUCKET, Key }));
  if (TagSet.length === 0) throw new Error(`${Key} was not rewritten`);
}
