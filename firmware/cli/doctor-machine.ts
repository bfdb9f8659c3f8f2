import { execFile } from 'node:child_process';
import { closeSync, constants, existsSync, openSync, readdirSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../../config/paths.ts';
import type { Config } from '../../config/schema.ts';
import type { Finding } from './doctor-checks.ts';

/** Devices by the group that Raspberry Pi OS gives them to (its 99-com.rules). */
const GROUPS: readonly { readonly group: string; readonly folder: string; readonly names: RegExp }[] = [
  { group: 'i2c', folder: '/dev', names: /^i2c-\d+$/ },
  { group: 'gpio', folder: '/sys/class/pwm', names: /^pwmchip\d+$/ },
  { group: 'video', folder: '/dev', names: /^(video|media)\d+$/ },
  { group: 'video', folder: '/dev/dma_heap', names: /./ },
];
const CLOCK_ANSWER_MS = 2000;

/** Whether this user may open the devices that are there. @param root before every path, for tests */
export function checkPermissions({ video }: Pick<Config, 'video'>, root = ''): Finding {
  const what = 'permissions';
  const wanted = GROUPS.filter(({ group }) => group !== 'video' || video.enabled);
  const barred = wanted.flatMap(({ group, folder, names }) =>
    list(join(root, folder), names)
      .map((name) => fileOf(join(root, folder, name)))
      .filter((path) => !isWritable(path))
      .map((path) => ({ group, path })),
  );
  const { username } = userInfo();
  if (barred.length === 0) return { what, detail: `${username} may open every device that is there` };
  const groups = [...new Set(barred.map(({ group }) => group))].join(',');
  return {
    what,
    detail: `${username} may not open ${barred.map(({ path }) => path).join(', ')}`,
    mend: `sudo usermod -aG ${groups} ${username}, then log in again`,
  };
}

export interface ClockState {
  readonly nowMs: number;
  /** A time that has been: of the files of roverd. */
  readonly pastMs: number;
  /** Whether the system says that it follows a time server; null where it can't tell. */
  readonly synchronised: boolean | null;
}

/** A Pi has no battery for its clock: certificates, tokens and `issuedAtMs` need the time of the network. */
export function judgeClock({ nowMs, pastMs, synchronised }: ClockState): Finding {
  const what = 'clock';
  const shown = new Date(nowMs).toISOString().slice(0, 16);
  const mend = 'connect the robot to a network with a time server, and: sudo timedatectl set-ntp true';
  if (nowMs < pastMs) {
    return { what, detail: `${shown} UTC: before roverd was installed, so it has not been set`, mend };
  }
  if (synchronised === false) {
    return {
      what,
      detail: `${shown} UTC, following no time server: it may be wrong, or be set in a step`,
      mend,
    };
  }
  const follows = synchronised ? 'following a time server' : 'this system does not tell whether it is set';
  return { what, detail: `${shown} UTC, ${follows}` };
}

export async function checkClock(): Promise<Finding> {
  const pastMs = statSync(join(packageRoot(), 'package.json')).mtimeMs;
  return judgeClock({ nowMs: Date.now(), pastMs, synchronised: await isSynchronised() });
}

/** timedatectl(1); chrony and others answer through it, too. */
async function isSynchronised(): Promise<boolean | null> {
  const args = ['show', '--property=NTPSynchronized', '--value'];
  try {
    const { stdout } = await promisify(execFile)('timedatectl', args, { timeout: CLOCK_ANSWER_MS });
    const answer = stdout.trim();
    return answer === 'yes' ? true : answer === 'no' ? false : null;
  } catch {
    return null;
  }
}

function list(folder: string, names: RegExp): string[] {
  try {
    return readdirSync(folder).filter((name) => names.test(name));
  } catch {
    return [];
  }
}

/** What is written to: a device itself, a PWM chip by its file `export`. */
function fileOf(path: string): string {
  const exporting = join(path, 'export');
  return existsSync(exporting) ? exporting : path;
}

function isWritable(path: string): boolean {
  try {
    // Only writing: a PWM chip's export can't be read.
    closeSync(openSync(path, constants.O_WRONLY | constants.O_NONBLOCK));
    return true;
  } catch (error) {
    // Some are there and can't be opened by anybody; only the missing right counts.
    return !['EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '');
  }
}
