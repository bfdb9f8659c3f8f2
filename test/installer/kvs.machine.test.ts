import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { installKvsSdk } from './machine/kvs-sdk.ts';
import { Machine, type Ran } from './machine/machine.ts';
import { missingForMachines } from './machine/missing.ts';
import { Releases, SHELF_PORT } from './machine/releases.ts';
import { serveShelf } from './machine/shelf.ts';
import { differences, snapshot } from './machine/snapshot.ts';

/** The addon compiled on the robot; nothing is started. */
const test = suite('installer with a KVS WebRTC C SDK');
const skipped = suite('installer with a KVS WebRTC C SDK');
const SDK = '/opt/kvs-webrtc';
let releases: Releases;
let machine: Machine;

test.before(async () => {
  releases = new Releases();
  machine = new Machine();
  await machine.boot();
  serveShelf(releases.folder, await machine.listen(SHELF_PORT));
});
test.after(async () => {
  await machine?.remove();
  releases?.remove();
});

const install = (options: string): Promise<Ran> =>
  machine.start('bash', [
    '-c',
    `curl -fsSL http://127.0.0.1:${SHELF_PORT}/install.sh | bash -s -- --name rover --simulate --no-start ${options}`,
  ]);
const release = () => machine.run('readlink', ['/opt/roverd/current']).stdout.trim();

async function engine(): Promise<string> {
  const { stdout } = await machine.start('roverd', ['doctor', '--simulate', '--json']);
  const { findings } = JSON.parse(stdout) as { findings: { what: string; detail: string }[] };
  return findings.find(({ what }) => what === 'WebRTC engine')?.detail ?? stdout;
}

test('a folder without the SDK is refused, and nothing is changed', async () => {
  const before = snapshot(machine);
  const { status, output } = await install(`--kvs-sdk ${SDK}`);
  assert.is(status, 1, output);
  assert.match(output, /Expected --kvs-sdk to name the folder .* but \S+Include\.h is missing/);
  assert.equal(differences(before, snapshot(machine)), []);
});

test('the addon is compiled against the SDK, and the engine is there', async () => {
  installKvsSdk(join(machine.root, SDK));
  const { status, output } = await install(`--kvs-sdk ${SDK}`);
  assert.is(status, 0, output);
  assert.match(output, /compile the addon against the KVS WebRTC C SDK in \/opt\/kvs-webrtc/);
  assert.match(await engine(), /^kvs/);
});

test('twice is the same as once', async () => {
  const before = [release(), ...snapshot(machine)];
  const { status, output } = await install(`--kvs-sdk ${SDK}`);
  assert.is(status, 0, output);
  assert.not.match(output, /compile the addon/);
  assert.equal(differences(before, [release(), ...snapshot(machine)]), []);
});

test('an update is compiled against it, too; where it is gone, the update goes on without', async () => {
  const [major = '0', minor = '0'] = releases.version.split('.');
  const next = (step: number) => `${major}.${Number(minor) + step}.0`;
  for (const step of [1, 2]) releases.derive(next(step));
  releases.setLatest(next(1));
  const first = await install('--update');
  assert.is(first.status, 0, first.output);
  assert.match(first.output, /compile the addon/);
  assert.match(release(), new RegExp(next(1).replaceAll('.', '\\.')));
  assert.match(await engine(), /^kvs/);

  machine.run('mv', [SDK, `${SDK}.gone`]);
  releases.setLatest(next(2));
  const second = await install('--update');
  assert.is(second.status, 0, second.output);
  assert.match(second.output, /The KVS WebRTC C SDK is no longer in \/opt\/kvs-webrtc: goes on without it/);
  assert.match(await engine(), /^datachannel/);
  machine.run('mv', [`${SDK}.gone`, SDK]);
});

test('an SDK that does not compile leaves everything as it was', async () => {
  const before = [release(), ...snapshot(machine)];
  machine.write(
    `${SDK}/include/com/amazonaws/kinesis/video/webrtcclient/Include.h`,
    '#error "of another time"\n',
  );
  const { status, output } = await install(`--kvs-sdk ${SDK}`);
  assert.is(status, 1, output);
  assert.match(output, /The addon can't be compiled against the KVS WebRTC C SDK in \/opt\/kvs-webrtc/);
  assert.equal(
    differences(before, [release(), ...snapshot(machine)]).filter((line) => !line.includes(SDK)),
    [],
  );
});

const missing = missingForMachines('openssl', 'curl', 'g++');
if (missing) {
  console.log(`SKIP the installer with a KVS WebRTC C SDK: ${missing}`);
  skipped.skip('the installer with a KVS WebRTC C SDK', () => undefined);
  skipped.run();
} else test.run();
