import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { WebSocket } from 'ws';
import { loadConfig } from '../../config/load.ts';
import { createPipeline } from '../../firmware/command/pipeline.ts';
import type { Drivetrain } from '../../firmware/drive/drivetrain.ts';
import { createSimulatedDrivetrain } from '../../firmware/drive/simulated.ts';
import { createMetrics } from '../../firmware/telemetry/metrics.ts';
import type { TeleopOptions } from '../../firmware/teleop/robot-access.ts';
import { startTeleop } from '../../firmware/teleop/server.ts';
import { openTokenStore } from '../../firmware/teleop/tokens.ts';
import type { RobotState, ServerMessage } from '../../firmware/teleop/wire.ts';
import { settings } from '../command/helpers.ts';

export const FIXED_TOKEN = 'a-fixed-token-for-automation';

/** A teleop server on a free port of loopback over a real pipeline and a simulated drivetrain; no video. */
export async function startRig(
  overrides: Partial<TeleopOptions> = {},
  drivetrain: Drivetrain = createSimulatedDrivetrain(),
) {
  const folder = mkdtempSync(join(tmpdir(), 'roverd-teleop-'));
  writeFileSync(join(folder, 'index.html'), '<!doctype html><title>roverd</title>');
  const clock = { nowMs: () => performance.now(), wallMs: () => Date.now() };
  const pipeline = createPipeline({ drivetrain, settings, writeTimeoutMs: 100, clock });
  const tokens = openTokenStore(join(folder, 'state'));
  const state = (): RobotState => ({
    name: 'rig',
    atMs: Date.now(),
    uptimeS: 0,
    ...pipeline.report(),
    battery: null,
    samples: {},
    video: { viewers: 0, state: 'off', bitrateKbps: 0, error: null },
    viewers: 0,
    cloud: null,
  });
  const metrics = createMetrics({
    robot: 'rig',
    version: 'test',
    report: () => pipeline.report(),
    samples: () => ({}),
    connections: () => 0,
    video: () => ({ viewers: 0, bitrateKbps: 0 }),
    cloud: () => null,
  });
  const hello = {
    robot: 'rig',
    version: 'test',
    watchdogMs: 400,
    sendEveryMs: 80,
    strip: false,
    iceServers: [],
  };
  const { limits } = loadConfig({
    overrides: { 'limits.setAfterMs': 0, 'limits.clearAfterMs': 0 },
  }).config;
  const logger = pino({ level: 'silent' });
  const server = await startTeleop(
    { pipeline, tokens, video: null, hello, state, limits, metrics, clock, logger },
    {
      host: '127.0.0.1',
      port: 0,
      allowedHosts: ['rover.example'],
      token: FIXED_TOKEN,
      tls: null,
      maxConnections: 8,
      messagesPerS: 120,
      messageBurst: 60,
      requestsPerS: 200,
      stateEveryMs: 50,
      pageDir: folder,
      ...overrides,
    },
  );
  const url = server.address;
  const mint = (role: 'operator' | 'viewer', name: string = role) =>
    tokens.mint({ name, role, kind: 'paired' });
  return {
    url,
    server,
    pipeline,
    tokens,
    mint,
    state,
    request: (path: string, init: RequestInit = {}, token: string | null = FIXED_TOKEN) =>
      fetch(url + path, {
        ...init,
        headers: { ...(token ? { authorization: `Bearer ${token}` } : {}), ...init.headers },
      }),
    publish: (body: unknown, token: string | null = FIXED_TOKEN) =>
      fetch(`${url}/publish`, {
        method: 'POST',
        body: typeof body === 'string' ? body : JSON.stringify(body),
        headers: token ? { authorization: `Bearer ${token}` } : {},
      }),
    connect: (token = FIXED_TOKEN, headers: Record<string, string> = {}) => connect(url, token, headers),
    async close() {
      await server.close();
      await pipeline.close();
      await drivetrain.close();
      rmSync(folder, { recursive: true });
    },
  };
}

export interface Client {
  readonly socket: WebSocket;
  readonly received: ServerMessage[];
  send(message: unknown): void;
  /** The first message that fits, past or to come within 2 s. */
  expect<T>(pick: (message: ServerMessage) => T | undefined | false): Promise<T>;
  readonly closed: Promise<number>;
  end(): Promise<void>;
}

/** @throws Error with the HTTP status when the server turns the socket away */
export async function connect(
  url: string,
  token: string,
  headers: Record<string, string> = {},
): Promise<Client> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/teleop?token=${token}`, { headers });
  const received: ServerMessage[] = [];
  const waiting = new Set<() => void>();
  socket.on('message', (data) => {
    received.push(JSON.parse(String(data)) as ServerMessage);
    for (const wake of waiting) wake();
  });
  const closed = new Promise<number>((resolve) => socket.on('close', resolve));
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('unexpected-response', (_request, response) => {
      response.destroy();
      reject(new Error(String(response.statusCode)));
    });
    socket.on('error', reject);
  });
  return {
    socket,
    received,
    closed,
    send: (message) => socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
    expect: (pick) =>
      new Promise((resolve, reject) => {
        const look = () => {
          for (const message of received) {
            const found = pick(message);
            if (found) {
              finish();
              return resolve(found);
            }
          }
        };
        const finish = () => {
          waiting.delete(look);
          clearTimeout(timer);
        };
        const timer = setTimeout(() => {
          finish();
          reject(new Error(`no such message among ${JSON.stringify(received.slice(-3))}`));
        }, 2000);
        waiting.add(look);
        look();
      }),
    async end() {
      socket.close();
      await closed;
    },
  };
}

/** Polls until it holds; fails with what was seen last. */
export async function until(holds: () => boolean, what: string, withinMs = 2000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
