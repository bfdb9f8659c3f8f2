import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ACTIONS } from '../../firmware/command/message.ts';
import { Roverd } from './roverd.ts';

const test = suite('roverd');
const roverd = new Roverd();
test.before(() => roverd.build());
test.after(() => roverd.clean());

test('--help shows every command, examples and exit codes', async () => {
  const { exitCode, stdout } = await roverd.run(['--help']);
  assert.is(exitCode, 0);
  for (const command of [
    'run',
    'drive',
    'stop',
    'reset',
    'pair',
    'calibrate',
    'config',
    'doctor',
    'update',
    'uninstall',
  ]) {
    assert.match(stdout, new RegExp(`^  ${command} `, 'm'));
  }
  assert.match(stdout, /Examples:[\s\S]+Exit codes: 0 .*1 .*2 .*3 .*4 /);
});

test('every command has help of its own', async () => {
  const helps = await Promise.all(
    ['run', 'drive', 'stop', 'reset', 'pair', 'calibrate', 'config', 'doctor'].map((name) =>
      roverd.run([name, '--help']),
    ),
  );
  for (const { exitCode, stdout } of helps) {
    assert.is(exitCode, 0);
    assert.match(stdout, '--set <key=value...>');
  }
});

test('--version prints the version alone', async () => {
  assert.equal(await roverd.run(['--version']), { exitCode: 0, stdout: '1.2.3-test\n', stderr: '' });
});

test('drive knows every action of the message schema', async () => {
  const { stderr } = await roverd.run(['drive', 'jump']);
  assert.match(stderr, `Allowed choices are ${ACTIONS.join(', ')}`);
});

for (const command of ['update', 'uninstall']) {
  test(`${command} is for installed releases only`, async () => {
    const { exitCode, stderr } = await roverd.run([command]);
    assert.is(exitCode, 1);
    assert.match(stderr, 'was not installed from a release');
  });
}

for (const args of [
  [],
  ['fly'],
  ['drive'],
  ['drive', 'jump'],
  ['drive', 'forward', 'fast'],
  ['run', '--prot', '1'],
  ['run', '--port'],
  ['run', '--set', 'drive.actionMs'],
  ['run', '--set', 'drive.actionMs=1'],
  ['run', '--port', 'eighty'],
  ['run', '--config', '/no/such/file'],
  ['config', '--set', 'no.such=1'],
  ['pair', '--role', 'admiral'],
  ['pair', '--minutes', '0'],
  ['pair', '--minutes', '61'],
  ['pair', '--list', '--revoke', 'x'],
  ['calibrate'],
  ['calibrate', '--ratio', '0'],
  ['calibrate', '--ratio', '1.1'],
  ['calibrate', '--ms', '49'],
  ['update', '--version'],
  ['uninstall', '--all'],
  ['stop', '--url', 'robot:8080'],
  ['stop', '--url', 'http://192.0.2.1:8080'],
]) {
  test(`wrong usage exits with 2 and a reason: roverd ${args.join(' ')}`, async () => {
    const { exitCode, stdout, stderr } = await roverd.run(args);
    assert.is(exitCode, 2, stderr);
    assert.is(stdout, '');
    assert.ok(stderr.trim().length > 20, stderr);
    assert.not.match(stderr, /^\s+at /m, 'a stack is no help for the user');
  });
}

test('config prints key, value and source, aligned', async () => {
  const file = join(roverd.stateDir, 'c.json');
  writeFileSync(file, JSON.stringify({ drive: { actionMs: 300 } }));
  const { exitCode, stdout } = await roverd.run(
    ['config', '--config', file, '--set', 'log.level=warn', 'drive.tickMs=20'],
    { ROVERD_TELEOP_PORT: '9000', ROVERD_TELEOP_TOKEN: 'a-very-secret-token' },
  );
  assert.is(exitCode, 0);
  const [head = '', ...lines] = stdout.trimEnd().split('\n');
  assert.match(head, /^KEY\s+VALUE\s+FROM$/);
  const rows = new Map(
    lines.map((line) => {
      const [key = '', value, from] = line.split(/ {2,}/);
      assert.is(line.indexOf(value!, key.length), head.indexOf('VALUE'), line);
      return [key, `${value} < ${from}`];
    }),
  );
  assert.is(rows.get('drive.actionMs'), `300 < ${file}`);
  assert.is(rows.get('teleop.port'), '9000 < ROVERD_TELEOP_PORT');
  assert.is(rows.get('log.level'), '"warn" < arguments');
  assert.is(rows.get('drive.tickMs'), '20 < arguments');
  assert.is(rows.get('teleop.token'), '"********" < ROVERD_TELEOP_TOKEN');
  assert.is(rows.get('video.width'), '640 < default');
  assert.not.match(stdout, 'secret');
});

test('config --json is JSON, also masked', async () => {
  const { stdout } = await roverd.run(['config', '--json'], { ROVERD_TELEOP_TOKEN: 'a-very-secret-token' });
  const { config, sources } = JSON.parse(stdout);
  assert.is(config.teleop.token, '********');
  assert.is(sources['teleop.token'], 'ROVERD_TELEOP_TOKEN');
});

test('the configuration file may be named by ROVERD_CONFIG', async () => {
  const file = join(roverd.stateDir, 'named.json');
  writeFileSync(file, JSON.stringify({ robot: { name: 'tim' } }));
  const { stdout } = await roverd.run(['config', '--json'], { ROVERD_CONFIG: file });
  assert.is(JSON.parse(stdout).config.robot.name, 'tim');
});

test('all faults of the configuration are told at once', async () => {
  const { exitCode, stderr } = await roverd.run(['config', '--set', 'drive.tickMs=1'], {
    ROVERD_DRIVE_ACTION_MS: 'x',
  });
  assert.is(exitCode, 2);
  assert.match(stderr, 'The configuration has 2 faults:');
  assert.match(stderr, 'drive.tickMs: Expected a whole number in 5..50 ms but received 1 (arguments)');
  assert.match(stderr, 'received "x" (ROVERD_DRIVE_ACTION_MS)');
});

test('drive and stop exit with 3 where no robot answers', async () => {
  for (const args of [['drive', 'forward'], ['stop']]) {
    // Nothing listens on port 1, and only root could.
    const { exitCode, stderr } = await roverd.run([...args, '--set', 'teleop.port=1']);
    assert.is(exitCode, 3);
    assert.match(stderr, 'No robot answers at http://127.0.0.1:1: nothing listens there');
  }
});

test('stop needs no sound configuration when robot and token are given', async () => {
  const { exitCode } = await roverd.run(['stop', '--url', 'http://127.0.0.1:1', '--token', 'x'], {
    ROVERD_DRIVE_TICK_MS: 'broken',
  });
  assert.is(exitCode, 3);
});

test('a state folder that is no folder is told without a stack', async () => {
  const path = join(roverd.stateDir, 'file');
  mkdirSync(roverd.stateDir, { recursive: true });
  writeFileSync(path, '');
  const { exitCode, stderr } = await roverd.run(['pair'], { ROVERD_ROBOT_STATE_DIR: join(path, 'below') });
  assert.is(exitCode, 1);
  assert.match(stderr, /^roverd: Can't open the tokens in .*ENOTDIR/);
});

test.run();
