import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** What the guardian says, see native/guardian.c. */
export type GuardianLine =
  | { readonly type: 'ready'; readonly realtime: boolean; readonly locked: boolean }
  | { readonly type: 'ack' }
  | { readonly type: 'rearmed' }
  | ({ readonly type: 'silencing' } & Silence)
  | ({ readonly type: 'silenced' } & Silence)
  | { readonly type: 'failing'; readonly detail: string }
  | { readonly type: 'refused'; readonly detail: string };

interface Silence {
  readonly why: 'start' | 'beat' | 'unheeded' | 'end';
  /** Time since the last beat. */
  readonly sinceBeatMs: number;
}

/** A guardian that runs. */
export interface GuardianProcess {
  /** Given up when the guardian does not read: what is late is of no use to it. */
  send(text: string): void;
  /** Lets it silence the motors and end. */
  end(): void;
  kill(): void;
}

export interface GuardianProcessEvents {
  line(line: GuardianLine): void;
  /** Once, also when it could not be started. */
  exited(how: string): void;
}

/** @param program path of `roverd_guardian` */
export function spawnGuardian(program: string, events: GuardianProcessEvents): GuardianProcess {
  // Its pipes are missing when this process has too many files open.
  const child: ChildProcess = spawn(program, [], {
    // A session of its own: what ends the runtime by way of its terminal must not end the guardian before it.
    detached: true,
    stdio: ['pipe', 'pipe', 'inherit'],
    cwd: '/',
    env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('ROVERD_'))),
  });
  let over = false;
  let ending = false;
  const exited = (how: string) => {
    if (!over) events.exited(how);
    over = true;
  };
  child.on('error', (error) => exited(error.message));
  // `close` comes after its last words, `exit` at once.
  child.on('exit', (...how) => ending || exited(inWords(...how)));
  child.on('close', (...how) => exited(inWords(...how)));
  // Its end is told by `exit`; what could not be written to it is of no use any more.
  child.stdin?.on('error', () => undefined);
  child.stdout?.on('error', () => undefined);
  if (child.stdout) {
    createInterface({ input: child.stdout }).on('line', (text) => {
      const line = parseLine(text);
      if (line) events.line(line);
    });
  }
  return {
    send(text) {
      if (!over && child.stdin?.writable && !child.stdin.writableNeedDrain) child.stdin.write(text);
    },
    end() {
      ending = true;
      child.stdin?.end();
    },
    kill: () => void child.kill('SIGKILL'),
  };
}

function inWords(code: number | null, signal: NodeJS.Signals | null): string {
  return signal ? `ended by ${signal}` : `ended with ${code}`;
}

/** Null for what this version does not know. */
export function parseLine(text: string): GuardianLine | null {
  const [type = '', why = '', ms = ''] = text.split(' ');
  switch (type) {
    case 'ready':
      return { type, realtime: text.includes(' realtime=yes'), locked: text.includes(' locked=yes') };
    case 'ack':
    case 'rearmed':
      return { type };
    case 'failing':
    case 'refused':
      return { type, detail: text.slice(type.length + 1) };
    case 'silencing':
    case 'silenced':
      return why === 'start' || why === 'beat' || why === 'unheeded' || why === 'end'
        ? { type, why, sinceBeatMs: Number(ms) }
        : null;
    default:
      return null;
  }
}
