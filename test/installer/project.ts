import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { packageRoot } from '../../config/paths.ts';

export interface Outcome {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const NOBODY = 65_534;

/**
 * A small project with the real installer/dev*.mjs in it, and stand-ins for the tools that change the machine
 * (apt-get, sudo, npm, node-gyp): each notes how it was called. A file `fail-NAME` makes one fail.
 */
export class Project {
  readonly root = mkdtempSync(join(tmpdir(), 'roverd-setup-'));
  readonly #children = new Set<ChildProcess>();

  constructor() {
    const tools = join(this.root, 'tools');
    cpSync(join(packageRoot(), 'installer'), join(this.root, 'installer'), { recursive: true });
    cpSync(join(packageRoot(), 'test/installer/stand-ins'), tools, { recursive: true });
    cpSync(join(tools, 'build.mjs'), join(this.root, 'installer/build.mjs'));
    cpSync(join(tools, 'suite.mjs'), join(this.root, 'test/run.mjs'));
    this.write('package.json', '{"type":"module","engines":{"node":">=20.19"}}');
    this.write('package-lock.json', '{"packages":{"":{}, "node_modules/node-gyp":{"version":"1.0.0"}}}');
    this.write('binding.gyp', '{}');
    this.write('native/a.cc', '// 1');
    this.write('firmware/main.ts', '// 1');
    this.write('gst-registry', '');
    this.write('installed-packages', '*');
  }

  write(path: string, content: string): void {
    const file = join(this.root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }

  read(path: string): string {
    return existsSync(join(this.root, path)) ? readFileSync(join(this.root, path), 'utf8') : '';
  }

  /** How the tools were called since the last time this was asked. */
  calls(): string[] {
    const lines = this.read('calls').split('\n').filter(Boolean);
    this.write('calls', '');
    return lines;
  }

  failing(tool: string): () => void {
    this.write(`fail-${tool}`, '');
    return () => rmSync(join(this.root, `fail-${tool}`));
  }

  spawn(args: readonly string[], { asNobody = false } = {}): ChildProcess {
    const identity = asNobody && process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
    if ('uid' in identity) execFileSync('chown', ['-R', `${NOBODY}:${NOBODY}`, this.root]);
    return this.#start(process.execPath, ['installer/dev.mjs', ...args], identity);
  }

  /** Runs a line of shell as npm runs a script. */
  shell(line: string): ChildProcess {
    return this.#start('sh', ['-c', line], { npm_lifecycle_event: 'start' });
  }

  #start(
    command: string,
    args: readonly string[],
    { npm_lifecycle_event, ...identity }: { uid?: number; gid?: number; npm_lifecycle_event?: string },
  ): ChildProcess {
    const child = spawn(command, args, {
      cwd: this.root,
      env: {
        PATH: `${join(this.root, 'tools')}:${process.env.PATH}`,
        HOME: this.root,
        PROJECT: this.root,
        GST_REGISTRY: join(this.root, 'gst-registry'),
        npm_execpath: join(this.root, 'tools/npm.mjs'),
        npm_lifecycle_event,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...identity,
    });
    this.#children.add(child);
    child.on('close', () => this.#children.delete(child));
    return child;
  }

  async dev(args: readonly string[], options = {}): Promise<Outcome> {
    const child = this.spawn(args, options);
    const output = { stdout: '', stderr: '' };
    child.stdout?.on('data', (chunk) => (output.stdout += chunk));
    child.stderr?.on('data', (chunk) => (output.stderr += chunk));
    const exitCode = await new Promise<number | null>((resolve) => child.on('close', resolve));
    return { exitCode, ...output };
  }

  clean(): void {
    for (const child of this.#children) child.kill('SIGKILL');
    rmSync(this.root, { recursive: true, force: true });
  }
}
