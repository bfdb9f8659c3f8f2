import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { packageRoot } from '../../config/paths.ts';

export interface Outcome {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const TERMINAL = 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))';

type Environment = Readonly<Record<string, string | undefined>>;

/** The command line as a program of its own, with a state folder of its own. */
export class Roverd {
  readonly stateDir = mkdtempSync(join(tmpdir(), 'roverd-cli-'));
  readonly #bundleDir = join(packageRoot(), 'dist', `test-cli-${process.pid}`);
  readonly #children = new Set<ChildProcess>();

  async build(): Promise<void> {
    await build({
      absWorkingDir: packageRoot(),
      entryPoints: ['firmware/main.ts'],
      outdir: this.#bundleDir,
      bundle: true,
      splitting: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      packages: 'external',
      sourcemap: 'inline',
      logLevel: 'error',
      define: { ROVERD_VERSION: '"1.2.3-test"' },
    });
  }

  spawn(args: readonly string[], env: Environment = {}): ChildProcess {
    const child = spawn(process.execPath, [join(this.#bundleDir, 'main.js'), ...args], {
      cwd: this.stateDir,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ROVERD_ROBOT_STATE_DIR: this.stateDir, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#children.add(child);
    child.on('close', () => this.#children.delete(child));
    return child;
  }

  /** The same on a terminal of its own: what is written to stdin is typed there. */
  onTerminal(args: readonly string[], env: Environment = {}): ChildProcess {
    const program = [process.execPath, join(this.#bundleDir, 'main.js'), ...args];
    const child = spawn('python3', ['-c', TERMINAL, ...program], {
      cwd: this.stateDir,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ROVERD_ROBOT_STATE_DIR: this.stateDir, ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#children.add(child);
    child.on('close', () => this.#children.delete(child));
    return child;
  }

  async run(args: readonly string[], env: Environment = {}): Promise<Outcome> {
    const child = this.spawn(args, env);
    const output = { stdout: '', stderr: '' };
    child.stdout?.on('data', (chunk) => (output.stdout += chunk));
    child.stderr?.on('data', (chunk) => (output.stderr += chunk));
    const exitCode = await new Promise<number | null>((resolve) => child.on('close', resolve));
    return { exitCode, ...output };
  }

  /** Ends what is still running and removes what was made. */
  clean(): void {
    for (const child of this.#children) child.kill('SIGKILL');
    for (const folder of [this.stateDir, this.#bundleDir]) rmSync(folder, { recursive: true, force: true });
  }
}
