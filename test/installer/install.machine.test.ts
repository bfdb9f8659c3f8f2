import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Chips } from '../chips/chips.ts';
import { Machine, type Ran } from './machine/machine.ts';
import { missingForMachines } from './machine/missing.ts';
import { Releases, running, SHELF_PORT } from './machine/releases.ts';
import { giveMotorHat, wheelsOf } from './machine/service-chips.ts';
import { type Shelf, serveShelf } from './machine/shelf.ts';
import { differences, snapshot } from './machine/snapshot.ts';
import { until } from './machine/until.ts';

const test = suite('installer on a machine');
const skipped = suite('installer on a machine');
const LINE = `curl -fsSL http://127.0.0.1:${SHELF_PORT}/install.sh | bash -s --`;
const OPTIONS = '--name rover --motor motor-hat --any-board';

let releases: Releases;
let machine: Machine;
let shelf: Shelf;
let chips: Chips;
let before: string[];

test.before(async () => {
  releases = new Releases();
  machine = new Machine();
  chips = giveMotorHat(machine);
  await bootMachine();
  before = snapshot(machine);
});
test.after(async () => {
  await machine?.remove();
  chips?.close();
  releases?.remove();
});

async function bootMachine(): Promise<void> {
  await machine.boot();
  shelf = serveShelf(releases.folder, await machine.listen(SHELF_PORT));
}

const install = (options = OPTIONS, environment = ''): Promise<Ran> =>
  machine.start('bash', [
    '-c',
    `${environment} ${LINE.replace('| bash', `| ${environment} bash`)} ${options}`,
  ]);

async function refuses(reason: RegExp, run: () => Promise<Ran>): Promise<void> {
  const { status, output } = await run();
  assert.is(status, 1, output);
  assert.match(output, reason);
  assert.equal(differences(before, snapshot(machine)), []);
}

/** What an operator's program would do, on the robot itself. */
function publish(body: object): Ran {
  const url = 'https://127.0.0.1:8443/publish';
  const json = ['-H', 'content-type: application/json', '-d', JSON.stringify(body)];
  return machine.run('curl', ['-sk', '-H', `authorization: Bearer ${token}`, ...json, url]);
}
let token = '';

/** Drives on and on, within the machine, until it is stopped. */
function keepDriving(): { stop(): Promise<unknown> } {
  let driving = true;
  const body = JSON.stringify({ drive: { linear: 0.6, angular: 0 } });
  machine.write('/tmp/stop', '');
  machine.run('rm', ['/tmp/stop']);
  const script = `while [ ! -e /tmp/stop ]; do curl -sk -o /dev/null -m 1 -H 'authorization: Bearer ${token}' -H 'content-type: application/json' -d '${body}' https://127.0.0.1:8443/publish; sleep 0.05; done`;
  const done = machine.start('bash', ['-c', script]);
  return {
    stop: () => {
      if (driving) machine.write('/tmp/stop', '');
      driving = false;
      return done;
    },
  };
}

const turns = () => wheelsOf(chips).left !== 0 || wheelsOf(chips).right !== 0;

/** An action lasts 200 ms, which a busy machine may not see: this one goes on until the motors turn. */
async function drives(as = turns): Promise<void> {
  const driver = keepDriving();
  try {
    await until(as);
  } finally {
    await driver.stop();
  }
  await until(() => !turns());
}

const property = (name: string): string =>
  machine.run('systemctl', ['show', '--property', name, '--value', 'roverd']).stdout.trim();
const journal = (): string => machine.run('journalctl', ['-u', 'roverd', '-o', 'cat', '--no-pager']).stdout;
const isActive = (): boolean => property('ActiveState') === 'active';
const inUse = (): string => machine.run('readlink', ['/opt/roverd/current']).stdout.trim();
const log = (what: string, value: string) => console.log(`${what}: ${value}`);

test('a machine that is no Raspberry Pi is refused', () =>
  refuses(/this is no Raspberry Pi/, () => install('--name rover')));

test('a 32-bit system is refused', () =>
  refuses(/32-bit.*needs the 64-bit one/s, async () => {
    machine.write('/tmp/dpkg', '#!/bin/sh\n[ "$1" = --print-architecture ] && echo armhf\n');
    machine.run('chmod', ['755', '/tmp/dpkg']);
    return install(OPTIONS, 'PATH=/tmp:$PATH');
  }));

test('a clock from before the release is refused', () =>
  refuses(/the clock is wrong: it says/, async () => {
    const script = readFileSync(join(releases.folder, 'install.sh'), 'utf8');
    const later = Math.floor(Date.now() / 1000) + 86_400;
    return machine.start(
      'bash',
      ['-s', '--', '--any-board'],
      script.replace(/^MADE_AT_S=.*$/m, `MADE_AT_S=${later}`),
    );
  }));

test('a full disk is refused', () =>
  refuses(/\/var\/tmp has \d+ MB free, and \d+ MB are needed/, async () => {
    machine.run('mount', ['-t', 'tmpfs', '-o', 'size=20M', 'tmpfs', '/var/tmp']);
    try {
      return await install();
    } finally {
      machine.run('umount', ['/var/tmp']);
    }
  }));

test('without a network it is refused', () =>
  refuses(/can't download .*Is this machine on the network\?/, () =>
    install(`${OPTIONS} --archive http://releases.example.com/roverd.tar.gz`),
  ));

test('a wrong checksum is refused', () =>
  refuses(/the checksum of .* is wrong/, () => install(`${OPTIONS} --sha256 ${'0'.repeat(64)}`)));

test('an archive that was changed after it was signed is refused', async () => {
  releases.derive('0.0.1');
  appendFileSync(releases.archive('0.0.1'), 'x');
  await refuses(/the checksum of .* is wrong/, () => install(`${OPTIONS} --version 0.0.1`));
});

test('a signature by another key is refused', async () => {
  releases.derive('0.0.2');
  releases.sign(releases.archive('0.0.2'), releases.foreignKey());
  await refuses(/the signature of .* is wrong/, () => install(`${OPTIONS} --version 0.0.2`));
});

test('the signature of another release is refused', async () => {
  releases.derive('0.0.3');
  for (const end of ['.sha256', '.sha256.sig'])
    writeFileSync(`${releases.archive('0.0.3')}${end}`, readFileSync(`${releases.archive()}${end}`));
  await refuses(/the signature is that of .*, not of/, () => install(`${OPTIONS} --version 0.0.3`));
});

test('a release for another architecture is refused', async () => {
  releases.derive('0.0.4', (folder) => {
    const path = join(folder, 'release');
    writeFileSync(path, readFileSync(path, 'utf8').replace(/^arch=.*$/m, 'arch=riscv64'));
  });
  await refuses(/the archive is for riscv64, and this machine is/, () =>
    install(`${OPTIONS} --version 0.0.4`),
  );
});

for (const [options, reason] of [
  ['--motor steam', /Expected --motor to be auto, explorer-hat/],
  ['--name "two words"', /Expected --name to be 1 to 64 letters/],
  ['--port 80', /Expected --port to be 1024 to 65535/],
  ['--sha256 abc', /Expected --sha256 to be 64 digits/],
  ['--colour red', /Expected an option but received --colour/],
] as const) {
  test(`wrong usage exits with 2: ${options}`, async () => {
    const { status, output } = await install(options);
    assert.is(status, 2, output);
    assert.match(output, reason);
  });
}

test('a script that is cut off does nothing, wherever that is', () => {
  const script = readFileSync(join(releases.folder, 'install.sh'));
  // The last bytes are the likeliest to leave something that runs.
  const places = [1, 2, 3, 6, 12, 24].map((fromEnd) => script.length - 1 - fromEnd);
  while (places.length < 26) places.push(Math.floor(Math.random() * script.length));
  for (const place of places) {
    const { output } = machine.run('bash', ['-s', '--', '--any-board'], script.subarray(0, place).toString());
    assert.not.match(output, /Machine:|Release:/, `cut off after ${place} of ${script.length} bytes`);
  }
  assert.equal(differences(before, snapshot(machine)), []);
});

test('an archive that is cut off changes nothing, wherever that is', async () => {
  const { size } = statSync(releases.archive());
  for (let i = 0; i < 20; i++) {
    const place = Math.floor(Math.random() * size);
    shelf.cut('.tar.gz', place);
    const { status, output } = await install();
    assert.is(status, 1, `cut off after ${place} of ${size} bytes: ${output}`);
    assert.match(output, /can't download|checksum/);
  }
  shelf.cut(null);
  assert.equal(differences(before, snapshot(machine)), []);
});

test('--dry-run prints every change and makes none', async () => {
  const { status, output } = await install(`${OPTIONS} --dry-run`);
  assert.is(status, 0, output);
  for (const change of [
    /install Debian's .*gstreamer/,
    /make the user roverd/,
    /config\.txt: dtparam=i2c_arm=on/,
  ])
    assert.match(output, change);
  for (const change of [/unpack release/, /write \/etc\/roverd\/config\.json/, /start roverd\.service/])
    assert.match(output, change);
  assert.match(output, /Nothing was changed\.\n$/);
  assert.equal(differences(before, snapshot(machine)), []);
});

test('one line installs it, and it can be driven', async () => {
  const started = performance.now();
  const { status, output } = await install();
  const seconds = (performance.now() - started) / 1000;
  assert.is(status, 0, output);
  assert.match(output, /Robot rover is ready at https:\/\/robotbox\.local:8443/);
  assert.match(output, /Pairing code: [A-Z2-9]{4}-[A-Z2-9]{4}/);
  assert.match(output, /reboot before driving/);
  token = machine.run('roverd', ['pair', '--name', 'test']).stdout.trim();
  assert.match(publish({ action: 'stop' }).output, /"accepted":true/);
  await drives(() => wheelsOf(chips).left > 0.3 && wheelsOf(chips).right > 0.3);
  log('from the start of the script to ready', `${seconds.toFixed(1)} s`);
  log('resident memory', residentMemory());
  assert.match(machine.read('/etc/avahi/services/roverd.service'), /<port>8443<\/port>/);
  assert.match(machine.run('id', ['roverd']).output, /i2c.*gpio/);
});

function residentMemory(): string {
  const pids = machine.sh(
    'cat /sys/fs/cgroup{,/systemd}/system.slice/roverd.service/cgroup.procs 2>/dev/null',
  ).stdout;
  const rows = pids
    .trim()
    .split('\n')
    .map((pid) => {
      const status = machine.run('cat', [`/proc/${pid}/status`]).stdout;
      return `${/^Name:\s+(.*)$/m.exec(status)?.[1]} ${(Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024).toFixed(1)} MiB`;
    });
  return rows.join(', ');
}

test('the hardware is switched on under [all], whatever filter the file ends in', () => {
  assert.match(
    machine.read('/boot/firmware/config.txt'),
    /dr_mode=host\n# roverd begin \(after a line without end\)\n\[all\]\ndtparam=i2c_arm=on\n# roverd end\n$/,
  );
});

test('twice is the same as once', async () => {
  const once = snapshot(machine);
  const { MainPID } = { MainPID: property('MainPID') };
  const { status, output } = await install();
  assert.is(status, 0, output);
  // The new pairing code is kept, hashed, beside the tokens.
  const changed = differences(once, snapshot(machine)).filter((line) => !line.endsWith('/tokens.json'));
  assert.equal(changed, []);
  assert.is(property('MainPID'), MainPID, 'it need not start anew for that');
});

test('doctor finds nothing to mend but what is not there', () => {
  const { output } = machine.run('roverd', ['doctor', '--json', '--simulate']);
  assert.equal(
    JSON.parse(output).findings.filter((one: { mend?: string }) => one.mend),
    [],
  );
});

test('the unit is sound and closed', () => {
  assert.is(machine.run('systemd-analyze', ['verify', 'roverd.service']).output, '');
  const { output } = machine.run('systemd-analyze', ['security', 'roverd.service', '--no-pager']);
  const exposure = Number(/exposure level for roverd\.service: ([\d.]+)/.exec(output)?.[1]);
  assert.ok(exposure <= 2.5, `${exposure}`);
});

test('killed, it leaves no motor turning and comes back', async () => {
  const driver = keepDriving();
  await until(turns);
  const restarts = Number(property('NRestarts'));
  machine.run('kill', ['-9', property('MainPID')]);
  await driver.stop();
  await until(() => !turns());
  await until(() => Number(property('NRestarts')) === restarts + 1 && isActive());
  assert.not.ok(turns());
  await drives();
});

test('frozen, it leaves no motor turning, is killed and comes back', async () => {
  const driver = keepDriving();
  await until(turns);
  const pid = property('MainPID');
  machine.run('kill', ['-STOP', pid]);
  const frozen = performance.now();
  await until(() => !turns(), 2000);
  log('motors off after freezing', `${(performance.now() - frozen).toFixed(0)} ms`);
  await driver.stop();
  await until(() => isActive() && property('MainPID') !== pid && property('MainPID') !== '0', 30_000);
  assert.match(journal(), /Watchdog timeout/);
  await drives();
});

const CONFIG = '/etc/roverd/config.json';
function configure(change: (config: Record<string, Record<string, unknown>>) => void): void {
  const config = JSON.parse(machine.read(CONFIG));
  change(config);
  machine.write(CONFIG, JSON.stringify(config));
}

test('reloads what it can, and says why it can’t take the rest', async () => {
  const pid = property('MainPID');
  configure((config) => {
    config.drive!.maxRatio = 0.25;
    config.teleop!.port = 9443;
  });
  machine.run('systemctl', ['reload', 'roverd']);
  await until(() => /took over drive\.maxRatio/.test(journal()));
  assert.match(journal(), /teleop\.port needs a restart: the server listens with it/);
  await drives(() => Math.abs(wheelsOf(chips).left - 0.25) < 0.01);
  assert.is(property('MainPID'), pid);
  configure((config) => {
    config.drive!.maxRatio = 7;
  });
  machine.run('systemctl', ['reload', 'roverd']);
  await until(() => /the configuration is broken; nothing was changed/.test(journal()));
});

test('a broken configuration is told in the journal, and not tried again and again', async () => {
  machine.run('systemctl', ['restart', 'roverd']);
  await until(() => property('ActiveState') === 'failed');
  assert.match(journal(), /drive\.maxRatio.*7/);
  assert.is(property('NRestarts'), '0');
});

test('an update does not go over a broken configuration', async () => {
  releases.derive('0.2.0');
  releases.setLatest('0.2.0');
  const { status, output } = await machine.start('roverd', ['update']);
  assert.is(status, 1, output);
  assert.match(output, /does not take the configuration in \/etc\/roverd\/config\.json.*drive\.maxRatio/s);
  assert.match(inUse(), new RegExp(`/${releases.version}$`));
  configure((config) => {
    delete config.drive!.maxRatio;
    config.teleop!.port = 8443;
  });
  machine.run('systemctl', ['restart', 'roverd']);
  await until(isActive);
});

test('roverd update brings the newest release', async () => {
  const { status, output } = await machine.start('roverd', ['update']);
  assert.is(status, 0, output);
  assert.is(machine.run('roverd', ['--version']).stdout.trim(), '0.2.0');
  assert.match(inUse(), /\/0\.2\.0$/);
  assert.ok(isActive());
  const again = await machine.start('roverd', ['update']);
  assert.match(again.output, /nothing to do/);
});

for (const [version, what, script] of [
  ['0.3.0', 'does not start', `console.error('broken on purpose'); process.exit(1);`],
  ['0.4.0', 'falls over once it is ready', 'setTimeout(() => process.exit(1), 3000);'],
] as const) {
  test(`a release that ${what} is taken back`, async () => {
    releases.derive(version, running(script));
    const { status, output } = await machine.start('roverd', ['update', '--version', version]);
    assert.is(status, 1, output);
    assert.match(output, new RegExp(`Release ${version} does not run`));
    assert.match(output, /release 0\.2\.0 runs again/);
    assert.match(inUse(), /\/0\.2\.0$/);
    assert.ok(isActive());
    await drives();
  });
}

test('started anew, the machine runs the robot', async () => {
  await machine.shutDown();
  await bootMachine();
  await until(isActive);
  const readyUs = Number(property('ActiveEnterTimestampMonotonic'));
  const bootedUs = Number(
    machine.run('systemctl', ['show', '--property', 'UserspaceTimestampMonotonic', '--value']).stdout,
  );
  log('from boot to ready', `${((readyUs - bootedUs) / 1e6).toFixed(1)} s`);
  await drives();
});

test('uninstalled, it leaves nothing', async () => {
  const { status, output } = await machine.start('roverd', ['uninstall']);
  assert.is(status, 0, output);
  assert.equal(differences(before, snapshot(machine)), []);
  assert.not.match(machine.run('getent', ['passwd']).stdout, /roverd/);
});

const missing = missingForMachines('openssl', 'curl');
if (missing) {
  console.log(`SKIP the installer on a machine: ${missing}`);
  skipped.skip('the installer on a machine', () => undefined);
  skipped.run();
} else test.run();
