import type { Chips } from '../chips/chips.ts';
import type { ChipMotors } from './motors.ts';

/** What all the trials of one fault have shown. Times from the fault until both motors stand for good. */
export interface Result {
  readonly fault: string;
  /** From what to what the times are taken, in words. */
  readonly measured: string;
  readonly trials: number;
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly boundMs: number;
  /** Whether the motors stood after every trial, and did not move again by themselves. */
  readonly stopped: boolean;
}

/** What a fault is brought about in: a robot with motors on `chips`, and someone who drives it. */
export interface Bench {
  /** Full speed: resolves when the chip says so. */
  drive(): Promise<void>;
  /** After the fault has been mended: nobody asks for motion any more. */
  rest?(): void;
  close(): Promise<void>;
}

export interface Stage {
  readonly chips: Chips;
  readonly motors: ChipMotors;
}

export interface Row<B extends Bench = Bench> {
  readonly fault: string;
  readonly measured: string;
  readonly boundMs: number;
  /** In the whole table, and in the short form that runs with the tests. */
  readonly trials: number;
  readonly shortTrials: number;
  /** Benches side by side; 1. More where a trial is mostly waiting. */
  readonly lanes?: number;
  /** Trials until a bench is used up; else it serves for all. */
  readonly lasts?: number;
  /** How long is watched for motion after the motors stand, in the first trial of a lane and every twentieth after it; 300. */
  readonly watchMs?: number;
  open(stage: Stage): Promise<B>;
  /** Brings the fault about while the motors turn, and gives the moment right before. */
  inject(bench: B, stage: Stage): Promise<bigint>;
  /** Takes the fault back when the motors stand. */
  mend?(bench: B, stage: Stage): Promise<void>;
  /** Why it can't be tried on this machine, or null. */
  missing?(): string | null;
}

/** A row with the type of its bench kept to itself. */
export type AnyRow = Omit<Row, 'open' | 'inject' | 'mend'> & {
  open(stage: Stage): Promise<Opened>;
};
export interface Opened extends Bench {
  inject(): Promise<bigint>;
  mend(): Promise<void>;
}

export function row<B extends Bench>(given: Row<B>): AnyRow {
  return {
    ...given,
    async open(stage) {
      const bench = await given.open(stage);
      return {
        drive: () => bench.drive(),
        rest: () => bench.rest?.(),
        close: () => bench.close(),
        inject: () => given.inject(bench, stage),
        mend: async () => given.mend?.(bench, stage),
      };
    },
  };
}
