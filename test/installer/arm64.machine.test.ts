import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { runArm64 } from './machine/emulation.ts';
import { Machine } from './machine/machine.ts';
import { missingForMachines } from './machine/missing.ts';
import { Releases, SHELF_PORT } from './machine/releases.ts';
import { serveShelf } from './machine/shelf.ts';
import { until } from './machine/until.ts';

/** A Pi's architecture by qemu-user: no systemd, and everything takes some ten times as long. */
const test = suite('installer on arm64');
const skipped = suite('installer on arm64');
const STARTED_WITHIN_MS = 120_000;
let endEmulation: () => void;
let releases: Releases;
let machine: Machine;

test.before(async () => {
  endEmulation = runArm64();
  releases = new Releases('arm64');
  machine = new Machine('arm64');
  await machine.boot('/usr/bin/sleep', 'infinity');
  serveShelf(releases.folder, await machine.listen(SHELF_PORT));
});
test.after(async () => {
  await machine?.remove();
  releases?.remove();
  endEmulation?.();
});

test('one line installs it', async () => {
  const line = `curl -fsSL http://127.0.0.1:${SHELF_PORT}/install.sh | bash -s -- --name rover --simulate --no-start`;
  const { status, output } = await machine.start('bash', ['-c', line]);
  assert.is(status, 0, output);
  assert.match(output, /Machine: aarch64, Debian GNU\/Linux 12 \(bookworm\), arm64/);
  assert.match(output, /sudo systemctl enable --now roverd starts it/);
});

test('every addon of the release loads', async () => {
  const modules = ['i2c-bus', '@serialport/bindings', 'node-datachannel', 'aws-crt'];
  const script = [
    "const load = require('node:module').createRequire('/opt/roverd/current/dist/roverd.js');",
    `for (const name of ${JSON.stringify(modules)}) load(name);`,
    "console.log(Object.keys(load('/opt/roverd/current/build/Release/roverd_native.node')).join());",
  ].join('\n');
  const { status, output } = await machine.start('/opt/roverd/bin/node', ['-e', script]);
  assert.is(status, 0, output);
  assert.match(output, /startCapture/);
});

test('doctor finds nothing to mend', async () => {
  const { stdout } = await machine.start('roverd', ['doctor', '--simulate', '--json']);
  const { findings } = JSON.parse(stdout) as { findings: { what: string; detail: string; mend?: string }[] };
  assert.equal(
    findings.filter((one) => one.mend),
    [],
  );
  assert.match(findings.find((one) => /encoder/.test(one.what))?.detail ?? '', /x264enc/);
});

test('a simulated robot drives', async () => {
  const robot = machine.start('roverd', ['run', '--simulate']);
  const token = (await machine.start('roverd', ['pair', '--name', 'test'])).stdout.trim();
  const ask = async (path: string, ...more: string[]) =>
    (
      await machine.start('curl', [
        '-sk',
        '-H',
        `authorization: Bearer ${token}`,
        ...more,
        `https://127.0.0.1:8443${path}`,
      ])
    ).stdout;
  await until(async () => (await ask('/healthz')) === '{"status":"ok"}', STARTED_WITHIN_MS);
  const x = async () => JSON.parse(await ask('/api/state')).pose.xM as number;
  const from = await x();
  assert.is(await ask('/publish', '-d', '{"action":"forward"}'), '{"accepted":true}');
  await until(async () => Math.abs((await x()) - from) > 0.01, STARTED_WITHIN_MS);
  machine.sh('kill $(pgrep -u roverd -f "roverd.js run")');
  assert.is((await robot).status, 0, (await robot).output);
});

test('uninstalled, it leaves the configuration where that is asked for, and nothing else', async () => {
  const { status, output } = await machine.start('roverd', ['uninstall', '--keep-config']);
  assert.is(status, 0, output);
  const left = machine.sh(
    'ls -d /opt/roverd /var/lib/roverd /etc/systemd/system/roverd.service /etc/roverd/*',
  ).stdout;
  assert.equal(left.trim().split('\n'), ['/etc/roverd/config.json', '/etc/roverd/tls']);
});

const missing = missingForMachines('qemu-aarch64-static', 'aarch64-linux-gnu-g++');
if (missing) {
  console.log(`SKIP the installer on arm64: ${missing}`);
  skipped.skip('the installer on arm64', () => undefined);
  skipped.run();
} else test.run();
