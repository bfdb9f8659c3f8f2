import type { ChildProcess } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openTokenStore } from '../../firmware/teleop/tokens.ts';
import type { RobotState } from '../../firmware/teleop/wire.ts';
import { Roverd } from './roverd.ts';

const test = suite('roverd run');
const roverd = new Roverd();
test.before(() => roverd.build());
test.after(() => roverd.clean());

interface Running {
  readonly child: ChildProcess;
  readonly address: URL;
  /** Arguments by which the other commands find it. */
  readonly here: readonly string[];
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly exited: Promise<number | null>;
}

async function start(...args: string[]): Promise<Running> {
  const child = roverd.spawn(['run', '--simulate', '--port', '0', ...args]);
  let [stdout, stderr] = ['', ''];
  child.stderr?.on('data', (chunk) => (stderr += chunk));
  const exited = new Promise<number | null>((resolve) => child.on('close', (code) => resolve(code)));
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout?.on('data', (chunk) => {
      stdout += chunk;
      if (stdout.includes('\n')) resolve(stdout);
    });
    exited.then((code) => reject(new Error(`exited with ${code}: ${stderr}`)));
  });
  const address = new URL(/https?:\S+/.exec(line)?.[0] ?? '');
  const here = ['--set', `teleop.port=${address.port}`];
  return { child, address, here, exited, stdout: () => stdout, stderr: () => stderr };
}

async function stateOf({ address }: Running): Promise<RobotState> {
  const token = new URLSearchParams(address.hash.slice(1)).get('token');
  const response = await fetch(`${address.origin}/api/state?token=${token}`);
  return (await response.json()) as RobotState;
}

async function end(robot: Running): Promise<void> {
  robot.child.kill('SIGTERM');
  assert.is(await robot.exited, 0, robot.stderr());
}

test('prints one line, the address of a paired page; logs on standard error; ends in order', async () => {
  const robot = await start();
  assert.match(robot.stdout(), /^Open http:\/\/localhost:\d+\/#token=\S+\n$/);
  assert.is((await stateOf(robot)).estop, false);
  await end(robot);
  assert.is(robot.stdout().split('\n').length, 2);
  assert.match(robot.stderr(), /"msg":"stopped"/);
  assert.not.match(robot.stderr(), robot.address.hash.slice('#token='.length));
});

for (const signal of ['SIGINT', 'SIGHUP'] as const) {
  test(`${signal}, even when several processes pass it on, ends it in order`, async () => {
    const robot = await start();
    robot.child.kill(signal);
    robot.child.kill(signal);
    assert.is(await robot.exited, 0);
    assert.match(robot.stderr(), /"msg":"stopped"/);
  });
}

test('drive, stop and reset speak to the robot of this machine', async () => {
  const robot = await start('--set', 'drive.actionMs=2000');
  const said = async (...args: string[]) => (await roverd.run([...args, ...robot.here])).stdout;
  assert.is(await said('drive', 'forward'), 'forward: taken\n');
  const driving = await stateOf(robot);
  assert.ok(driving.target.linear > 0, JSON.stringify(driving.target));
  assert.is(await said('stop'), 'stop: taken\n');
  assert.equal((await stateOf(robot)).wheels, { left: 0, right: 0 });
  assert.is(await said('stop', '--emergency'), 'emergency stop: taken\n');
  assert.ok((await stateOf(robot)).estop);

  const refused = await roverd.run(['drive', 'forward', ...robot.here]);
  assert.is(refused.exitCode, 4);
  assert.match(refused.stderr, /^roverd: http:\/\/127\.0\.0\.1:\d+ refused \(409\): .+ \(\w+\)\n$/);

  assert.is(await said('reset'), 'reset: taken\n');
  assert.not.ok((await stateOf(robot)).estop);
  await end(robot);
});

test('a shell has one token of its own, which can be revoked and is then made anew', async () => {
  const robot = await start();
  await roverd.run(['stop', ...robot.here]);
  await roverd.run(['stop', ...robot.here]);
  const shells = () =>
    openTokenStore(roverd.stateDir)
      .list()
      .filter(({ name }) => name === 'shell');
  assert.is(shells().length, 1);
  const file = join(roverd.stateDir, 'shell-token');
  assert.is(statSync(file).mode & 0o777, 0o600);
  const before = readFileSync(file, 'utf8');

  openTokenStore(roverd.stateDir).revoke(shells()[0]!.id);
  assert.is((await roverd.run(['stop', ...robot.here])).exitCode, 0);
  assert.is.not(readFileSync(file, 'utf8'), before);
  await end(robot);
});

test('a wrong token, and one that may only watch, are refused', async () => {
  const robot = await start();
  const viewer = (await roverd.run(['pair', '--name', 'eye', '--role', 'viewer'])).stdout.trim();
  const url = ['--url', robot.address.origin];
  const wrong = await roverd.run(['stop', ...url, '--token', 'wrong']);
  assert.is(wrong.exitCode, 4);
  assert.match(wrong.stderr, 'refused (401)');
  const watching = await roverd.run(['drive', 'forward', ...url], { ROVERD_TOKEN: viewer });
  assert.is(watching.exitCode, 4);
  assert.match(watching.stderr, 'refused (403)');
  const fixed = await roverd.run(['drive', 'left', ...url], {
    ROVERD_TELEOP_TOKEN: 'not-the-one-it-was-started-with',
  });
  assert.is(fixed.exitCode, 4);
  await end(robot);
});

test('speaks TLS to a robot whose own certificate it has, and to no other', async () => {
  const [own, other] = await Promise.all([certificate('own'), certificate('other')]);
  const tls = (name: string) => [
    '--set',
    ...Object.entries(name === 'own' ? own : other).map(([k, v]) => `teleop.${k}=${v}`),
  ];
  const robot = await start(...tls('own'));
  assert.is(robot.address.protocol, 'https:');
  const stop = await roverd.run(['stop', ...tls('own'), `teleop.port=${robot.address.port}`]);
  assert.is(stop.exitCode, 0, stop.stderr);
  const stranger = await roverd.run(['stop', ...tls('other'), `teleop.port=${robot.address.port}`]);
  assert.is(stranger.exitCode, 3, stranger.stderr);
  await end(robot);
});

async function certificate(name: string): Promise<{ tlsCert: string; tlsKey: string }> {
  const folder = join(roverd.stateDir, name);
  mkdirSync(folder);
  const pem = await generate([{ name: 'commonName', value: name }], { keyType: 'ec' });
  const files = { tlsCert: join(folder, 'cert.pem'), tlsKey: join(folder, 'key.pem') };
  writeFileSync(files.tlsCert, pem.cert);
  writeFileSync(files.tlsKey, pem.private);
  return files;
}

test('a port that is taken is told in a sentence', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const { exitCode, stderr } = await roverd.run(['run', '--simulate', '--port', String(port)]);
  server.close();
  assert.is(exitCode, 1);
  assert.match(stderr, `roverd: Port ${port} is taken by another program, maybe another roverd.`);
  assert.not.match(stderr, /^\s+at /m);
});

test.run();
