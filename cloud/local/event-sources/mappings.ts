import type { View } from '../desk/views.ts';
import type { TableStream } from '../dynamodb/stream.ts';
import type { Functions } from '../lambda/functions.ts';
import type { Queues } from '../sqs/queues.ts';
import { invokeWith } from './again.ts';
import type { Mapping, MappingOptions } from './mapping.ts';
import { QueueMapping, type QueueMappingConfig } from './queue-mapping.ts';

import { StreamMapping, type StreamMappingConfig } from './stream-mapping.ts';

export type MappingsOptions = Omit<MappingOptions, 'config' | 'invoke'> & {
  readonly functions: Functions;
  readonly queues: Queues;
};

interface Made {
  readonly source: string;
  readonly to: string;
  readonly mapping: Mapping;
  readonly enabled: boolean;
}

/** The event source mappings of the template. They rest until all of it is there. */
export class EventSourceMappings {
  readonly #options: MappingsOptions;
  readonly #made: Made[] = [];
  #closed = false;

  constructor(options: MappingsOptions) {
    this.#options = options;
  }

  addStream(
    functionArn: string,
    stream: TableStream,
    config: StreamMappingConfig & { readonly enabled: boolean },
  ): void {
    this.#add(
      functionArn,
      stream.arn,
      config.enabled,
      (options) => new StreamMapping(stream, config, options),
    );
  }

  addQueue(functionArn: string, config: QueueMappingConfig & { readonly enabled: boolean }): void {
    const { queues } = this.#options;
    this.#add(
      functionArn,
      config.queueArn,
      config.enabled,
      (options) => new QueueMapping(queues, config, options),
    );
  }

  start(): void {
    for (const { mapping, enabled } of this.#made) if (enabled) mapping.start();
  }

  /** Records and messages that were read and are not done with. */
  get pending(): number {
    return this.#made.reduce((sum, { mapping }) => sum + mapping.progress.pending, 0);
  }

  /** Batches that wait for the time of their next try. */
  get planned(): number {
    return this.#made.reduce((sum, { mapping }) => sum + mapping.progress.planned, 0);
  }

  view(): View {
    return {
      title: 'Event source mappings',
      columns: ['source', 'function', 'in work', 'waiting to be tried again'],
      rows: async () =>
        this.#made.map(({ source, to, mapping: { progress }, enabled }) => [
          source.split(':').at(-1)!,
          to,
          enabled ? `${progress.pending}` : 'disabled',
          `${progress.planned}`,
        ]),
    };
  }

  close(): void {
    this.#closed = true;
    for (const { mapping } of this.#made) mapping.close();
  }

  #add(
    functionArn: string,
    source: string,
    enabled: boolean,
    make: (options: MappingOptions) => Mapping,
  ): void {
    const { functions } = this.#options;
    const config = functions.config(functionArn);
    const invoke = async (records: readonly object[]) => {
      const tried = await invokeWith(functions, functionArn, records);
      return this.#closed ? new Promise<never>(() => undefined) : tried;
    };
    this.#made.push({
      source,
      to: config.label,
      enabled,
      mapping: make({ ...this.#options, config, invoke }),
    });
  }
}
