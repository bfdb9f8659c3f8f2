import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { connect, type IClientOptions, type MqttClient } from 'mqtt';
import { aclOf } from '../../cloud/local/iot/acl.ts';
import type { Identity } from '../../firmware/cloud-link/identity.ts';
import { type Authority, createAuthority } from './certificates.ts';
import { type PolicyDocument, robotPolicy } from './policy.ts';

/** A user that may hear and say everything: the cloud, as far as the test plays it. */
export const CLOUD = 'cloud';

export interface Mosquitto {
  readonly port: number;
  readonly authority: Authority;
  start(): Promise<void>;
  /** The process as it runs, to be signalled. */
  readonly child: ChildProcess;
  kill(): Promise<void>;
  /** Logged so far. */
  log(): string;
  /** An MQTT client with a certificate of this name; `CLOUD` without another. */
  client(options?: IClientOptions, name?: string): Promise<MqttClient>;
  close(): Promise<void>;
}

/** A real broker with mutual TLS on loopback; its ACL grants each robot what the IoT policy grants it. */
export async function startMosquitto(
  robots: readonly string[],
  policyOf: (robot: string) => PolicyDocument = robotPolicy,
): Promise<Mosquitto> {
  const folder = mkdtempSync(join(tmpdir(), 'roverd-mosquitto-'));
  const authority = await createAuthority({ rsa: true });
  const server = await authority.issueServer();
  const port = await freePort();
  const write = (name: string, text: string) => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  const acl = [
    ...robots.map((robot) => aclOf(robot, [policyOf(robot)])),
    `user ${CLOUD}`,
    'topic readwrite #',
    'topic readwrite $aws/#',
    '',
  ].join('\n');
  const config = write(
    'mosquitto.conf',
    `${[
      `user ${userInfo().username}`,
      `listener ${port} 127.0.0.1`,
      `cafile ${write('ca.pem', authority.ca)}`,
      `certfile ${write('server.pem', server.certificate)}`,
      `keyfile ${write('server.key', server.privateKey)}`,
      'require_certificate true',
      'use_identity_as_username true',
      'allow_anonymous false',
      `acl_file ${write('acl', acl)}`,
      'persistence false',
      'max_queued_messages 0',
      'max_connections 2000',
      'set_tcp_nodelay true',
      'log_dest stderr',
      'log_type all',
    ].join('\n')}\n`,
  );
  let child: ChildProcess | null = null;
  let output = '';
  const identities = new Map<string, Promise<Identity>>();
  const clients: MqttClient[] = [];

  const start = async () => {
    output = '';
    const started = spawn('mosquitto', ['-c', config], {
      stdio: ['ignore', 'ignore', 'pipe'],
      // Not in the path of those who are not root.
      env: { PATH: `${process.env.PATH}:/usr/sbin` },
    });
    child = started;
    await new Promise<void>((resolve, reject) => {
      started.on('error', reject);
      started.on('exit', (code) => reject(new Error(`mosquitto exited with ${code}: ${output}`)));
      started.stderr.on('data', (chunk) => {
        output = (output + chunk).slice(-500_000);
        if (/ running\b/.test(output)) resolve();
      });
    });
  };
  const kill = async () => {
    const running = child;
    if (!running || running.exitCode !== null || running.signalCode !== null) return;
    const exited = once(running, 'exit');
    running.kill('SIGKILL');
    await exited;
  };
  await start();

  return {
    port,
    authority,
    start,
    get child() {
      return child!;
    },
    kill,
    log: () => output,
    async client(options = {}, name = CLOUD) {
      const pending = identities.get(name) ?? authority.issue(name);
      identities.set(name, pending);
      const { certificate, privateKey, ca } = await pending;
      const client = connect({
        host: '127.0.0.1',
        port,
        protocol: 'mqtts',
        protocolVersion: 5,
        cert: certificate,
        key: privateKey,
        ca,
        reconnectPeriod: 200,
        ...options,
      });
      client.on('error', () => undefined);
      clients.push(client);
      await new Promise<void>((resolve) => client.once('connect', () => resolve()));
      return client;
    },
    async close() {
      await Promise.all(clients.map((client) => client.endAsync(true)));
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const probe: Server = createServer();
  probe.listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
