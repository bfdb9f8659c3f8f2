import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { close, listen } from '../services/http-server.ts';
import type { Authority } from './certificates.ts';

export interface MosquittoOptions {
  /** For its files; made when it is not there. */
  readonly folder: string;
  readonly authority: Authority;
  /** The rules of its ACL file. */
  readonly acl: string;
  readonly onLine: (text: string) => void;
  /** It ended by itself. */
  readonly onExit: (code: number | null) => void;
}

export interface Mosquitto {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * The MQTT broker on a free port of loopback, with mutual TLS: who connects is, and is called, what the certificate
 * says.
 * @throws Error when it can't be started
 */
export async function startMosquitto({
  folder,
  authority,
  acl,
  onLine,
  onExit,
}: MosquittoOptions): Promise<Mosquitto> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const server = await authority.issueServer();
  const write = (name: string, text: string) => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  const port = await freePort();
  const config = [
    // Started by root it would become another user, who can't read these files.
    `user ${userInfo().username}`,
    `listener ${port} 127.0.0.1`,
    `cafile ${write('ca.pem', authority.ca)}`,
    `certfile ${write('server.pem', server.certificate)}`,
    `keyfile ${write('server.key', server.privateKey)}`,
    'require_certificate true',
    'use_identity_as_username true',
    'use_username_as_clientid true',
    'allow_anonymous false',
    `acl_file ${write('acl', acl)}`,
    'persistence false',
    // As in IoT Core: 128 KB a message.
    'message_size_limit 131072',
    'set_tcp_nodelay true',
    'log_dest stderr',
    'log_type error',
    'log_type warning',
    'log_type notice',
    'log_type information',
  ];
  const command = ['mosquitto', '-c', write('mosquitto.conf', `${config.join('\n')}\n`)];
  // It ends when the desk is killed, and not by a Ctrl-C before the desk has done with it.
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', ...command], {
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
    // Not in the path of those who are not root.
    env: { PATH: `${process.env.PATH}:/usr/sbin` },
  });
  await running(child, onLine);
  let closing = false;
  child.on('exit', (code) => {
    if (!closing) onExit(code);
  });
  return {
    port,
    async close() {
      closing = true;
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    },
  };
}

async function running(child: ChildProcess, onLine: (text: string) => void): Promise<void> {
  const said: string[] = [];
  await new Promise<void>((resolve, reject) => {
    child.on('error', (error) => reject(new Error(`mosquitto can't be started: ${error.message}`)));
    child.on('exit', (code) => reject(new Error(`mosquitto ended with ${code}: ${said.join('\n')}`)));
    createInterface({ input: child.stderr! }).on('line', (line) => {
      const text = line.replace(/^\d+: /, '');
      if (said.length < 100) said.push(text);
      onLine(text);
      if (/ running$/.test(text)) resolve();
    });
  });
}

async function freePort(): Promise<number> {
  const probe = createServer();
  const port = await listen(probe);
  await close(probe);
  return port;
}
