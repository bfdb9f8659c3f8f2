/** Debian packages: which are missing, and how to get them. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { SetupError } from './dev-steps.mjs';

const TO_RUN = [
  'build-essential',
  'python3',
  'pkg-config',
  'libgstreamer1.0-dev',
  'libgstreamer-plugins-base1.0-dev',
  'gstreamer1.0-plugins-base',
  'gstreamer1.0-plugins-good',
  'gstreamer1.0-plugins-bad',
  'gstreamer1.0-plugins-ugly',
];
const TO_TEST = [
  'chromium',
  'debootstrap',
  'default-jdk-headless',
  'fonts-dejavu-core',
  'gstreamer1.0-libav',
  'gstreamer1.0-tools',
  'iproute2',
  'libjackson2-databind-java',
  'libjsonpath-java',
  'mosquitto',
  'procps',
  'shellcheck',
  'systemd',
  'valgrind',
  'velocity',
];

/** The broker of cloud/local, and the engine of its mapping templates. */
const TO_DESK = [
  'default-jdk-headless',
  'libjackson2-databind-java',
  'libjsonpath-java',
  'mosquitto',
  'velocity',
];

/** What a machine without Debian's packages must have, as far as it can be looked for. */
const COMMANDS = {
  run: ['g++', 'make', 'python3', 'pkg-config'],
  desk: ['java', 'javac', 'mosquitto'],
  test: [
    'cc',
    'chromium',
    'debootstrap',
    'gst-inspect-1.0',
    'ip',
    'java',
    'javac',
    'mosquitto',
    'ps',
    'shellcheck',
    'systemd-analyze',
  ],
};
const ALSO = {
  desk: ' (for the desk also a JDK, Apache Velocity 1.7, Jayway JsonPath and mosquitto)',
  test: ' (for the tests also libav, gst-inspect-1.0, Chromium, debootstrap, iproute2, a JDK, Jayway JsonPath, mosquitto, procps, shellcheck, systemd, valgrind, Apache Velocity 1.7 and a font)',
};
const LIBRARIES = ['gstreamer-1.0', 'gstreamer-app-1.0', 'gstreamer-video-1.0'];

/** @param {'run' | 'desk' | 'test'} purpose */
export function packagesFor(purpose) {
  return [...TO_RUN, ...({ desk: TO_DESK, test: TO_TEST }[purpose] ?? [])];
}

/** @returns {{name: string, usesApt: boolean}} what os-release (freedesktop.org, os-release(5)) says */
export function readSystem(osRelease) {
  const value = (key) => new RegExp(`^${key}="?([^"\n]*)"?$`, 'm').exec(osRelease)?.[1] ?? '';
  return {
    name: value('PRETTY_NAME') || value('ID') || 'an unknown system',
    usesApt: ['debian', 'raspbian'].includes(value('ID')),
  };
}

/**
 * Installs what is missing, on Debian and Raspberry Pi OS. Elsewhere it says what is needed.
 * @throws SetupError with the command to give when it can't be done from here
 */
export async function ensurePackages(steps, purpose) {
  const system = readSystem(readOsRelease());
  if (!system.usesApt) return ensureElsewhere(system.name, purpose);
  const missing = missingPackages(packagesFor(purpose));
  if (missing.length === 0) return;

  const install = [
    'apt-get',
    'install',
    '-y',
    '--no-install-recommends',
    '-o',
    'DPkg::Lock::Timeout=300',
    ...missing,
  ];
  const asRoot = rootPrefix();
  if (asRoot === null) {
    throw new SetupError(
      `These packages are missing, and installing them needs root:\n\n  sudo apt-get update && sudo apt-get install -y --no-install-recommends ${missing.join(' ')}\n\nThen try again.`,
    );
  }
  await steps.step('system packages', async ({ run, say }) => {
    const apt = (args) => {
      const [command, ...rest] = [...asRoot, 'env', 'DEBIAN_FRONTEND=noninteractive', ...args];
      return run(command, rest);
    };
    const listed = listsThere();
    if (!listed) await apt(['apt-get', 'update']);
    try {
      await apt(install);
    } catch (error) {
      // Lists of yesterday name files that are gone.
      if (!listed) throw error;
      await apt(['apt-get', 'update']);
      await apt(install);
    }
    say(`${missing.length} installed`);
  });
}

export function missingPackages(packages) {
  const { stdout } = spawnSync(
    'dpkg-query',
    ['-W', '-f', `\${Package} \${db:Status-Status}\n`, ...packages],
    {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  );
  const installed = new Set((stdout ?? '').match(/^\S+(?= installed$)/gm) ?? []);
  return packages.filter((name) => !installed.has(name));
}

/** What to put before a command so that it runs as root; null when there is no way without a person. */
function rootPrefix() {
  if (process.getuid?.() === 0) return [];
  const silent = { stdio: 'ignore' };
  if (spawnSync('sudo', ['-n', 'true'], silent).status === 0) return ['sudo', '-n'];
  if (!process.stdin.isTTY || !process.stderr.isTTY) return null;
  // Asks for the password now, so that the prompt is not lost behind the progress line.
  console.error('Some system packages are missing; sudo may ask for your password to install them.');
  return spawnSync('sudo', ['-v'], { stdio: 'inherit' }).status === 0 ? ['sudo', '-n'] : null;
}

/** @throws SetupError with what is lacking and how it is called elsewhere */
export function ensureElsewhere(system, purpose) {
  const commands = purpose === 'run' ? COMMANDS.run : [...COMMANDS.run, ...COMMANDS[purpose]];
  const lacking = [
    ...commands.filter((command) => !works('sh', ['-c', `command -v "${command}"`])),
    ...LIBRARIES.filter((library) => !works('pkg-config', ['--exists', library])).map(
      (name) => `${name} (headers)`,
    ),
  ];
  if (lacking.length === 0) return;
  throw new SetupError(
    `This is ${system}; what roverd needs is installed by itself on Debian 12 and Raspberry Pi OS only.\n` +
      `Not found: ${lacking.join(', ')}.\n` +
      `Please install a C++ compiler, make, Python 3, pkg-config, GStreamer 1.20 or later with its headers and its base, good, bad and ugly plug-ins` +
      `${ALSO[purpose] ?? ''}. Debian calls them:\n\n  ${packagesFor(purpose).join(' ')}\n\nThen try again.`,
  );
}

function works(command, args) {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

function listsThere() {
  try {
    return readdirSync('/var/lib/apt/lists').some((name) => /_Packages(\.\w+)?$/.test(name));
  } catch {
    return false;
  }
}

function readOsRelease() {
  for (const path of ['/etc/os-release', '/usr/lib/os-release']) {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      // The next place.
    }
  }
  return '';
}
