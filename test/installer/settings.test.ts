import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { loadConfig } from '../../config/load.ts';
import { packageRoot } from '../../config/paths.ts';

const installer = join(packageRoot(), 'installer');
const folder = mkdtempSync(join(tmpdir(), 'roverd-settings-'));
const config = join(folder, 'config.json');
const bootConfig = join(folder, 'config.txt');
test.after(() => rmSync(folder, { recursive: true }));

const DEFAULTS = {
  name: '',
  driver: '',
  port: '',
  simulate: 'no',
  hostname: 'pi',
  update: 'no',
  etc: '/etc/roverd',
};

/** What an installation makes of a configuration file: the keys it changes, and the file after it. */
function configure(before: string | null, choices: Partial<typeof DEFAULTS> = {}) {
  rmSync(config, { force: true });
  if (before !== null) writeFileSync(config, before);
  const words = Object.entries({ ...DEFAULTS, ...choices }).map(([name, value]) => `${name}=${value}`);
  const { status, stdout } = spawnSync(
    process.execPath,
    [join(installer, 'configuration.mjs'), config, ...words],
    { encoding: 'utf8' },
  );
  const [keys = '', ...lines] = stdout.split('\n');
  return { status, keys, content: lines.join('\n'), stdout };
}

test('a new configuration listens on every network with TLS, and is one that roverd takes', () => {
  const { keys, content } = configure(null, { name: 'rover', driver: 'motor-hat' });
  assert.is(keys, 'robot.name, drive.driver, teleop.host, teleop.port, teleop.tlsCert, teleop.tlsKey');
  writeFileSync(config, content);
  const loaded = loadConfig({ file: config }).config;
  assert.is(loaded.robot.name, 'rover');
  assert.is(loaded.teleop.host, '0.0.0.0');
  assert.is(loaded.teleop.tlsKey, '/etc/roverd/tls/key.pem');
});

test('what a person has set stays, and a second time changes nothing', () => {
  const own = {
    robot: { name: 'mine' },
    teleop: { host: '127.0.0.1', port: 8080 },
    drive: { maxRatio: 0.3 },
  };
  assert.is(configure(JSON.stringify(own)).stdout, '');
  assert.is(configure(configure(null).content).stdout, '');
});

test('an option that is given is set, and nothing else', () => {
  const { keys, content } = configure(configure(null).content, { driver: 'explorer-hat', port: '9443' });
  assert.is(keys, 'drive.driver, teleop.port');
  assert.is(JSON.parse(content).robot.name, 'pi');
});

test('an update asks for nothing', () => {
  assert.is(configure('{"robot":{"name":"mine"}}', { update: 'yes' }).stdout, '');
});

test('the original’s config.json keeps its keys and names the robot', () => {
  const { content } = configure('{"IOT_THINGNAME":"sts-pi","ROLE_ALIAS":"a"}');
  writeFileSync(config, content);
  const loaded = loadConfig({ file: config }).config;
  assert.is(loaded.robot.name, 'sts-pi');
  assert.is(loaded.cloud.roleAlias, 'a');
  assert.is(loaded.teleop.port, 8443);
});

test('a file that is not JSON is left, with the reason', () => {
  const { status, stdout } = configure('{"robot":');
  assert.is(status, 1);
  assert.match(stdout, 'is not JSON, so it was left as it is');
});

/** Runs functions of setup/boot-config.sh and setup/undo.sh on a config.txt. */
function onBootConfig(script: string, motor = ''): string {
  const bash = `set -euo pipefail; cd "${installer}/setup"; source undo.sh; source boot-config.sh; MOTOR=${motor}; changed() { :; }; ${script}`;
  const { status, stdout, stderr } = spawnSync('bash', ['-c', bash], { encoding: 'utf8' });
  assert.is(status, 0, stderr);
  return stdout;
}

for (const [what, before] of [
  ['that ends in a filter', 'dtparam=audio=on\n[cm5]\ndtoverlay=dwc2\n'],
  ['without an end of line', 'dtparam=audio=on\n[cm5]\ndtoverlay=dwc2'],
  ['that is empty', ''],
]) {
  test(`a config.txt ${what} gets its lines under [all], once, and is taken back to the byte`, () => {
    writeFileSync(bootConfig, before!);
    const write = `write_block "${bootConfig}" "$(wanted_lines "${bootConfig}")"`;
    onBootConfig(write);
    const once = readFileSync(bootConfig, 'utf8');
    assert.ok(once.startsWith(before!), once);
    assert.match(once, '\n[all]\ndtparam=i2c_arm=on\n');
    onBootConfig(write);
    assert.is(readFileSync(bootConfig, 'utf8'), once);
    onBootConfig(`remove_block "${bootConfig}"`);
    assert.is(readFileSync(bootConfig, 'utf8'), before);
  });
}

test('what config.txt says already is not said again; an Explorer HAT gets its pins', () => {
  writeFileSync(bootConfig, 'dtparam=i2c_arm=on\ncamera_auto_detect=1\ndtoverlay=pwm-gpio,gpio=20\n');
  assert.is(onBootConfig(`wanted_lines "${bootConfig}"`, 'motor-hat'), '');
  const lines = onBootConfig(`wanted_lines "${bootConfig}"`, 'explorer-hat').trim().split('\n');
  assert.equal(
    lines.slice(0, 3),
    [19, 26, 21].map((pin) => `dtoverlay=pwm-gpio,gpio=${pin}`),
  );
  assert.ok(lines.includes('dtoverlay=gpio-led,gpio=27,label=roverd:red'));
});

test.run();
