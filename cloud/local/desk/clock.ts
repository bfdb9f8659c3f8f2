/** The desk's time. Where AWS waits for minutes or days, a person or a test can let the time pass at once. */
export interface DeskClock {
  /** ms since 1970. */
  nowMs(): number;
  /** Does `work` once after `delayMs`. @returns what calls it off */
  after(delayMs: number, work: () => void): () => void;
  /** Lets time pass: what becomes due is done, in its order. Functions go by the machine's own clock. */
  skip(ms: number): void;
  /** Calls everything off, also what is asked for from then on. */
  close(): void;
}

interface Waiting {
  readonly dueMs: number;
  readonly work: () => void;
  timer: NodeJS.Timeout | null;
}

/** Longer than this a timer of Node's can't wait. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export function createClock(machineMs: () => number = Date.now): DeskClock {
  const waiting = new Set<Waiting>();
  let aheadMs = 0;
  let closed = false;
  const nowMs = () => machineMs() + aheadMs;
  const arm = (one: Waiting): void => {
    if (one.timer) clearTimeout(one.timer);
    one.timer = setTimeout(
      () => (one.dueMs > nowMs() ? arm(one) : run(one)),
      Math.min(MAX_TIMER_MS, Math.max(0, one.dueMs - nowMs())),
    );
  };
  const drop = (one: Waiting): boolean => {
    if (one.timer) clearTimeout(one.timer);
    return waiting.delete(one);
  };
  const run = (one: Waiting): void => {
    if (drop(one)) one.work();
  };
  return {
    nowMs,
    after(delayMs, work) {
      const one: Waiting = { dueMs: nowMs() + delayMs, work, timer: null };
      if (closed) return () => undefined;
      waiting.add(one);
      arm(one);
      return () => void drop(one);
    },
    skip(ms) {
      const untilMs = nowMs() + ms;
      for (;;) {
        const next = [...waiting].sort((a, b) => a.dueMs - b.dueMs)[0];
        if (!next || next.dueMs > untilMs) break;
        aheadMs += Math.max(0, next.dueMs - nowMs());
        run(next);
      }
      aheadMs += Math.max(0, untilMs - nowMs());
      for (const one of waiting) arm(one);
    },
    close() {
      closed = true;
      for (const one of [...waiting]) drop(one);
    },
  };
}
