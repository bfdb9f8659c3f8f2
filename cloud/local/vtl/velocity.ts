import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { compileRenderer } from './compile.ts';

type Values = { readonly [name: string]: string | Values };
type Texts = Readonly<Record<string, string>>;

export interface Rendering {
  readonly template: string;
  readonly body: string;
  readonly params: { readonly path: Texts; readonly querystring: Texts; readonly header: Texts };
  readonly context: Values;
  readonly stageVariables: Texts;
}

/** What a template set in place of what was mapped. */
export interface Override {
  readonly status?: unknown;
  readonly header?: Readonly<Record<string, unknown>>;
  readonly querystring?: Readonly<Record<string, unknown>>;
  readonly path?: Readonly<Record<string, unknown>>;
}

export interface Rendered {
  readonly output: string;
  readonly requestOverride: Override;
  readonly responseOverride: Override;
}

interface Answer extends Partial<Rendered> {
  readonly error?: string;
}

/** A template that has not ended by then never will. */
const MAX_RENDER_MS = 2_000;
const NO_OVERRIDES = { header: {}, querystring: {}, path: {} };

/**
 * Apache Velocity in a process of its own, started with the first template that needs it. API Gateway renders by the
 * same engine; what a template may do with Java's methods it may do here.
 */
export class Velocity {
  #child: ChildProcess | null = null;
  #closed = false;
  /** The process renders one after the other; a template that never ends must not take others with it. */
  #turn: Promise<unknown> = Promise.resolve();
  #settle: ((answer: Answer) => void) | null = null;

  /** @throws Error when the template is none, fails, or does not end */
  async render({ context, ...request }: Rendering): Promise<Rendered> {
    const overrides = { requestOverride: NO_OVERRIDES, responseOverride: { header: {} } };
    const line = JSON.stringify({ ...request, context: { ...context, ...overrides } });
    const turn = this.#turn.then(() => this.#ask(line));
    this.#turn = turn;
    const answer = await turn;
    if (answer.error !== undefined) throw new Error(answer.error);
    const { output = '', requestOverride = {}, responseOverride = {} } = answer;
    return { output, requestOverride, responseOverride };
  }

  async close(): Promise<void> {
    this.#closed = true;
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  /** Never rejects. */
  async #ask(line: string): Promise<Answer> {
    try {
      if (!this.#child) await this.#start();
    } catch (error) {
      return { error: (error as Error).message };
    }
    const child = this.#child!;
    const timer = setTimeout(() => child.kill('SIGKILL'), MAX_RENDER_MS);
    const answer = this.#next();
    child.stdin!.write(`${line}\n`);
    return answer.finally(() => clearTimeout(timer));
  }

  #next(): Promise<Answer> {
    return new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  /** @throws Error when there is no Java, or what it needs is missing */
  async #start(): Promise<void> {
    const classPath = await compileRenderer();
    if (this.#closed) throw new Error('The renderer is closed');
    const options = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xshare:auto', '-Xmx256m'];
    // It ends when the desk is killed, as its broker and its functions do.
    const command = ['java', ...options, '-cp', classPath, 'Renderer'];
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...command], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const settle = (answer: Answer) => {
      this.#settle?.(answer);
      this.#settle = null;
    };
    const gone = (error: string) => {
      if (this.#child === child) this.#child = null;
      settle({ error });
    };
    createInterface({ input: child.stdout! }).on('line', (text) => settle(JSON.parse(text) as Answer));
    child.on('error', (error) => gone(`java: ${error.message}`));
    child.on('exit', () =>
      gone(`The template did not end within ${MAX_RENDER_MS} ms, or took more memory than there is`),
    );
    child.stdin!.on('error', () => undefined);
    this.#child = child;
    // It says so once it is there: how long that takes is no fault of a template.
    const { error } = await this.#next();
    if (error !== undefined) throw new Error(error);
  }
}
