import type { DeskClock } from '../desk/clock.ts';
import type { DeskLog } from '../desk/log.ts';
import type { Targets } from '../desk/targets.ts';
import type { FunctionConfig } from '../lambda/functions.ts';
import type { Tried } from './again.ts';

/** How records become batches. */
export interface Batching {
  readonly batchSize: number;
  /** How long a batch is waited for that is not full, from its first record on. */
  readonly windowMs: number;
  /** The function says which records of a batch failed. */
  readonly reportsFailures: boolean;
}

export interface MappingOptions {
  readonly config: FunctionConfig;
  /** Gives no answer any more when the mapping was closed meanwhile. */
  readonly invoke: (records: readonly object[]) => Promise<Tried>;
  readonly targets: Targets;
  readonly clock: DeskClock;
  readonly log: DeskLog;
}

export interface Progress {
  /** Records that were read and are not done with. */
  pending: number;
  /** Batches that wait for the time of their next try. */
  planned: number;
}

/** What brings records from a stream or a queue to a function. */
export interface Mapping {
  readonly progress: Readonly<Progress>;
  start(): void;
  close(): void;
}

export function newProgress(): Progress {
  return { pending: 0, planned: 0 };
}
