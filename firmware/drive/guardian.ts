import {
  asyncScheduler,
  defer,
  type Observable,
  type SchedulerLike,
  Subject,
  type Subscription,
  startWith,
  timer,
} from 'rxjs';
import type { SilenceStep } from './drivetrain.ts';
import { type GuardianLine, type GuardianProcess, spawnGuardian } from './guardian-process.ts';
import { silenceText } from './silence.ts';

/** What a finished control tick says: the motors turn or may turn, stand still, or don't take the stop they were given. */
export type Beat = 'moving' | 'still' | 'unheeded';

export type GuardianReport =
  /** It does not run, or does not answer: nothing may move. Another is started until one is `ready`. */
  | { readonly type: 'lost'; readonly detail: string }
  | Extract<GuardianLine, { type: 'ready' | 'silencing' | 'silenced' | 'failing' | 'rearmed' }>;

/** A process without Node that silences the motors when this one can't. */
export interface Guardian {
  /** Begins with whether it runs. */
  readonly reports$: Observable<GuardianReport>;
  /** To be called after every finished control tick, and with `moving` before the first write that moves. */
  beat(beat: Beat): void;
  /** Passes `READY=1`, `STATUS=...` to the service manager, sd_notify(3); nothing where there is none. */
  notify(text: string): void;
  /** To be called with the motors stopped. Waits for its end. */
  close(): Promise<void>;
}

export interface GuardianOptions {
  /** Path of `roverd_guardian`. */
  readonly program: string;
  readonly silence: readonly SilenceStep[];
  /** Longest silence between two beats while moving, and between a beat and its answer. */
  readonly timeoutMs: number;
  readonly nowMs: () => number;
  readonly scheduler?: SchedulerLike;
}

/** Why there is no guardian, and so no motion. */
export class GuardianError extends Error {
  override readonly name = 'GuardianError';
}

const LETTERS: Readonly<Record<Beat, string>> = { moving: 'M', still: 'S', unheeded: 'U' };
const FIRST_RESTART_MS = 100;
const MAX_RESTART_MS = 5_000;
/** One that ran for this long was well: the next restart is a quick one again. */
const WELL_AFTER_MS = 10_000;
/** Until it has tried the steps, or says which of them fails. */
const START_WITHIN_MS = 5_000;
const ENDED_WELL = 'ended with 0';
const NOT_READY = 'it has not become ready';
/** It tries to silence the motors for 10 s after the end of its input. */
const END_WITHIN_MS = 11_000;
/** Between two beats this program itself may have stood still: that is no silence of the guardian's. */
const MAX_COUNTED_MS = 50;

/**
 * Starts a guardian and keeps one running.
 * @throws GuardianError when it can't be started, or can't silence the motors as they stand now
 */
export async function startGuardian(options: GuardianOptions): Promise<Guardian> {
  const keeper = new Keeper(options);
  await keeper.started();
  return keeper;
}

class Keeper implements Guardian {
  readonly #options: GuardianOptions;
  readonly #scheduler: SchedulerLike;
  readonly #reports$ = new Subject<GuardianReport>();
  readonly reports$ = defer(() =>
    this.#reports$.pipe(startWith(...(this.#standing ? [this.#standing] : []))),
  );
  #standing: Extract<GuardianReport, { type: 'ready' | 'lost' }> | null = null;
  #process: GuardianProcess | null = null;
  #readySinceMs: number | null = null;
  #failing: string | null = null;
  #restartMs = FIRST_RESTART_MS;
  #timer: Subscription | undefined;
  #beatMs: number | null = null;
  #unansweredMs = 0;
  #closing: (() => void) | null = null;
  #closed: Promise<void> | null = null;

  constructor(options: GuardianOptions) {
    this.#options = options;
    this.#scheduler = options.scheduler ?? asyncScheduler;
  }

  /** Resolves when the first guardian is ready; nothing stays behind when it rejects. */
  started(): Promise<void> {
    return new Promise((resolve, reject) => {
      const first = this.#reports$.subscribe((report) => {
        if (report.type !== 'ready' && report.type !== 'lost') return;
        first.unsubscribe();
        if (report.type === 'ready') return resolve();
        this.#timer?.unsubscribe();
        this.#process?.kill();
        reject(new GuardianError(`The guardian can't be started: ${report.detail}`));
      });
      this.#start();
      this.#after(START_WITHIN_MS, () => this.#lose(NOT_READY));
    });
  }

  beat(beat: Beat): void {
    if (this.#readySinceMs === null) return;
    const nowMs = this.#options.nowMs();
    if (this.#beatMs !== null) this.#unansweredMs += Math.min(nowMs - this.#beatMs, MAX_COUNTED_MS);
    this.#beatMs = nowMs;
    if (this.#unansweredMs > this.#options.timeoutMs) {
      this.#lose(`no answer for ${this.#options.timeoutMs} ms`);
    } else this.#process?.send(LETTERS[beat]);
  }

  notify(text: string): void {
    this.#process?.send(`notify ${text.replace(/[\r\n]+/g, ' ')}\n`);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#timer?.unsubscribe();
    await new Promise<void>((resolve) => {
      this.#closing = resolve;
      if (this.#process === null) return resolve();
      this.#process.end();
      this.#after(END_WITHIN_MS, () => this.#process?.kill());
    });
    this.#timer?.unsubscribe();
    this.#reports$.complete();
  }

  #start(): void {
    this.#failing = null;
    const process = spawnGuardian(this.#options.program, {
      line: (line) => {
        if (this.#process === process) this.#heard(line);
      },
      exited: (how) => {
        if (this.#process === process) this.#lose(how);
      },
    });
    this.#process = process;
    process.send(silenceText(this.#options.silence, this.#options.timeoutMs));
  }

  #heard(line: GuardianLine): void {
    switch (line.type) {
      case 'ack':
        this.#unansweredMs = 0;
        return;
      case 'ready':
        this.#timer?.unsubscribe();
        this.#readySinceMs = this.#options.nowMs();
        this.#standing = line;
        this.#beatMs = null;
        this.#unansweredMs = 0;
        break;
      case 'refused':
        this.#failing = line.detail;
        return;
      case 'failing':
        this.#failing = line.detail;
        break;
    }
    this.#reports$.next(line);
  }

  #lose(how: string): void {
    const { nowMs } = this.#options;
    if (this.#readySinceMs !== null && nowMs() - this.#readySinceMs > WELL_AFTER_MS) {
      this.#restartMs = FIRST_RESTART_MS;
    }
    this.#process?.kill();
    this.#process = null;
    this.#readySinceMs = null;
    const detail = this.#failing ? `${how}; ${this.#failing}` : how;
    if (this.#closing) {
      if (how !== ENDED_WELL) this.#reports$.next({ type: 'lost', detail });
      return this.#closing();
    }
    this.#after(this.#restartMs, () => {
      this.#start();
      // One that says what fails is well: it tries on, and becomes ready when the hardware does.
      this.#after(START_WITHIN_MS, () => this.#failing === null && this.#lose(NOT_READY));
    });
    this.#restartMs = Math.min(2 * this.#restartMs, MAX_RESTART_MS);
    this.#standing = { type: 'lost', detail };
    this.#reports$.next(this.#standing);
  }

  #after(ms: number, act: () => void): void {
    this.#timer?.unsubscribe();
    this.#timer = timer(ms, this.#scheduler).subscribe(act);
  }
}
