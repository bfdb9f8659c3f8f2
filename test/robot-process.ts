import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { packageRoot } from '../config/paths.ts';
import type { RobotState } from '../firmware/teleop/wire.ts';

export interface RobotProcess {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly url: string;
  /** The address it printed: it opens a paired page. */
  readonly address: string;
  readonly token: string;
  publish(body: unknown): Promise<Response>;
  state(): Promise<RobotState>;
  /** What it has logged so far. */
  log(): string;
  /** Ends it with SIGTERM and gives its exit code. */
  end(): Promise<number | null>;
  /** Removes what one that is dead has left. `end` does so too. */
  clean(): void;
}

export interface ProcessOptions {
  readonly port?: number;
  /** Kept by the caller over restarts; else made new and removed. */
  readonly stateDir?: string;
  /** A configuration file. */
  readonly config?: string;
  readonly settings?: Readonly<Record<string, string | number | boolean>>;
  /** Of the process alone: nothing is handed down but the path. */
  readonly env?: Readonly<Record<string, string>>;
  /** False: the motors that the settings name, in place of the simulator. */
  readonly simulate?: boolean;
  /** A command that becomes the runtime by exec, as `ip netns exec NAME` does. */
  readonly via?: readonly string[];
  /** A channel for `child.send`, which a module preloaded by NODE_OPTIONS listens to. */
  readonly channel?: boolean;
}

/**
 * Settings for robots of tests that are not about a busy machine: answers and pictures that come late don't slow them
 * down, and a program that stands still for a moment doesn't stop them (a stall is ten ticks).
 */
export const PATIENT = { 'limits.roundTripMs': 60_000, 'limits.videoAgeMs': 60_000, 'drive.tickMs': 50 };

/** Starts the built runtime on loopback. Ready when this resolves. */
export async function startProcess({
  port = 0,
  stateDir,
  config,
  settings = {},
  env = {},
  simulate = true,
  via = [],
  channel = false,
}: ProcessOptions = {}): Promise<RobotProcess> {
  const folder = stateDir ?? mkdtempSync(join(tmpdir(), 'roverd-state-'));
  const all = { 'robot.stateDir': folder, 'teleop.requestsPerS': 1000, 'log.format': 'json', ...settings };
  const [command = process.execPath, ...rest] = [...via, process.execPath];
  const child = spawn(
    command,
    [
      ...rest,
      'dist/roverd.js',
      'run',
      ...(simulate ? ['--simulate'] : []),
      '--port',
      String(port),
      ...(config === undefined ? [] : ['--config', config]),
      ...Object.entries(all).flatMap(([key, value]) => ['--set', `${key}=${value}`]),
    ],
    {
      cwd: packageRoot(),
      stdio: ['ignore', 'pipe', 'pipe', channel ? 'ipc' : 'ignore'],
      env: { PATH: process.env.PATH, ...env },
    },
  );
  const { stdout, stderr } = child as { stdout: Readable; stderr: Readable };
  let output = '';
  let log = '';
  stderr.on('data', (chunk) => {
    log = (log + chunk).slice(-100_000);
  });
  const exited = once(child, 'exit');
  const address = await new Promise<string>((resolve, reject) => {
    stdout.on('data', (chunk) => {
      output += chunk;
      const found = /https?:\/\/\S+/.exec(output)?.[0];
      if (found && output.includes('\n')) resolve(found);
    });
    child.on('exit', (code) => reject(new Error(`roverd exited with ${code}: ${log}`)));
  });
  const url = new URL(address).origin;
  const token = new URLSearchParams(new URL(address).hash.slice(1)).get('token') ?? '';
  const headers = { authorization: `Bearer ${token}` };
  const clean = () => {
    if (stateDir === undefined) rmSync(folder, { recursive: true, force: true });
  };
  return {
    child,
    pid: child.pid!,
    url,
    address,
    token,
    publish: (body) => fetch(`${url}/publish`, { method: 'POST', body: JSON.stringify(body), headers }),
    async state() {
      const response = await fetch(`${url}/api/state`, { headers });
      if (!response.ok) throw new Error(`/api/state: ${response.status} ${await response.text()}`);
      return (await response.json()) as RobotState;
    },
    log: () => log,
    async end() {
      child.kill('SIGTERM');
      const [code] = await exited;
      clean();
      return code as number | null;
    },
    clean,
  };
}
