import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { keepSilence, silenceFile } from '../../firmware/drive/silence.ts';
import { Motors } from '../native/guardian-rig.ts';
import { Roverd } from './roverd.ts';

const test = suite('roverd stop without a robot');
const roverd = new Roverd();
let motors: Motors;
test.before(() => roverd.build());
test.after(() => roverd.clean());
test.before.each(() => {
  motors = new Motors();
  motors.file('left/duty');
  motors.file('right/duty');
});
test.after.each(() => motors.clean());

const NOBODY = ['--set', 'teleop.port=1'];
const paths = () => ['left/duty', 'right/duty'].map((name) => join(motors.folder, name));
const leave = (stateDir = roverd.stateDir) =>
  keepSilence(
    silenceFile(stateDir),
    paths().map((path) => ({ kind: 'file-write', path, text: '0\n' })),
  );
const turns = () => [motors.read('left/duty'), motors.read('right/duty')];
const SILENT = ['0\n', '0\n'];
const TURNING = ['500000\n', '500000\n'];
const silenced = () =>
  `Silenced the motors directly:\n${paths()
    .map((path) => `  ${path}: silenced\n`)
    .join('')}`;

test('silences the motors by the steps the last robot left', async () => {
  leave();
  const { exitCode, stdout, stderr } = await roverd.run(['stop', ...NOBODY]);
  assert.is(exitCode, 0);
  assert.is(stdout, silenced());
  assert.match(stderr, 'No robot answers at http://127.0.0.1:1: nothing listens there');
  assert.equal(turns(), SILENT);
});

test('an emergency stop does as well, and says that it is not latched', async () => {
  leave();
  const { exitCode, stdout } = await roverd.run(['stop', '--emergency', ...NOBODY]);
  assert.is(exitCode, 0);
  assert.is(stdout, `${silenced()}The emergency stop is not latched: no robot took it.\n`);
});

test('a robot that is frozen is not waited for', async () => {
  const child = roverd.spawn(['run', '--simulate', '--port', '0']);
  const address = await new Promise<URL>((resolve) => {
    let said = '';
    child.stdout?.on('data', (chunk) => {
      said += chunk;
      const found = /https?:\S+(?=\n)/.exec(said);
      if (found) resolve(new URL(found[0]));
    });
  });
  const here = ['--set', `teleop.port=${address.port}`];
  leave();
  assert.is((await roverd.run(['stop', ...here])).stdout, 'stop: taken\n');
  assert.equal(turns(), TURNING, 'a robot that answers stops by itself');
  const refused = await roverd.run(['stop', '--url', address.origin, '--token', 'wrong']);
  assert.is(refused.exitCode, 4);
  assert.equal(turns(), TURNING, 'and may refuse');

  process.kill(child.pid!, 'SIGSTOP');
  const startMs = performance.now();
  const { exitCode, stdout, stderr } = await roverd.run(['stop', ...here]);
  const tookMs = performance.now() - startMs;
  process.kill(child.pid!, 'SIGCONT');
  assert.is(exitCode, 0, stderr);
  assert.match(stderr, 'no answer within 1000 ms');
  assert.is(stdout, silenced());
  assert.equal(turns(), SILENT);
  assert.ok(tookMs < 5000, `${tookMs} ms`);
  child.kill('SIGTERM');
  await new Promise((resolve) => child.on('close', resolve));
});

test('what can’t be silenced is told, and the exit code is that of a robot out of reach', async () => {
  leave();
  rmSync(join(motors.folder, 'left'), { recursive: true });
  const { exitCode, stdout, stderr } = await roverd.run(['stop', ...NOBODY]);
  assert.is(exitCode, 3);
  assert.is(stdout, '');
  assert.match(stderr, 'The motors could not be silenced directly either:\n');
  assert.match(stderr, `  ${paths()[0]}: FAILED: can't open: No such file or directory\n`);
  assert.match(stderr, `  ${paths()[1]}: silenced\n`);
  assert.is(motors.read('right/duty'), '0\n');
});

test('steps that were cut off are told too', async () => {
  leave();
  writeFileSync(silenceFile(roverd.stateDir), 'roverd-silence 1\n');
  const { exitCode, stderr } = await roverd.run(['stop', ...NOBODY]);
  assert.is(exitCode, 3);
  assert.match(stderr, 'Expected the line end, but the file is cut off before it');
});

test('without steps there is nothing to silence', async () => {
  rmSync(silenceFile(roverd.stateDir), { force: true });
  const { exitCode, stderr } = await roverd.run(['stop', ...NOBODY]);
  assert.is(exitCode, 3);
  assert.match(stderr, `No robot with motors has run here (${silenceFile(roverd.stateDir)}`);
});

test('a broken configuration does not stand in between, wherever the state folder is named', async () => {
  const broken = { ROVERD_DRIVE_TICK_MS: 'broken', ROVERD_ROBOT_STATE_DIR: undefined };
  const stateDir = join(motors.folder, 'state');
  mkdirSync(stateDir);
  const config = motors.file('config.json', JSON.stringify({ robot: { stateDir }, drive: { tickMs: 1 } }));
  for (const [args, env] of [
    [[], { ROVERD_ROBOT_STATE_DIR: stateDir }],
    [['--set', `robot.stateDir=${stateDir}`], {}],
    [['--config', config], {}],
    [[], { ROVERD_CONFIG: config }],
  ] as const) {
    leave(stateDir);
    motors.file('left/duty');
    motors.file('right/duty');
    const { exitCode, stdout, stderr } = await roverd.run(['stop', ...args], { ...broken, ...env });
    assert.is(exitCode, 0, stderr);
    assert.match(stderr, 'drive.tickMs: Expected');
    assert.is(stdout, silenced());
    assert.equal(turns(), SILENT);
  }
  rmSync(silenceFile(stateDir));
  const without = await roverd.run(['stop', '--set', `robot.stateDir=${stateDir}`], broken);
  assert.is(without.exitCode, 2, 'without steps it is a wrong configuration as everywhere');
});

test('a robot elsewhere is none of this machine’s motors', async () => {
  leave();
  const { exitCode } = await roverd.run(['stop', '--url', 'http://192.0.2.1:9', '--token', 'x']);
  assert.is(exitCode, 3);
  assert.equal(turns(), TURNING);
});

test('drive silences nothing', async () => {
  leave();
  assert.is((await roverd.run(['drive', 'forward', ...NOBODY])).exitCode, 3);
  assert.equal(turns(), TURNING);
});

test.run();
