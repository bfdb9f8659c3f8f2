/** Some of the robots of fleet.ts, in a process of their own: told which, it answers once and then with every `set`. */
import type { Identity } from '../../firmware/cloud-link/identity.ts';
import { connected, linkRobot } from '../cloud-link/rig.ts';
import { monotonicMs, sleep } from './figure.ts';

export interface FleetRobot {
  readonly name: string;
  readonly identity: Identity;
}

export interface FleetAnswer {
  /** From opening the link to connected, of each robot. */
  readonly connectedMs: readonly number[];
  readonly sdkMiB: number;
  readonly robotMiB: number;
}

const SETTLE_MS = 3_000;
const residentMiB = () => process.memoryUsage.rss() / 1024 / 1024;

process.once('message', (message) => void run(message as { port: number; robots: readonly FleetRobot[] }));

async function run({ port, robots }: { port: number; robots: readonly FleetRobot[] }): Promise<void> {
  const bareMiB = residentMiB();
  await import('aws-iot-device-sdk-v2');
  const sdkMiB = residentMiB() - bareMiB;
  const connectedMs = await Promise.all(robots.map((robot) => link(robot, port)));
  await sleep(SETTLE_MS);
  const robotMiB = (residentMiB() - bareMiB - sdkMiB) / robots.length;
  process.send?.({ connectedMs, sdkMiB, robotMiB } satisfies FleetAnswer);
}

async function link({ name, identity }: FleetRobot, port: number): Promise<number> {
  const startMs = monotonicMs();
  let driving = false;
  const robot = await linkRobot(name, port, identity, { 'drive.tickMs': 50, 'cloud.keepAliveS': 30 }, () => {
    // The first of a motion; the rest is the ramp.
    if (!driving) process.send?.({ turned: name, atMs: monotonicMs() });
    driving = true;
  });
  robot.pipeline.ticks$.subscribe(() => {
    if (robot.still()) driving = false;
  });
  while (!connected(robot)) await sleep(2);
  return monotonicMs() - startMs;
}
