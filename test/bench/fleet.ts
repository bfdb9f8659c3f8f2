import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../config/paths.ts';
import { type Mosquitto, startMosquitto } from '../cloud-link/mosquitto.ts';
import { type Figure, figure, monotonicMs, sleep } from './figure.ts';
import type { FleetAnswer, FleetRobot } from './fleet-process.ts';

const PROCESSES = 4;
const ROBOTS_A_PROCESS = 50;
const ROUNDS = 5;
const BETWEEN_COMMANDS_MS = 10;
const ANSWER_MS = 10_000;

/** Many robots on one broker, each with its own connection and certificate; commands to one after the other. */
export async function bench(): Promise<Figure[]> {
  const names = Array.from({ length: PROCESSES * ROBOTS_A_PROCESS }, (_, n) => `rover-${n}`);
  const broker = await startMosquitto(names);
  const children: ChildProcess[] = [];
  // What the robots write goes with this folder: their processes are killed.
  const folder = mkdtempSync(join(tmpdir(), 'roverd-fleet-'));
  const env = { ...process.env, TMPDIR: folder };
  try {
    const answers = await Promise.all(
      Array.from({ length: PROCESSES }, async (_, n) => {
        const mine = names.slice(n * ROBOTS_A_PROCESS, (n + 1) * ROBOTS_A_PROCESS);
        const robots: FleetRobot[] = [];
        for (const name of mine) robots.push({ name, identity: await broker.authority.issue(name) });
        const child = fork(join(packageRoot(), 'dist/test/bench/fleet-process.js'), { env });
        children.push(child);
        child.send({ port: broker.port, robots });
        const [answer] = await once(child, 'message');
        return answer as FleetAnswer;
      }),
    );
    const delaysMs = await command(broker, names, children);
    const count = names.length;
    return [
      figure(
        `${count} robots at once, start to connected`,
        'ms',
        answers.flatMap(({ connectedMs }) => connectedMs),
      ),
      figure(`${count} robots on one broker, command to drivetrain.set`, 'ms', delaysMs),
      figure(
        'resident memory a linked robot, the SDK itself apart',
        'MiB',
        answers.map(({ robotMiB }) => robotMiB),
      ),
      figure(
        'resident memory of the SDK',
        'MiB',
        answers.map(({ sdkMiB }) => sdkMiB),
      ),
    ];
  } finally {
    for (const child of children) {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
    await broker.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function command(
  broker: Mosquitto,
  names: readonly string[],
  children: readonly ChildProcess[],
): Promise<number[]> {
  const cloud = await broker.client();
  const waiting = new Map<string, (atMs: number) => void>();
  for (const child of children) {
    child.on('message', ({ turned, atMs }: { turned: string; atMs: number }) => waiting.get(turned)?.(atMs));
  }
  const delaysMs: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of names) {
      const answer = new Promise<number>((resolve, reject) => {
        const late = setTimeout(() => reject(new Error(`${name} does not drive`)), ANSWER_MS);
        waiting.set(name, (atMs) => {
          clearTimeout(late);
          waiting.delete(name);
          resolve(atMs);
        });
      });
      const sentMs = monotonicMs();
      const body = { drive: { linear: 0.5, angular: 0 }, issuedAtMs: Date.now(), ttlMs: ANSWER_MS };
      cloud.publish(`${name}/action`, JSON.stringify(body), { qos: 1 });
      delaysMs.push((await answer) - sentMs);
      await sleep(BETWEEN_COMMANDS_MS);
    }
  }
  return delaysMs;
}
