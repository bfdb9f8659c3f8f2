import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../../config/paths.ts';
import { type Arch, ensureDebian } from './debian.ts';
import { listenInside } from './inside.ts';
import { forwardProxy } from './proxy.ts';

export interface Ran {
  readonly status: number | null;
  /** Standard output and standard error, as they came. */
  readonly output: string;
  readonly stdout: string;
}

const BOOTED_WITHIN_MS = 60_000;
const RUN_WITHIN_MS = 280_000;
const PROXY_PORT = 3128;
const STATE: [string, string[]] = ['systemctl', ['is-system-running']];
const NO_STATE: [string, string[]] = ['echo', ['running']];

/**
 * A machine with Debian whose process 1 is systemd, over a file system that is thrown away. It has a network of
 * its own, of which only Debian's mirror can be reached.
 */
export class Machine {
  /** The file system as it is seen from here. */
  readonly root: string;
  readonly #folder: string;
  readonly #group: string;
  readonly #closers: (() => void)[] = [];
  #init: ChildProcess | null = null;
  #pid = 0;

  constructor(arch = process.arch as Arch) {
    this.#folder = mkdtempSync(join(tmpdir(), 'roverd-machine-'));
    this.#group = `roverd-${this.#folder.slice(-6)}`;
    this.root = join(this.#folder, 'root');
    const [written, work] = [join(this.#folder, 'written'), join(this.#folder, 'work')];
    for (const folder of [this.root, written, work]) mkdirSync(folder);
    const layers = `lowerdir=${ensureDebian(arch)},upperdir=${written},workdir=${work}`;
    must('mount', ['-t', 'overlay', 'overlay', '-o', layers, this.root]);
    // Files of the service belong to root, whatever made this folder.
    must('chmod', ['755', this.#folder]);
  }

  /** Resolves when systemd has started what it starts at boot; or another process 1 runs, without services then. */
  async boot(...program: string[]): Promise<void> {
    const script = join(packageRoot(), 'test/installer/machine/pid1.sh');
    const init = spawn('bash', [script, this.root, this.#group, ...program], {
      stdio: 'ignore',
      detached: true,
    });
    this.#init = init;
    const end = performance.now() + BOOTED_WITHIN_MS;
    let state = '';
    while (!/running|degraded/.test(state)) {
      if (performance.now() > end || init.exitCode !== null)
        throw new Error(`systemd does not start: ${state}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
      this.#pid = firstChild(init.pid!);
      if (this.#pid === 0) continue;
      state = this.run(...(program.length > 0 ? NO_STATE : STATE)).output;
    }
    await this.#connect();
  }

  async #connect(): Promise<void> {
    const proxy = forwardProxy(await this.listen(PROXY_PORT));
    this.#closers.push(() => proxy.close());
    const settings = `Acquire::http::Proxy "http://127.0.0.1:${PROXY_PORT}";\n`;
    this.write('/etc/apt/apt.conf.d/90test', settings);
  }

  /** A server on this machine's loopback, which this process answers. */
  async listen(port: number) {
    const inside = await listenInside(this.#pid, port);
    this.#closers.push(inside.end);
    return inside.server;
  }

  /** Runs a command and waits for its end. */
  run(command: string, args: readonly string[] = [], input = ''): Ran {
    const { status, stdout, stderr, error } = spawnSync('nsenter', this.#enter(command, args), {
      encoding: 'utf8',
      input,
      timeout: RUN_WITHIN_MS,
      maxBuffer: 64 * 2 ** 20,
    });
    if (error) throw error;
    return { status, stdout, output: `${stdout}${stderr}` };
  }

  /** The same while this process goes on: needed for what asks servers of this process. */
  async start(command: string, args: readonly string[] = [], input = ''): Promise<Ran> {
    const child = spawn('nsenter', this.#enter(command, args), { stdio: ['pipe', 'pipe', 'pipe'] });
    let output = '';
    let stdout = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      output += chunk;
    });
    if (process.env.SHOW_MACHINE)
      for (const stream of [child.stdout, child.stderr]) stream.pipe(process.stderr);
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    const [status] = await once(child, 'close');
    return { status, output, stdout };
  }

  sh(script: string): Ran {
    return this.run('bash', ['-c', script]);
  }

  /** Ends systemd with everything it runs: what is written stays. */
  async shutDown(): Promise<void> {
    for (const close of this.#closers.splice(0)) close();
    const init = this.#init;
    if (!init) return;
    if (this.#pid !== 0) process.kill(this.#pid, 'SIGKILL');
    else init.kill('SIGKILL');
    if (init.exitCode === null && init.signalCode === null) await once(init, 'exit');
    this.#init = null;
    this.#pid = 0;
    removeGroups(this.#group);
  }

  async remove(): Promise<void> {
    await this.shutDown();
    // Lazily: this process may have files of it open.
    must('umount', ['--lazy', '--recursive', this.root]);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  read(path: string): string {
    return readFileSync(join(this.root, path), 'utf8');
  }

  write(path: string, text: string): void {
    const { status, stderr } = spawnSync('tee', [join(this.root, path)], { input: text, encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
  }

  #enter(command: string, args: readonly string[]): string[] {
    const env = ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin', 'LANG=C.UTF-8', 'HOME=/root'];
    const namespaces = ['--mount', '--uts', '--ipc', '--net', '--pid', '--cgroup', '--root', '--wd'];
    return ['-t', `${this.#pid}`, ...namespaces, '/usr/bin/env', '-i', ...env, command, ...args];
  }
}

function firstChild(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ')[0]);
  } catch {
    return 0;
  }
}

/** Bottom-up, as rmdir(2) wants it; one that is still in use is left. */
function removeGroups(name: string): void {
  const remove = (folder: string) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.isDirectory()) remove(join(folder, entry.name));
    }
    try {
      rmdirSync(folder);
    } catch {
      // Its last process is ending.
    }
  };
  const { stdout } = spawnSync('find', ['/sys/fs/cgroup', '-type', 'd', '-name', name], { encoding: 'utf8' });
  for (const folder of stdout.split('\n').filter(Boolean)) remove(folder);
}

function must(command: string, args: readonly string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
}
