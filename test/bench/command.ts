import { createPipeline } from '../../firmware/command/pipeline.ts';
import type { Drivetrain } from '../../firmware/drive/drivetrain.ts';
import { settings } from '../command/helpers.ts';
import { FIXED_TOKEN, startRig } from '../teleop/rig.ts';
import { startClient } from './client.ts';
import { type Figure, figure, monotonicMs, sleep } from './figure.ts';
import { loadCores } from './load.ts';

const COMMANDS = 1_000;
const FLOOD_PER_S = 20_000;
const FLOOD_MS = 10_000;
const WATCHDOG_SAMPLES = 100;
const WATCHDOG_MS = 100;

/** Tells when it was called; takes no time itself. */
function probe() {
  let seen: ((call: { what: 'set' | 'stop'; atMs: number }) => void) | null = null;
  const call = async (what: 'set' | 'stop') => seen?.({ what, atMs: monotonicMs() });
  const drivetrain: Drivetrain = {
    set: () => call('set'),
    stop: () => call('stop'),
    close: async () => undefined,
    describe: () => ({ name: 'probe', capabilities: { brake: false, reverse: true }, silence: [] }),
  };
  return {
    drivetrain,
    /** The time of the next call of this kind. */
    next: (wanted: 'set' | 'stop') =>
      new Promise<number>((resolve) => {
        seen = ({ what, atMs }) => {
          if (what === wanted) resolve(atMs);
        };
      }),
  };
}

export async function bench(): Promise<Figure[]> {
  return [
    ...(await commandToSet()),
    ...(await stopUnderFlood()),
    figure('watchdog overshoot, idle', 'ms', await watchdogOvershoot(), { p99: 20 }),
    figure('watchdog overshoot, both cores loaded', 'ms', await loadCores(watchdogOvershoot), { p99: 50 }),
  ];
}

async function commandToSet(): Promise<Figure[]> {
  const { drivetrain, next } = probe();
  const rig = await startRig({ messagesPerS: 10_000, messageBurst: 1_000 }, drivetrain);
  const client = await startClient(`${rig.url.replace('http', 'ws')}/teleop?token=${FIXED_TOKEN}`);
  const samples: number[] = [];
  for (let i = 0; i < COMMANDS; i++) {
    const set = next('set');
    const linear = 0.2 + 0.001 * (i % 100);
    const { sentMs } = await client.ask<{ sentMs: number }>({
      send: { drive: { linear, angular: 0 }, seq: i },
    });
    samples.push((await set) - sentMs);
    await sleep(5);
  }
  await client.end();
  await rig.close();
  return [figure('WebSocket command to drivetrain.set', 'ms', samples.slice(50), { median: 0.5, p99: 3 })];
}

async function stopUnderFlood(): Promise<Figure[]> {
  const { drivetrain, next } = probe();
  const rig = await startRig({}, drivetrain);
  const url = `${rig.url.replace('http', 'ws')}/teleop?token=${FIXED_TOKEN}`;
  const [flooder, other] = [await startClient(url), await startClient(url)];
  await sleep(500);
  const residentBefore = process.memoryUsage.rss();
  let resident = residentBefore;
  const flooded = flooder.ask<{ flooded: number; notices: number }>({
    flood: { drive: { linear: 0.5, angular: 0 } },
    perS: FLOOD_PER_S,
    forMs: FLOOD_MS,
  });
  const samples: number[] = [];
  const endMs = monotonicMs() + FLOOD_MS - 500;
  await other.ask({ send: { takeOver: true } });
  for (let i = 0; monotonicMs() < endMs; i++) {
    const set = next('set');
    await other.ask({ send: { drive: { linear: 0.3 + 0.1 * (i % 2), angular: 0 } } });
    await set;
    const stop = next('stop');
    const { sentMs } = await other.ask<{ sentMs: number }>({ send: { action: 'stop' } });
    samples.push((await stop) - sentMs);
    resident = Math.max(resident, process.memoryUsage.rss());
    await sleep(50);
  }
  const { flooded: count, notices } = await flooded;
  await flooder.end();
  await other.end();
  await rig.close();
  if (notices === 0) throw new Error('the flooder was not told that it is throttled');
  const perS = Math.round(count / (FLOOD_MS / 1000));
  const grownMiB = (resident - residentBefore) / 1024 / 1024;
  return [
    figure(`stop of another client under ${perS} messages/s`, 'ms', samples, { p99: 20 }),
    figure('memory grown during that flood (client threads included)', 'MiB', [grownMiB], { median: 64 }),
  ];
}

async function watchdogOvershoot(): Promise<number[]> {
  const { drivetrain, next } = probe();
  const clock = { nowMs: () => performance.now(), wallMs: () => Date.now() };
  const pipeline = createPipeline({
    drivetrain,
    settings: { ...settings, watchdogMs: WATCHDOG_MS },
    writeTimeoutMs: 100,
    clock,
  });
  await next('stop');
  const sender = { id: 'bench', name: 'bench', link: 'local', role: 'operator', lasting: true } as const;
  const samples: number[] = [];
  for (let i = 0; i < WATCHDOG_SAMPLES; i++) {
    const stop = next('stop');
    const sentMs = monotonicMs();
    pipeline.send(sender, { drive: { linear: 0.5, angular: 0 } });
    samples.push((await stop) - sentMs - WATCHDOG_MS);
    await sleep(7 * Math.random());
  }
  await pipeline.close();
  return samples;
}
