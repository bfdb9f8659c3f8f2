import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { packageRoot } from '../../../config/paths.ts';

export interface InstanceOptions {
  readonly environment: Readonly<Record<string, string>>;
  readonly onLine: (text: string) => void;
}

export interface FunctionError {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: readonly string[];
}

/** What an invocation came to: the answer in JSON, or an error. */
export type Outcome =
  | { readonly ok: true; readonly payload: string }
  | { readonly ok: false; readonly error: FunctionError };

export interface Invocation {
  readonly id: string;
  /** JSON. */
  readonly event: string;
  readonly timeoutMs: number;
  readonly context: Readonly<Record<string, string>>;
}

interface Message {
  readonly ready?: boolean;
  readonly failed?: FunctionError;
  readonly id?: string;
  readonly payload?: string;
  readonly error?: FunctionError;
}

/** Loading may take this long, as on Lambda. */
const INIT_MS = 10_000;

/** A process that has loaded a function. It takes one event at a time. */
export class Instance {
  readonly #child: ChildProcess;
  #settle: ((outcome: Outcome) => void) | null = null;
  #failure: FunctionError | null = null;
  /** No longer there, or no longer to be used. */
  #gone = false;

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.on('message', (message: Message) => {
      if (message.failed) this.#failure = message.failed;
      if (message.payload !== undefined) this.#finish({ ok: true, payload: message.payload });
      else if (message.error) this.#finish({ ok: false, error: message.error });
    });
    child.on('exit', (code, signal) => {
      this.#gone = true;
      const errorMessage = `The process exited during the invocation (${signal ?? code})`;
      this.#finish({ ok: false, error: this.#failure ?? { errorType: 'Runtime.ExitError', errorMessage } });
    });
  }

  /** @returns an instance that has loaded the function, or why it could not */
  static async start({ environment, onLine }: InstanceOptions): Promise<Instance | FunctionError> {
    const child = fork(join(packageRoot(), 'cloud/local/lambda/function-process.mjs'), {
      env: environment,
      execArgv: [],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    for (const stream of [child.stdout!, child.stderr!])
      createInterface({ input: stream }).on('line', onLine);
    const instance = new Instance(child);
    const timer = setTimeout(() => child.kill('SIGKILL'), INIT_MS);
    const ready = await new Promise<boolean>((resolve) => {
      child.once('exit', () => resolve(false));
      child.once('error', () => resolve(false));
      child.on('message', (message: Message) => {
        if (message.ready) resolve(true);
      });
    });
    clearTimeout(timer);
    if (ready) return instance;
    return (
      instance.#failure ?? { errorType: 'Runtime.InitError', errorMessage: `Not loaded within ${INIT_MS} ms` }
    );
  }

  get gone(): boolean {
    return this.#gone;
  }

  /** Ends the process when the time is up: what it was doing is lost, as on Lambda. */
  async invoke({ id, event, timeoutMs, context }: Invocation): Promise<Outcome> {
    const outcome = new Promise<Outcome>((resolve) => {
      this.#settle = resolve;
    });
    const timer = setTimeout(() => {
      this.#gone = true;
      const errorMessage = `Task timed out after ${(timeoutMs / 1000).toFixed(2)} seconds`;
      this.#finish({ ok: false, error: { errorType: 'Sandbox.Timedout', errorMessage } });
      this.#child.kill('SIGKILL');
    }, timeoutMs);
    this.#child.send({ id, event, deadlineMs: Date.now() + timeoutMs, context }, (error) => {
      if (error)
        this.#finish({ ok: false, error: { errorType: 'Runtime.ExitError', errorMessage: error.message } });
    });
    return outcome.finally(() => clearTimeout(timer));
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }

  #finish(outcome: Outcome): void {
    this.#settle?.(outcome);
    this.#settle = null;
  }
}
