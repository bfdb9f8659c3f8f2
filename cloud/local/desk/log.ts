/** What the desk says, and when what happened. */
export interface DeskLog {
  /** @param source who says it: a function, an API, the broker */
  line(source: string, text: string): void;
  /** A command passed a step of its way. The time, in ms, is that of CLOCK_MONOTONIC: the same in every process. */
  step(step: Step): void;
}

export type Step =
  | 'received'
  | 'authorized'
  | 'validated'
  | 'invoked'
  | 'published'
  | 'returned'
  | 'answered';

export function createLog(
  onLine: (source: string, text: string) => void,
  onStep: (step: Step, atMs: number) => void = () => undefined,
): DeskLog {
  return {
    line(source, text) {
      for (const line of text.split('\n')) if (line !== '') onLine(source, line);
    },
    step: (step) => onStep(step, Number(process.hrtime.bigint()) / 1e6),
  };
}
