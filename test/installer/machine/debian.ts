import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../../config/paths.ts';

/** What Raspberry Pi OS Lite brings along and Debian's smallest tree doesn't. */
const LIKE_PI_OS = [
  'systemd',
  'systemd-sysv',
  'dbus',
  'udev',
  'curl',
  'ca-certificates',
  'openssl',
  'sudo',
  'procps',
  'netbase',
];
const MIRROR = process.env.DEBIAN_MIRROR ?? 'http://deb.debian.org/debian';

/** Debian 12, or with `DEBIAN_SUITE=trixie` Debian 13. */
const SUITE = process.env.DEBIAN_SUITE ?? 'bookworm';

export type Arch = 'x64' | 'arm64';

/** A Debian as it comes, made once by debootstrap and kept below build/. @returns its folder, not to be written to */
export function ensureDebian(arch: Arch = process.arch as Arch): string {
  const folder = join(packageRoot(), `build/debian-${SUITE}${arch === process.arch ? '' : `-${arch}`}`);
  if (existsSync(join(folder, 'made'))) return join(folder, 'root');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const root = join(folder, 'root.unfinished');
  const debianArch = arch === 'x64' ? 'amd64' : arch;
  const options = [`--arch=${debianArch}`, '--variant=minbase', `--include=${LIKE_PI_OS.join(',')}`];
  run('debootstrap', [...options, SUITE, root, MIRROR]);
  // Groups of Raspberry Pi OS, its boot partition, and no updates in the background of a test.
  run('chroot', [root, 'groupadd', '--system', 'i2c']);
  run('chroot', [root, 'groupadd', '--system', 'gpio']);
  run('chroot', [root, 'apt-get', 'clean']);
  run('chroot', [root, 'systemctl', 'mask', 'apt-daily.timer', 'apt-daily-upgrade.timer']);
  run('chroot', [
    root,
    'systemctl',
    'mask',
    'systemd-udevd.service',
    'getty@.service',
    'console-getty.service',
  ]);
  mkdirSync(join(root, 'boot/firmware'));
  writeFileSync(join(root, 'boot/firmware/config.txt'), CONFIG_TXT);
  writeFileSync(join(root, 'etc/hosts'), '127.0.0.1 localhost\n127.0.1.1 robotbox\n');
  writeFileSync(join(root, 'etc/hostname'), 'robotbox\n');
  renameSync(root, join(folder, 'root'));
  writeFileSync(join(folder, 'made'), '');
  return join(folder, 'root');
}

/** The end of a file as Raspberry Pi OS has it: within a filter for one model. */
const CONFIG_TXT = `# For more options and information see
# http://rptl.io/configtxt
#dtparam=i2c_arm=on
dtparam=audio=on
camera_auto_detect=1
dtoverlay=vc4-kms-v3d

[cm5]
dtoverlay=dwc2,dr_mode=host`;

function run(command: string, args: readonly string[]): void {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0)
    throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? `${stdout}${stderr}`.slice(-2000)}`);
}
