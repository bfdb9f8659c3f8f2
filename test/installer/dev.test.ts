import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { packageRoot } from '../../config/paths.ts';
import { Project } from './project.ts';

const system = await import(pathToFileURL(join(packageRoot(), 'installer/dev-system.mjs')).href);
const usesApt: boolean = system.readSystem(readFileSync('/etc/os-release', 'utf8')).usesApt;

const test = suite('set-up');
let project = new Project();
test.before.each(() => {
  project = new Project();
});
test.after.each(() => project.clean());

/** First words of what was called. */
const tools = () => project.calls().map((line) => line.split(' ', 2).join(' '));

test('the first start does everything in order, one line a step, then runs the simulated robot', async () => {
  const { exitCode, stdout, stderr } = await project.dev(['start', '--port', '9000']);
  assert.is(exitCode, 0, stderr);
  assert.is(stdout, 'started run --simulate --port 9000\n');
  assert.match(
    stderr,
    /^ok {4}npm packages {2}\(\d+\.\d s\)\nok {4}camera addon {2}\(\d+\.\d s\)\nok {4}bundles {2}\(\d+\.\d s\)\n$/,
  );
  assert.equal(tools(), ['npm ci', 'node-gyp configure', 'build']);
});

test('the second start does nothing of it, in silence', async () => {
  await project.dev(['start']);
  project.calls();
  assert.equal(await project.dev(['start']), { exitCode: 0, stdout: 'started run --simulate\n', stderr: '' });
  assert.equal(project.calls(), []);
});

test('does again what belongs to a changed file, and only that', async () => {
  await project.dev(['start']);
  for (const [path, expected] of [
    ['native/a.cc', ['node-gyp configure']],
    ['native/new.h', ['node-gyp configure']],
    ['binding.gyp', ['node-gyp configure']],
    ['firmware/main.ts', ['build']],
    ['package-lock.json', ['npm ci', 'node-gyp configure', 'build']],
    ['test/a.test.ts', []],
  ] as const) {
    project.calls();
    project.write(path, '{"changed": true}');
    await project.dev(['start']);
    assert.equal(tools(), [...expected], path);
  }
});

test("takes what a developer's npm install put there", async () => {
  await project.dev(['start']);
  project.write('package-lock.json', '{"packages":{"":{}, "node_modules/node-gyp":{"version":"1.0.1"}}}');
  project.write(
    'node_modules/.package-lock.json',
    '{"packages":{"node_modules/node-gyp":{"version":"1.0.1"}}}',
  );
  project.calls();
  await project.dev(['start']);
  assert.not.ok(tools().includes('npm ci'));
  for (const installed of [
    '{"packages":{"node_modules/node-gyp":{"version":"1.0.0"}}}',
    '{"packages":{}}',
    '{"packages":{"node_modules/node-gyp":{"version":"1.0.2"},"node_modules/x":{"version":"1.0.0"}}}',
  ]) {
    project.write('node_modules/.package-lock.json', installed);
    project.write(
      'package-lock.json',
      `{"packages":{"":{}, "node_modules/node-gyp":{"version":"1.0.2"}}, "n": ${installed.length}}`,
    );
    await project.dev(['start']);
    assert.ok(tools().includes('npm ci'), installed);
  }
});

test('a step that fails shows the end of its log and where the rest is, and is done again next time', async () => {
  const mend = project.failing('node-gyp');
  const failed = await project.dev(['start']);
  assert.is(failed.exitCode, 1);
  assert.is(failed.stdout, '');
  assert.match(failed.stderr, /^FAIL {2}camera addon/m);
  assert.match(failed.stderr, 'gyp line 50');
  assert.not.match(failed.stderr, 'gyp line 10\n');
  assert.match(failed.stderr, /ended with 1\nThe full log is in build\/setup-camera-addon\.log\n$/);
  assert.match(project.read('build/setup-camera-addon.log'), /^\$ .*configure build.*\ngyp line 1\n/);
  assert.not.match(failed.stderr, /^\s+at /m);

  mend();
  project.calls();
  const { exitCode, stdout } = await project.dev(['start']);
  assert.is(exitCode, 0);
  assert.is(stdout, 'started run --simulate\n');
  assert.equal(tools(), ['node-gyp configure', 'build']);
});

test('a step broken off by a signal ends what it runs and is done again next time', async () => {
  project.write('slow-npm', '');
  const child = project.spawn(['start']);
  while (!existsSync(join(project.root, 'npm-begun'))) await delay(20);
  child.kill('SIGTERM');
  const [code] = await new Promise<[number | null]>((resolve) => child.on('close', (c) => resolve([c])));
  assert.is(code, 143);
  rmSync(join(project.root, 'slow-npm'));
  project.calls();
  assert.is((await project.dev(['start'])).exitCode, 0);
  assert.equal(tools(), ['npm ci', 'node-gyp configure', 'build']);
});

test('passes signals on to the robot and keeps its exit code', async () => {
  await project.dev(['start']);
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    const child = project.spawn(['start', '--wait']);
    let output = '';
    child.stdout?.on('data', (chunk) => {
      output += chunk;
      if (chunk.includes('waiting')) child.kill(signal);
    });
    const code = await new Promise((resolve) => child.on('close', resolve));
    assert.is(code, 7);
    assert.match(output, `waiting\n${signal}\n`);
  }
  assert.is((await project.dev(['start', '--fail'])).exitCode, 5);
});

for (const killed of ['npm', "npm's shell"] as const) {
  test(`ends the robot when ${killed}, which started it, is killed`, async () => {
    await project.dev(['start']);
    // As npm does it: a shell that waits. The pipe closes when all that hold its end are gone.
    const shell = 'node installer/dev.mjs start --wait; true';
    const npm = project.shell(killed === 'npm' ? `sh -c '${shell}'; true` : shell);
    let output = '';
    const closed = new Promise((resolve) => npm.on('close', resolve));
    npm.stdout?.on('data', (chunk) => {
      output += chunk;
      if (chunk.includes('waiting')) npm.kill('SIGKILL');
    });
    await closed;
    assert.match(output, /waiting\nSIGTERM\n$/);
  });
}

test('refuses a Node that is too old, and an unknown purpose', async () => {
  project.write('package.json', '{"type":"module","engines":{"node":">=99.1"}}');
  const old = await project.dev(['start']);
  assert.is(old.exitCode, 1);
  assert.match(old.stderr, `Expected Node 99.1 or later but this is ${process.version}`);
  assert.equal(project.calls(), []);

  project.write('package.json', '{"type":"module","engines":{"node":">=20.19"}}');
  const expected = 'Expected start, desk, test, test:installer, bench, faults or soak';
  assert.match((await project.dev(['drive'])).stderr, expected);
});

test('test checks types and style, passes arguments on, and ends with the count', async () => {
  const { exitCode, stdout, stderr } = await project.dev(['test', 'cli', '--verbose']);
  assert.is(exitCode, 0, stderr);
  assert.is(stdout, '["cli","--verbose"]\n3 passed, 0 failed, 0 skipped\n');
  assert.match(stderr, /ok {4}types .*\nok {4}style /);
});

test('test tells what types and style find, and counts it in with the tests', async () => {
  project.failing('tsc');
  const one = await project.dev(['test', 'cli']);
  assert.match(one.stdout, '["cli","--failed-checks","1"]\n');
  assert.match(one.stderr, /FAIL {2}types [\s\S]+tsc says no[\s\S]+ok {4}style /);
  project.failing('biome');
  assert.match((await project.dev(['test'])).stdout, '["--failed-checks","2"]\n');
});

test('test --node runs the suite by another Node, fetched once', async () => {
  const first = await project.dev(['test', '--node', '24', 'cli']);
  assert.is(first.exitCode, 0, first.stderr);
  assert.match(first.stdout, 'other node test/run.mjs cli\n');
  assert.match(first.stderr, `ok    Node 24: build/node-24/node_modules/node-linux-${process.arch}/bin/node`);
  assert.ok(project.calls().some((line) => line.endsWith(`node-linux-${process.arch}@24`)));
  const second = await project.dev(['test', '--node=24']);
  assert.match(second.stdout, 'other node test/run.mjs\n');
  assert.equal(project.calls(), []);
  assert.match(
    (await project.dev(['test', '--node', 'new'])).stderr,
    'Expected --node to be followed by a major version',
  );
});

const withApt = usesApt ? test : test.skip;
if (!usesApt)
  console.log('SKIP set-up of system packages: not on Debian; enable: run on Debian or Raspberry Pi OS');

withApt('installs the system packages that are missing, and no others', async () => {
  const have: string[] = system.packagesFor('run').filter((name: string) => !/ugly|python3/.test(name));
  project.write('installed-packages', have.join('\n'));
  const { stderr } = await project.dev(['start']);
  assert.match(stderr, /^ok {4}system packages: 2 installed {2}\(/m);
  const calls = project.calls().filter((line) => line.startsWith('apt-get'));
  assert.is(
    calls.at(-1),
    'apt-get noninteractive install -y --no-install-recommends -o DPkg::Lock::Timeout=300 python3 gstreamer1.0-plugins-ugly',
  );
});

withApt('fetches the package lists and tries again when they are out of date', async () => {
  project.write('installed-packages', '');
  project.failing('apt-get');
  const { exitCode, stderr } = await project.dev(['start']);
  assert.is(exitCode, 0, stderr);
  const commands = project.calls().filter((line) => line.startsWith('apt-get'));
  assert.equal(
    commands.slice(-2).map((line) => line.split(' ')[2]),
    ['update', 'install'],
  );
});

withApt('tests need more packages than running', async () => {
  project.write('installed-packages', system.packagesFor('run').join('\n'));
  assert.equal((await project.dev(['start'])).exitCode, 0);
  assert.not.ok(project.calls().some((line) => line.startsWith('apt-get')));
  await project.dev(['test']);
  const install = project.calls().find((line) => /^apt-get .* install /.test(line)) ?? '';
  assert.match(install, / chromium .* procps/);
});

withApt('without root it prints the exact command and stops', async () => {
  project.write('installed-packages', system.packagesFor('run').slice(1).join('\n'));
  project.failing('sudo');
  const { exitCode, stderr } = await project.dev(['start'], { asNobody: true });
  assert.is(exitCode, 1);
  assert.match(
    stderr,
    'sudo apt-get update && sudo apt-get install -y --no-install-recommends build-essential\n',
  );
  assert.equal(project.calls(), []);
});

withApt('with sudo that asks for no password it installs by itself', async () => {
  project.write('installed-packages', system.packagesFor('run').slice(1).join('\n'));
  const { exitCode, stderr } = await project.dev(['start'], { asNobody: true });
  assert.is(exitCode, 0, stderr);
  assert.ok(project.calls().some((line) => /^apt-get noninteractive install .* build-essential$/.test(line)));
});

test('knows the systems it can install on', () => {
  const cases = [
    ['PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n', 'Debian GNU/Linux 12 (bookworm)', true],
    ['ID=raspbian\nID_LIKE=debian\n', 'raspbian', true],
    ['ID=fedora\nPRETTY_NAME="Fedora Linux 41"\n', 'Fedora Linux 41', false],
    ['', 'an unknown system', false],
  ] as const;
  for (const [text, name, apt] of cases) assert.equal(system.readSystem(text), { name, usesApt: apt });
});

test('elsewhere it goes on when everything is found, else says what to install', () => {
  const path = process.env.PATH;
  try {
    process.env.PATH = '/nowhere';
    assert.throws(
      () => system.ensureElsewhere('Fedora Linux 41', 'run'),
      /^This is Fedora Linux 41;[\s\S]*Not found: g\+\+, make, python3, pkg-config, gstreamer-1\.0 \(headers\)[\s\S]*GStreamer 1\.20 or later/,
    );
  } finally {
    process.env.PATH = path;
  }
  system.ensureElsewhere('Fedora Linux 41', 'run');
});

test.run();
