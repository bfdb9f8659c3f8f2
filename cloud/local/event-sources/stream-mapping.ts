import { createHash } from 'node:crypto';
import type { StreamRecord, TableStream } from '../dynamodb/stream.ts';
import { discard } from './discarded.ts';
import { Lane } from './lane.ts';
import { type Batching, type Mapping, type MappingOptions, newProgress } from './mapping.ts';

import { finishBatch, type StreamRetries } from './stream-batch.ts';

export interface StreamMappingConfig extends Batching, StreamRetries {
  readonly startsAt: 'TRIM_HORIZON' | 'LATEST';
  /** Batches of a shard at a time, 1 to 10. */
  readonly lanes: number;
  /** ARN of a queue or a topic; null: nobody is told what is given up. */
  readonly onFailure: string | null;
  readonly filter: (record: object) => boolean;
}

/** Records that are taken from the stream before they are in work; for each lane, beside a batch. */
const READ_AHEAD = 1000;

/**
 * Brings the changes of a table to a function. https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
 * With more than one batch at a time the changes of one item stay in order, of two items not.
 */
export class StreamMapping implements Mapping {
  readonly progress = newProgress();
  readonly #stream: TableStream;
  readonly #filter: (record: object) => boolean;
  readonly #lanes: readonly Lane[];
  readonly #roomFor: number;
  #position: number;
  #stop: (() => void) | null = null;

  constructor(stream: TableStream, config: StreamMappingConfig, options: MappingOptions) {
    const { clock, invoke } = options;
    this.#stream = stream;
    this.#filter = config.filter;
    this.#position = config.startsAt === 'LATEST' ? stream.latest : stream.trimHorizon;
    this.#roomFor = config.batchSize + READ_AHEAD;
    const discarding = {
      ...options,
      streamArn: stream.arn,
      destination: config.onFailure,
    };
    const batchOptions = {
      retries: config,
      clock,
      invoke,
      discard: (what: Parameters<typeof discard>[0]) => discard(what, discarding),
      onWait: (waiting: boolean) => {
        this.progress.planned += waiting ? 1 : -1;
      },
    };
    this.#lanes = Array.from(
      { length: config.lanes },
      () =>
        new Lane({
          ...config,
          clock,
          finish: (batch) => finishBatch(batch, batchOptions),
          onRoom: () => this.#read(),
        }),
    );
  }

  start(): void {
    this.#stop = this.#stream.onChange(() => this.#read());
    this.#read();
  }

  close(): void {
    this.#stop?.();
    this.#stop = null;
  }

  /** Every record in its lane, as long as there is room in all of them. */
  #read(): void {
    while (this.#stop && this.#lanes.every(({ held }) => held < this.#roomFor)) {
      const { records, next } = this.#stream.read(this.#position, 1);
      this.#position = next;
      if (records.length === 0) break;
      const record = records[0]!;
      if (this.#filter(record)) this.#lanes[this.#laneOf(record)]!.push(record);
    }
    this.progress.pending = this.#lanes.reduce((sum, { held }) => sum + held, 0);
  }

  #laneOf({ dynamodb }: StreamRecord): number {
    if (this.#lanes.length === 1) return 0;
    const key = JSON.stringify(Object.entries(dynamodb.Keys).sort(([a], [b]) => (a < b ? -1 : 1)));
    return createHash('sha256').update(key).digest().readUInt32BE() % this.#lanes.length;
  }
}
