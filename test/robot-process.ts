import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
}

export interface ProcessOptions {
  readonly port?: number;
  /** Kept by the caller over restarts; else made new and removed. */
  readonly stateDir?: string;
  /** A configuration file. */
  readonly config?: string;
  readonly settings?: Readonly<Record<string, string | number | boolean>>;
}

/**
 * Settings for robots of tests that are not about a busy machine: answers and pictures that come late don't slow them
 * down, and a program that stands still for a moment doesn't stop them (a stall is ten ticks).
 */
export const PATIENT = { 'limits.roundTripMs': 60_000, 'limits.videoAgeMs': 60_000, 'drive.tickMs': 50 };

/** Starts the built runtime with a simulated robot on loopback. Ready when this resolves. */
export async function startProcess({
  port = 0,
  stateDir,
  config,
  settings = {},
}: ProcessOptions = {}): Promise<RobotProcess> {
  const folder = stateDir ?? mkdtempSync(join(tmpdir(), 'roverd-state-'));
  const all = { 'robot.stateDir': folder, 'teleop.requestsPerS': 1000, 'log.format': 'json', ...settings };
  const child = spawn(
    process.execPath,
    [
      'dist/roverd.js',
      'run',
      '--simulate',
      '--port',
      String(port),
      ...(config === undefined ? [] : ['--config', config]),
      ...Object.entries(all).flatMap(([key, value]) => ['--set', `${key}=${value}`]),
    ],
    { cwd: packageRoot(), stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env.PATH } },
  );
  let output = '';
  let log = '';
  child.stderr.on('data', (chunk) => {
    log = (log + chunk).slice(-100_000);
  });
  const exited = once(child, 'exit');
  const address = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (chunk) => {
      output += chunk;
      const found = /https?:\/\/\S+/.exec(output)?.[0];
      if (found && output.includes('\n')) resolve(found);
    });
    child.on('exit', (code) => reject(new Error(`roverd exited with ${code}: ${log}`)));
  });
  const url = new URL(address).origin;
  const token = new URLSearchParams(new URL(address).hash.slice(1)).get('token') ?? '';
  const headers = { authorization: `Bearer ${token}` };
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
      if (stateDir === undefined) rmSync(folder, { recursive: true, force: true });
      return code as number | null;
    },
  };
}
