import {
  asyncScheduler,
  firstValueFrom,
  fromEvent,
  map,
  merge,
  type SchedulerLike,
  throwError,
  timeout,
} from 'rxjs';

/** How long a board may take until it is ready: one with Firmata starts anew when its port is opened. */
export const READY_WITHIN_MS = 15_000;

/** What of an IO plugin of johnny-five is used here (github.com/rwaldron/io-plugins). */
export interface IoPlugin extends Readied {
  readonly isReady: boolean;
  readonly MODES: { readonly PWM: number };
  pinMode(pin: string | number, mode: number): void;
  /** @param value 0..255 */
  pwmWrite(pin: string | number, value: number): void;
  /** Some have it. */
  close?(): void;
}

/** Any emitter that tells when it is ready, and what went wrong before. */
export interface Readied {
  addListener(event: string | symbol, listener: (data: unknown) => void): this;
  removeListener(event: string | symbol, listener: (data: unknown) => void): this;
}

/**
 * Loads a plugin and constructs it; it need not be ready yet.
 * @param name of its npm package
 * @throws Error when it is not installed, or can't be constructed on this machine
 */
export async function loadIoPlugin(name: string, options: object): Promise<IoPlugin> {
  let exported: Readonly<Record<string, unknown>>;
  try {
    exported = (await import(name)) as Readonly<Record<string, unknown>>;
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const missing = code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
    const mend = missing ? `it is not installed (npm install ${name})` : message;
    throw new Error(`Can't load the IO plugin ${name}: ${mend}`, { cause });
  }
  // The class is what a package exports, or, as in raspi-io, the only function among its exports.
  const candidates = [exported.default, ...Object.values(exported), ...Object.values(exported.default ?? {})];
  const Plugin = candidates.find((candidate) => typeof candidate === 'function');
  if (Plugin === undefined)
    throw new Error(`Expected ${name} to export an IO plugin but it exports no class`);
  try {
    return new (Plugin as new (options: object) => IoPlugin)(options);
  } catch (cause) {
    throw new Error(`The IO plugin ${name} does not start: ${(cause as Error).message}`, { cause });
  }
}

/**
 * @param board tells when it is ready
 * @param parts may fail before
 * @throws Error when one fails, or the board is not ready within 15 s
 */
export async function untilReady(
  what: string,
  board: Readied,
  parts: readonly Readied[] = [board],
  scheduler: SchedulerLike = asyncScheduler,
): Promise<void> {
  const failures = parts.flatMap((part) => [fromEvent(part, 'error'), fromEvent(part, 'fail')]);
  const failed = merge(...failures).pipe(
    map((event) => {
      throw new Error(`${what} does not start: ${messageOf(event)}`);
    }),
  );
  const late = () => throwError(() => new Error(`${what} is not ready after ${READY_WITHIN_MS / 1000} s`));
  await firstValueFrom(
    merge(fromEvent(board, 'ready'), failed).pipe(timeout({ first: READY_WITHIN_MS, scheduler, with: late })),
  );
}

/** What boards emit as an error: an Error, johnny-five's own entry of its log, or a text. */
export function messageOf(event: unknown): string {
  const { message } = (typeof event === 'object' && event !== null ? event : {}) as { message?: unknown };
  return typeof message === 'string' ? message : String(event);
}
