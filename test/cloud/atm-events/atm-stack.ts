import { paginateScan } from '@aws-sdk/client-dynamodb';
import { BUS_NAME } from '../../../cloud/atm-events/constants.ts';
import type { ProducerResult } from '../../../cloud/atm-events/producer.lambda.ts';
import { arn } from '../../../cloud/local/desk/place.ts';
import { quiet } from '../../../cloud/local/desk/quiet.ts';
import { findEvent, readEvent, savedEvents } from '../../../cloud/local/page/saved-events.ts';
import type { QueueMessage } from '../../../cloud/local/sqs/queue.ts';
import { readStack } from '../../../cloud/local/template/assembly.ts';
import { writeAssembly } from '../assembly.ts';
import { type DeskRig, openRig } from '../local/rig.ts';

export interface AtmRig extends DeskRig {
  /** The producer with these transactions; waits until all that follows at once has happened. */
  produce(transactions: readonly unknown[]): Promise<ProducerResult>;
  /** Puts an event past the producer. */
  put(detail: unknown, busName?: string): Promise<void>;
  settled(): Promise<void>;
  /** Ids of what each consumer keeps, in order. */
  kept(): Promise<Record<string, string[]>>;
  /** Messages of a queue, by its logical id without the hash; they are taken out. */
  taken(queue: string): Promise<QueueMessage[]>;
  /** Messages that wait in queues for what failed, by queue. */
  dead(): Record<string, number>;
  /** What a function wrote about what it was given: kept, known. */
  said(label: string): string[];
}

export function saved(name: string): readonly Record<string, unknown>[] {
  const { path } = findEvent(name, savedEvents('roverd-atm-events'));
  return (readEvent(path) as { transactions: Record<string, unknown>[] }).transactions;
}

/** The stack on the desk, synthesized as `npm run synth` does. */
export async function openAtm(): Promise<AtmRig> {
  const assembly = await writeAssembly({ scenarios: 'atm-events' }, { schemas: false });
  try {
    const stack = await readStack(assembly.folder, 'atm-events');
    const desk = await openRig(stack);
    return { ...atmOn(desk), close: () => desk.close().finally(() => assembly.remove()) };
  } catch (error) {
    await assembly.remove();
    throw error;
  }
}

function atmOn(desk: DeskRig): AtmRig {
  const producer = desk.functions.all.find(({ label }) => label === 'Producer')!.arn;
  const queueNames = desk.resources
    .filter(({ type }) => type === 'AWS::SQS::Queue')
    .map(({ ref, logicalId }) => ({ logicalId, name: ref.split('/').at(-1)! }));
  const settled = async () => {
    if (!(await quiet(desk))) throw new Error('Expected what was set off to have happened');
  };
  return {
    ...desk,
    settled,
    async produce(transactions) {
      const outcome = await desk.functions.invoke(producer, { transactions });
      if (!outcome.ok) throw new Error(JSON.stringify(outcome.error));
      await settled();
      return JSON.parse(outcome.payload) as ProducerResult;
    },
    async put(detail, busName = BUS_NAME) {
      desk.buses.put({ source: 'custom.myATMapp', detailType: 'transaction', detail }, busName);
      await settled();
    },
    async kept() {
      const client = await desk.tables.client();
      const kept: Record<string, string[]> = {};
      for await (const { Items = [] } of paginateScan({ client }, { TableName: desk.outputs.KeptTable! })) {
        for (const { id, consumer } of Items) {
          const name = consumer!.S!;
          kept[name] = [...(kept[name] ?? []), id!.S!].sort();
        }
      }
      return kept;
    },
    async taken(queue) {
      const { name } = queueNames.find(({ logicalId }) => withoutHash(logicalId) === queue)!;
      const found: QueueMessage[] = [];
      for (;;) {
        const messages = await desk.queues.receive(arn('sqs', name), { max: 10, waitMs: 0 });
        if (messages.length === 0) return found;
        for (const { receiptHandle } of messages) desk.queues.remove(arn('sqs', name), receiptHandle);
        found.push(...messages);
      }
    },
    dead() {
      const filled = queueNames
        .filter(({ logicalId }) => /DeadLetters|Undelivered|FailedInvocations/.test(logicalId))
        .map(({ logicalId, name }): [string, number] => [
          withoutHash(logicalId),
          desk.queues.bodies(name).length,
        ]);
      return Object.fromEntries(filled.filter(([, count]) => count > 0));
    },
    said(label) {
      const { logGroup } = desk.functions.all.find((one) => one.label === label)!;
      return desk.logGroups.entries(logGroup).flatMap((line) => {
        const { message, transactionId, key } = entryIn(line);
        return message === undefined ? [] : [`${message} ${transactionId ?? key}`];
      });
    },
  };
}

function withoutHash(logicalId: string): string {
  return logicalId.replace(/[0-9A-F]{8}$/, '');
}

function entryIn(line: string): { message?: string; transactionId?: string; key?: string } {
  try {
    return JSON.parse(line);
  } catch {
    return {};
  }
}
