import { hostname } from 'node:os';
import { isLoopback } from '../../config/rules.ts';
import type { Config } from '../../config/schema.ts';
import { openTokenStore } from '../teleop/tokens.ts';
import type { Role } from '../teleop/wire.ts';
import { type ConfigArguments, configurationOf } from './configuration.ts';
import { CommandLineError, EXIT } from './exit.ts';
import { ownAddress } from './robot-at.ts';
import { alignedTable } from './table.ts';

export interface PairArguments extends ConfigArguments {
  readonly role: Role;
  readonly minutes: number;
  readonly name?: string;
  readonly list?: boolean;
  readonly revoke?: string;
}

/** Works on the token file in robot.stateDir, which a running robot reads anew: it need not be restarted. */
export async function pair(options: PairArguments): Promise<void> {
  const { config } = configurationOf(options);
  const tokens = open(config.robot.stateDir);
  if (options.list) {
    const rows = tokens
      .list()
      .map(({ id, name, role, createdMs }) => [
        id,
        name,
        role,
        new Date(createdMs).toISOString().slice(0, 16),
      ]);
    console.log(
      rows.length ? alignedTable(['ID', 'NAME', 'ROLE', 'SINCE (UTC)'], rows) : 'No device is paired.',
    );
  } else if (options.revoke !== undefined) {
    if (!tokens.revoke(options.revoke)) {
      throw new CommandLineError(
        EXIT.failed,
        `No device has the id ${options.revoke}. roverd pair --list shows them.`,
      );
    }
    console.log(`${options.revoke} may no longer connect.`);
  } else if (options.name !== undefined) {
    console.log(tokens.mint({ name: options.name, role: options.role, kind: 'paired' }).token);
  } else {
    const code = tokens.createPairingCode({ role: options.role, ttlMs: options.minutes * 60_000 });
    const address = pageAddress(config, code);
    console.log(`${code} makes one device ${describe(options.role)}, once, within ${options.minutes} min.`);
    console.log(`Enter it on the robot's page${address === null ? '' : `, or open ${address}`}`);
    // A phone can't open an address of this machine alone.
    if (address !== null && process.stdout.isTTY && !isLoopback(config.teleop.host))
      await showQrCode(address);
  }
}

/** The page that pairs itself, under the name other machines know this one by. Null when the port is not known. */
function pageAddress({ teleop }: Config, code: string): string | null {
  if (teleop.port === 0) return null;
  const everywhere = ['0.0.0.0', '::'].includes(teleop.host);
  const { url } = ownAddress({ teleop: { ...teleop, tlsCert: '' } });
  if (everywhere) url.hostname = `${hostname()}.local`;
  else if (isLoopback(teleop.host)) url.hostname = 'localhost';
  return `${teleop.tlsCert ? 'https' : 'http'}://${url.host}/#pair=${code}`;
}

async function showQrCode(text: string): Promise<void> {
  const { default: qrcode } = await import('qrcode-terminal');
  qrcode.generate(text, { small: true });
}

function open(stateDir: string): ReturnType<typeof openTokenStore> {
  try {
    return openTokenStore(stateDir);
  } catch (error) {
    throw new CommandLineError(
      EXIT.failed,
      `Can't open the tokens in ${stateDir}: ${(error as Error).message}`,
      { cause: error },
    );
  }
}

function describe(role: Role): string {
  return role === 'operator' ? 'an operator' : 'a viewer';
}
