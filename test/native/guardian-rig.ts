import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  closeSync,
  constants,
  createReadStream,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { guardianProgram } from '../../firmware/drive/guarded-drivetrain.ts';

export const PROGRAM = guardianProgram();
export const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Resolves with what `look` finds, or rejects with `what` after a time that is long for anything tested here. */
export async function until<T>(
  what: string,
  look: () => T | undefined | null | false,
  withinMs = 10_000,
): Promise<T> {
  const endMs = performance.now() + withinMs;
  for (;;) {
    const found = look();
    if (found) return found;
    if (performance.now() > endMs) throw new Error(`not within ${withinMs} ms: ${what}`);
    await wait(5);
  }
}

/** Files that stand for motors, in a folder of their own. */
export class Motors {
  readonly folder = mkdtempSync(join(tmpdir(), 'roverd-guardian-'));

  /** A file that holds what drives a motor until it is silenced. */
  file(name: string, text = '500000\n'): string {
    const path = join(this.folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  }

  read(name: string): string {
    return readFileSync(join(this.folder, name), 'utf8');
  }

  /** A pipe that this process keeps open without reading: `log` says what was written to it, and when. */
  fifo(name: string) {
    const path = join(this.folder, name);
    mkdirSync(dirname(path), { recursive: true });
    execFileSync('mkfifo', [path]);
    const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    /** Until then a write to it returns, after that it hangs. */
    const fill = () => {
      try {
        for (;;) writeSync(fd, Buffer.alloc(4096));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      }
    };
    return { path, fd, fill, close: () => closeSync(fd) };
  }

  /** The same, read as it comes: every write with the time at which it was seen. */
  log(name: string) {
    const { path, fd } = this.fifo(name);
    const writes: number[] = [];
    const reader = createReadStream(path, { fd, highWaterMark: 2 });
    reader.on('data', () => writes.push(performance.now()));
    reader.on('error', () => undefined);
    return { path, writes, close: () => reader.destroy() };
  }

  clean(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export const silenceStep = (path: string, text = '0\n') =>
  `file ${Buffer.from(text).toString('hex')} ${path}`;
export const planOf = (steps: readonly string[], timeoutMs = 250) =>
  ['roverd-silence 1', `timeout ${timeoutMs}`, ...steps, 'end', ''].join('\n');

/** A guardian that the test itself feeds. */
export class Guardian {
  readonly child: ChildProcess;
  readonly lines: string[] = [];
  readonly exited: Promise<number | null>;
  log = '';
  #beating: NodeJS.Timeout | undefined;

  constructor(env: Readonly<Record<string, string>> = {}) {
    this.child = spawn(PROGRAM, [], {
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    let rest = '';
    this.child.stdout?.on('data', (chunk) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      this.lines.push(...lines);
    });
    this.child.stderr?.on('data', (chunk) => (this.log += chunk));
    this.child.stdin?.on('error', () => undefined);
    this.exited = new Promise((resolve) => this.child.on('close', (code) => resolve(code)));
  }

  get pid(): number {
    return this.child.pid!;
  }

  send(text: string): void {
    this.child.stdin?.write(text);
  }

  async start(steps: readonly string[], timeoutMs?: number): Promise<this> {
    this.send(planOf(steps, timeoutMs));
    await this.heard('ready');
    return this;
  }

  /** Beats every 10 ms until `still` or another kind is given, or null to fall silent. */
  beat(kind: 'M' | 'S' | 'U' | null): void {
    clearInterval(this.#beating);
    if (kind === null) return;
    this.send(kind);
    this.#beating = setInterval(() => this.send(kind), 10);
  }

  /** The first line that begins so, after the first `from` lines. */
  heard(start: string, from = 0): Promise<string> {
    return until(`${start} in ${this.lines.filter((line) => line !== 'ack').join(' | ')}`, () =>
      this.lines.slice(from).find((line) => line.startsWith(start)),
    );
  }

  status(name: string): number {
    const text = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    return Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1]);
  }

  files(): string[] {
    return readdirSync(`/proc/${this.pid}/fd`);
  }

  /** Ends it as a runtime does, and gives its exit code. */
  end(): Promise<number | null> {
    this.beat(null);
    this.child.stdin?.end();
    return this.exited;
  }

  /** For a test's clean-up, whatever state it is in. */
  async kill(): Promise<void> {
    this.beat(null);
    this.child.kill('SIGKILL');
    await this.exited;
  }
}

/** The guardians that a process has started and that still run. */
export function guardiansOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        // proc(5): pid (comm) state ppid
        const [, comm, state, ppid] =
          /\((.*)\) (\S) (\d+)/.exec(readFileSync(`/proc/${name}/stat`, 'utf8')) ?? [];
        return comm === 'roverd_guardian' && state !== 'Z' && Number(ppid) === parent ? [Number(name)] : [];
      } catch {
        return [];
      }
    });
}

/** Who started the guardian that sees this state of the chips: it can't be told otherwise below a terminal. */
export function parentOfGuardianOn(chipsState: string): number | undefined {
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      const [, comm, ppid] = /\((.*)\) \S (\d+)/.exec(readFileSync(`/proc/${name}/stat`, 'utf8')) ?? [];
      const sees = readFileSync(`/proc/${name}/environ`, 'utf8')
        .split('\0')
        .includes(`CHIPS_STATE=${chipsState}`);
      if (comm === 'roverd_guardian' && sees) return Number(ppid);
    } catch {
      // It has ended meanwhile.
    }
  }
  return undefined;
}

export function lives(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
