import { chmodSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isLoopback } from '../../config/rules.ts';
import type { Config } from '../../config/schema.ts';
import { openTokenStore } from '../teleop/tokens.ts';
import type { RobotAddress } from './client.ts';
import { type ConfigArguments, configurationOf } from './configuration.ts';
import { CommandLineError, EXIT } from './exit.ts';

export interface RobotArguments extends ConfigArguments {
  readonly url?: string;
  readonly token?: string;
}

/** Which robot a command speaks to, and by what right. */
export function robotAt(options: RobotArguments): RobotAddress & { readonly token: string } {
  const urlText = options.url ?? process.env.ROVERD_URL;
  const token = options.token ?? process.env.ROVERD_TOKEN;
  const url = urlText ? parseUrl(urlText) : undefined;
  // A broken configuration must not stand between a stop and a robot that is named in full.
  if (url && token) return { url, token };
  if (url && !isLoopback(url.hostname.replace(/^\[|\]$/g, ''))) {
    throw new CommandLineError(EXIT.usage, `Expected --token or ROVERD_TOKEN for the robot at ${url.origin}`);
  }
  const { config } = configurationOf(options);
  const own = ownAddress(config);
  return {
    ...own,
    ...(url && { url }),
    token: (token ?? config.teleop.token) || ownToken(config.robot.stateDir),
  };
}

/** Where the robot of this configuration listens, as this machine reaches it. */
export function ownAddress({ teleop }: Pick<Config, 'teleop'>): RobotAddress {
  const everywhere = ['0.0.0.0', '::'].includes(teleop.host);
  const host = everywhere || isLoopback(teleop.host) ? loopbackOf(teleop.host) : teleop.host;
  const bracketed = host.includes(':') ? `[${host}]` : host;
  const scheme = teleop.tlsCert ? 'https' : 'http';
  return {
    url: new URL(`${scheme}://${bracketed}:${teleop.port}`),
    ...(teleop.tlsCert && { certificate: readCertificate(teleop.tlsCert) }),
  };
}

function loopbackOf(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  return host === '::' ? '::1' : host;
}

/**
 * The token of this machine's shell: made once in robot.stateDir, by whoever may write there, and kept in a file
 * only its owner may read.
 */
function ownToken(stateDir: string): string {
  const path = join(stateDir, 'shell-token');
  try {
    const store = openTokenStore(stateDir);
    const kept = readOrEmpty(path);
    if (kept && store.verify(kept)) return kept;
    const { token } = store.mint({ name: 'shell', role: 'operator', kind: 'paired' });
    const draft = `${path}.${process.pid}`;
    writeFileSync(draft, token, { mode: 0o600 });
    chmodSync(draft, 0o600);
    renameSync(draft, path);
    return token;
  } catch (cause) {
    throw new CommandLineError(
      EXIT.failed,
      `Can't get a token from ${stateDir}: ${(cause as Error).message}. Give one by --token or ROVERD_TOKEN.`,
      { cause },
    );
  }
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}

function readCertificate(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new CommandLineError(EXIT.failed, `Can't read teleop.tlsCert: ${(cause as Error).message}`, {
      cause,
    });
  }
}

function parseUrl(text: string): URL {
  if (URL.canParse(text)) {
    const url = new URL(text);
    if (['http:', 'https:'].includes(url.protocol)) return url;
  }
  throw new CommandLineError(EXIT.usage, `Expected --url to be like http://robot:8080 but received ${text}`);
}
