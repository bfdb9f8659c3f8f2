import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { createProducer } from '../../cloud/atm-events/producer.lambda.ts';
import { compilePattern } from '../../cloud/local/events/pattern.ts';
import { writeAssembly } from '../cloud/assembly.ts';
import { saved } from '../cloud/atm-events/atm-stack.ts';
import { ofType, synthesize } from '../cloud/synthesized.ts';
import { sizeAndLoad } from './bundles.ts';
import { type Figure, figure } from './figure.ts';

const STACK = 'roverd-atm-events';
const CALLS = 300;
/** What EventBridge takes at once. */
const TRANSACTIONS = 10;
const EVENTS = 2000;

/** What the functions of the cash machines cost to load, the producer's own work, and a bus's choice on the desk. */
export async function bench(): Promise<Figure[]> {
  const assembly = await writeAssembly({ scenarios: 'atm-events' }, { schemas: false });
  try {
    const path = async (logicalId: string) => join(await assembly.bundleOf(STACK, logicalId), 'index.mjs');
    const producer = await path('Producer');
    return [
      ...(await sizeAndLoad('atm, producer', producer)),
      ...(await sizeAndLoad('atm, consumer', await path('ApprovedConsumer'))),
      ...(await sizeAndLoad('atm, objects', await path('ObjectsCreatedConsumer'))),
      figure(
        `atm: ${TRANSACTIONS} transactions checked and put, without the calls`,
        'ms',
        await puts(producer),
      ),
      figure('atm: one event held against all rules of the stack, on the desk', 'µs', matching()),
    ];
  } finally {
    await assembly.remove();
  }
}

/** Checks, sizes and requests; the bus answers at once. */
async function puts(path: string): Promise<number[]> {
  const bundle = (await import(pathToFileURL(path).href)) as { createProducer: typeof createProducer };
  const events = {
    send: async ({ input }: { input: { Entries: unknown[] } }) => ({
      Entries: input.Entries.map((_, index) => ({ EventId: `${index}` })),
    }),
  };
  const env = { BUS: 'b', UNDELIVERED_URL: 'https://sqs.example/q' };
  const produce = bundle.createProducer(env, events as unknown as Parameters<typeof createProducer>[1]);
  const write = process.stdout.write;
  process.stdout.write = () => true;
  const samples: number[] = [];
  try {
    for (let call = 0; call < CALLS; call++) {
      const transactions = Array.from({ length: TRANSACTIONS }, (_, at) => ({
        ...saved('SAMPLE')[0],
        transactionId: `${call}-${at}`,
      }));
      const start = performance.now();
      const { put } = await produce({ transactions }, { getRemainingTimeInMillis: () => 30_000 });
      samples.push(performance.now() - start);
      if (put !== TRANSACTIONS) throw new Error(`${put} were put`);
    }
  } finally {
    process.stdout.write = write;
  }
  return samples.slice(20);
}

function matching(): number[] {
  const template = synthesize(STACK, { scenarios: 'atm-events' });
  const rules = ofType(template, 'AWS::Events::Rule').map(([, { Properties }]) =>
    compilePattern(Properties.EventPattern),
  );
  const [transaction] = saved('SAMPLE');
  const samples: number[] = [];
  for (let at = 0; at < EVENTS; at++) {
    const event = {
      source: 'custom.myATMapp',
      'detail-type': 'transaction',
      detail: { ...transaction, amount: at },
    };
    const start = performance.now();
    const taken = rules.filter((matches) => matches(event)).length;
    samples.push((performance.now() - start) * 1000);
    if (taken < 2) throw new Error(`${taken} rules took it`);
  }
  return samples.slice(100);
}
