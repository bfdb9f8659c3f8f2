/** Least time between two commands to drive: half the robot's default watchdog. */
export const DRIVE_EVERY_MS = 200;
/** Requests on their way at once; more only when stopping. */
const MAX_UNDERWAY = 3;
/** Life of a command to drive: request and broker take longer than a data channel. */
const LIFE_MS = 700;
/** An emergency stop is tried so often, and the pause between. */
const STOP_TRIES = 4;
const STOP_PAUSE_MS = 500;

export interface MessagesOptions {
  /** Resolves once the broker has it. */
  readonly publish: (text: string) => Promise<void>;
  /** The page's clock, ms. */
  readonly nowMs: () => number;
  readonly after: (ms: number, call: () => void) => () => void;
  /** A command went astray; of an emergency stop, the last try. */
  readonly failed: (error: unknown) => void;
  readonly stopped: () => void;
}

/**
 * Commands by `POST /publish`, for when the data channel is not open. To drive: the newest only, at a pace that the
 * API takes. A stop goes at once and drops what waits.
 */
export class Messages {
  readonly #options: MessagesOptions;
  #waiting: string | null = null;
  #cancel: (() => void) | null = null;
  #lastMs = Number.NEGATIVE_INFINITY;
  #underway = 0;

  constructor(options: MessagesOptions) {
    this.#options = options;
  }

  /** Takes one command; false when it is of a kind that must not come late. */
  send(text: string): boolean {
    const command = JSON.parse(text) as Record<string, unknown>;
    if ('reset' in command) return false;
    if ('drive' in command) {
      this.#waiting = JSON.stringify({ ...command, ttlMs: Math.max(LIFE_MS, Number(command.ttlMs ?? 0)) });
      this.#pump();
      return true;
    }
    this.#drop();
    void this.#stop(text, 'estop' in command ? STOP_TRIES : 1, 'estop' in command);
    return true;
  }

  /** Drops what waits. */
  close(): void {
    this.#drop();
  }

  #drop(): void {
    this.#waiting = null;
    this.#cancel?.();
    this.#cancel = null;
  }

  #pump(): void {
    if (this.#waiting === null || this.#cancel || this.#underway >= MAX_UNDERWAY) return;
    const { nowMs, after, publish, failed } = this.#options;
    const waitMs = this.#lastMs + DRIVE_EVERY_MS - nowMs();
    if (waitMs > 0) {
      this.#cancel = after(waitMs, () => {
        this.#cancel = null;
        this.#pump();
      });
      return;
    }
    const text = this.#waiting;
    this.#waiting = null;
    this.#lastMs = nowMs();
    this.#underway += 1;
    void publish(text)
      .catch(failed)
      .finally(() => {
        this.#underway -= 1;
        this.#pump();
      });
  }

  async #stop(text: string, tries: number, tell: boolean): Promise<void> {
    const { after, publish, failed, stopped } = this.#options;
    for (let left = tries; left > 0; left--) {
      try {
        await publish(text);
        if (tell) stopped();
        return;
      } catch (error) {
        if (left === 1) return failed(error);
        await new Promise<void>((resolve) => after(STOP_PAUSE_MS, resolve));
      }
    }
  }
}
