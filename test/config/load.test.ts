import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ConfigError, type ConfigFault } from '../../config/error.ts';
import { type ConfigOptions, loadConfig, maskedConfig } from '../../config/load.ts';
import { keys, schema } from '../../config/schema.ts';

const test = suite('loadConfig');
let folder = '';
test.before(() => {
  folder = mkdtempSync(join(tmpdir(), 'roverd-config-'));
});
test.after(() => rmSync(folder, { recursive: true }));

function file(content: unknown): string {
  const path = join(folder, 'config.json');
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

function faultsOf(options: ConfigOptions): readonly ConfigFault[] {
  try {
    loadConfig(options);
  } catch (error) {
    assert.instance(error, ConfigError);
    return (error as ConfigError).faults;
  }
  throw new Error('Expected a ConfigError but the configuration was taken');
}

test('has a value for every key without any source', () => {
  const { config, sources } = loadConfig();
  assert.is(config.command.watchdogMs, 400);
  assert.is(config.teleop.host, '127.0.0.1');
  assert.equal(config.video.iceServers, []);
  assert.equal(Object.keys(sources), [...keys.keys()]);
  assert.equal(new Set(Object.values(sources)), new Set(['default']));
});

test('takes arguments over environment over file over default, and tells which', () => {
  const path = file({ drive: { actionMs: 100, tickMs: 20, rampPerS: 1 } });
  const { config, sources } = loadConfig({
    file: path,
    env: { ROVERD_DRIVE_ACTION_MS: '150', ROVERD_DRIVE_TICK_MS: '25', PATH: '/bin' },
    overrides: { 'drive.actionMs': '300' },
  });
  assert.equal(
    [config.drive.actionMs, config.drive.tickMs, config.drive.rampPerS, config.drive.maxRatio],
    [300, 25, 1, 1],
  );
  assert.equal(
    ['drive.actionMs', 'drive.tickMs', 'drive.rampPerS', 'drive.maxRatio'].map((key) => sources[key]),
    ['arguments', 'ROVERD_DRIVE_TICK_MS', path, 'default'],
  );
});

test('lists every fault of every source in one error', () => {
  const path = file({
    drive: { actionMs: 2001, actionRatio: '0.5', speed: 1 },
    vidoe: {},
    log: 5,
    teleop: { token: 'hunter2' },
  });
  const faults = faultsOf({
    file: path,
    env: { ROVERD_TELEOP_PORT: '80a', ROVERD_TELEOP_PROT: '80' },
    overrides: { 'video.source': 'film', 'no.such': 1 },
  });
  assert.equal(
    faults.map(({ key, expected, received, source }) => [key, expected, received, source]),
    [
      ['drive.speed', 'a known key', 'an unknown one', path],
      ['vidoe', `a section (${Object.keys(schema).join(', ')})`, 'an unknown one', path],
      ['log', 'an object', 'a value that is not shown', path],
      ['ROVERD_TELEOP_PROT', 'a known variable', 'an unknown one', 'environment'],
      ['no.such', 'a known key', 'an unknown one', 'arguments'],
      ['drive.actionMs', 'a whole number in 50..2000 ms', '2001', path],
      ['drive.actionRatio', 'a number in 0..1 of full speed', '"0.5"', path],
      [
        'teleop.token',
        'empty or 16 to 256 printable characters without spaces',
        '7 characters (not shown)',
        path,
      ],
      ['teleop.port', 'a whole number in 0..65535', '"80a"', 'ROVERD_TELEOP_PORT'],
      ['video.source', 'one of auto, simulator, test, file, v4l2, libcamera', '"film"', 'arguments'],
    ],
  );
});

test('the error message has one line a fault and no secret', () => {
  const overrides = { 'teleop.token': 'hunter2', 'drive.tickMs': 4 };
  try {
    loadConfig({ overrides });
    assert.unreachable();
  } catch (error) {
    const { message } = error as ConfigError;
    assert.is(message.split('\n').length, 3);
    assert.match(message, 'The configuration has 2 faults:');
    assert.match(message, 'drive.tickMs: Expected a whole number in 5..50 ms but received 4 (arguments)');
    assert.not.match(message, 'hunter2');
  }
});

/** Each limit from both sides: the last value that fits and the first that does not. */
for (const [key, fits, doesNot] of [
  ['drive.actionRatio', [0, 1], [-0.001, 1.001, null, Number.NaN, '', 'a']],
  ['drive.actionMs', [50, 2000], [49, 2001, 50.5, true, '0x40', '100ms']],
  ['drive.rampPerS', [0.1, 100], [0.09, 100.1, Number.POSITIVE_INFINITY]],
  ['drive.maxRatio', [0.05, 1], [0.04, 1.01]],
  ['drive.tickMs', [5, 50], [4, 51]],
  ['drive.writeTimeoutMs', [10, 1000], [9, 1001]],
  ['drive.driver', ['auto', 'simulated', 'motor-hat', 'explorer-hat'], ['', 'adafruit']],
  ['drive.whenStopped', ['brake', 'coast'], ['']],
  ['motorHat.address', [0x60, 0x7f, '96'], [0x5f, 0x80, '0x60']],
  ['motorHat.leftMotor', [1, 3, 4], [0, 5]],
  ['explorerHat.frequencyHz', [20, 1000], [19, 1001]],
  ['johnnyFive.io', ['', 'raspi-io', '@a/b'], ['a b', 'x;y']],
  ['johnnyFive.left', [{}, { pins: [3, 12] }, '{"shield":"ADAFRUIT_V2.M1"}'], [[], null, 3, '[]', '{']],
  ['command.watchdogMs', [100, 2000], [99, 2001]],
  ['command.maxAgeMs', [50, 60_000], [49, 60_001]],
  ['command.leaseIdleMs', [1000, 600_000], [999, 600_001]],
  ['teleop.port', [0, 65_535, '8080'], [-1, 65_536]],
  ['teleop.token', ['', 'x'.repeat(16)], ['x'.repeat(15), `${'x'.repeat(16)} `]],
  ['teleop.allowedHosts', [[], ['a.local'], 'a.local, b.local'], ['a b', [1], {}]],
  ['robot.name', ['a', 'A_-9', 'x'.repeat(64)], ['', 'x'.repeat(65), 'a b', 'é']],
  ['robot.simulate', [true, false, 'true', 'false', '1', '0'], ['yes', 'TRUE', 1, null]],
  ['video.width', [160, 1920], [158, 161, 1922]],
  ['cloud.endpoint', ['', 'a.example', 'a.example:8883', '[::1]:8883'], ['https://a.example', 'a b', '::1']],
  ['cloud.port', [443, 8883], [0, 65_536]],
  ['cloud.thingName', ['', 'a:b', 'x'.repeat(128)], ['x'.repeat(129), 'a/b', '+', '#']],
  ['cloud.topics', ['all', 'original'], ['none']],
  ['cloud.keepAliveS', [5, 1200], [4, 1201]],
  ['cloud.telemetryEveryMs', [100, 3_600_000], [99, 3_600_001]],
  ['cloud.bufferSamples', [1, 100_000], [0, 100_001]],
  ['cloud.replayPerS', [0.1, 100], [0.09, 101]],
  ['cloud.roleAlias', ['', 'robot-camera-streaming-role-alias'], ['a/b', 'x'.repeat(129)]],
  ['cloud.region', ['', 'us-east-1', 'us-gov-west-1'], ['us-east', 'US-EAST-1']],
  ['cloud.channelName', ['', 'a.b-c_d'], ['a:b', 'x'.repeat(257)]],
  ['cloud.operatorScope', ['drive', 'https://a.example/drive'], ['', 'a b', 'a"b']],
  ['video.engine', ['auto', 'kvs', 'datachannel'], ['janus', '']],
  [
    'video.iceServers',
    [[{ urls: ['stun:192.0.2.1:3478'] }], '[{"urls":["turns:a.example"],"username":"u","credential":"c"}]'],
    ['stun:192.0.2.1', '[', [{}], [{ urls: [] }], [{ urls: ['http://a'] }], [{ urls: ['stun:a'], x: 1 }]],
  ],
  ['battery.enabled', ['auto', 'on', 'off'], ['', 'yes', true]],
  ['battery.address', [0x48, 0x4b], [0x47, 0x4c]],
  ['battery.channel', [0, 3], [-1, 4]],
  ['battery.dividerRatio', [1, 20, '3.2'], [0.99, 20.1]],
  ['battery.cells', [1, 14], [0, 15]],
  ['battery.chemistry', ['lipo', 'liion', 'nimh', 'lead'], ['alkaline']],
  ['touch.pollMs', [5, 200], [4, 201]],
  [
    'bumper.frontPads',
    [[], [1, 8], '1,2', '[3]', ''],
    [[0], [9], [1.5], ['1'], 'a', '1,', [1, 2, 3, 4, 5, 6, 7, 8, 1]],
  ],
  ['limits.batteryLowRatio', [0.05, 1], [-0.01, 1.01]],
  ['limits.batteryLowSpeedRatio', [0.05, 1], [0.04, 1.01]],
  ['limits.roundTripMs', [20, 60_000], [19, 60_001]],
  ['limits.lossRatio', [0.01, 1], [0.009, 1.01]],
  ['limits.videoAgeMs', [50, 60_000], [49, 60_001]],
  ['limits.hysteresisRatio', [0, 0.9], [-0.01, 0.91]],
  ['limits.setAfterMs', [0, 60_000], [-1, 60_001]],
] as const) {
  test(`${key} takes what is in its range and nothing else`, () => {
    for (const value of fits) loadConfig({ overrides: { [key]: value } });
    for (const value of doesNot) {
      const faults = faultsOf({ overrides: { [key]: value } });
      assert.equal(
        faults.map((fault) => fault.key),
        [key],
        `${JSON.stringify(value)} should be refused`,
      );
    }
  });
}

test('checks what keys ask of one another', () => {
  const brokenBy = (overrides: Record<string, unknown>) => faultsOf({ overrides }).map((fault) => fault.key);
  assert.equal(brokenBy({ 'video.minBitrateKbps': 5000 }), ['video.minBitrateKbps']);
  assert.equal(brokenBy({ 'video.bitrateKbps': 249 }), ['video.bitrateKbps']);
  assert.equal(brokenBy({ 'video.bitrateKbps': 4001 }), ['video.bitrateKbps']);
  assert.equal(brokenBy({ 'video.source': 'file' }), ['video.file']);
  assert.equal(brokenBy({ 'video.source': 'simulator' }), ['video.source']);
  loadConfig({ overrides: { 'video.source': 'simulator', 'drive.driver': 'simulated' } });
  assert.equal(brokenBy({ 'motorHat.leftMotor': 2 }), ['motorHat.rightMotor']);
  assert.equal(brokenBy({ 'explorerHat.rightMotor': 1 }), ['explorerHat.rightMotor']);
  assert.equal(brokenBy({ 'drive.driver': 'johnny-five', 'johnnyFive.left': { pin: 3 } }), [
    'johnnyFive.right',
  ]);
  const ticks = { 'drive.tickMs': 50 };
  assert.equal(brokenBy({ ...ticks, 'drive.guardianTimeoutMs': 249 }), ['drive.guardianTimeoutMs']);
  loadConfig({ overrides: { ...ticks, 'drive.guardianTimeoutMs': 250 } });
  assert.equal(brokenBy({ 'teleop.tlsCert': 'a.pem' }), ['teleop.tlsKey']);
  assert.equal(brokenBy({ 'teleop.tlsKey': 'a.pem' }), ['teleop.tlsCert']);
  for (const host of ['0.0.0.0', '::', '192.0.2.7', 'robot.local', '127.0.0.1.example']) {
    assert.equal(brokenBy({ 'teleop.host': host }), ['teleop.host'], host);
  }
});

test('an empty battery is emptier than a low one, and no pad is at both ends', () => {
  const brokenBy = (overrides: Record<string, unknown>) => faultsOf({ overrides }).map((fault) => fault.key);
  loadConfig({ overrides: { 'limits.batteryEmptyRatio': 0.2, 'limits.batteryLowRatio': 0.2 } });
  assert.equal(brokenBy({ 'limits.batteryEmptyRatio': 0.21 }), ['limits.batteryEmptyRatio']);
  loadConfig({ overrides: { 'bumper.frontPads': '1,2', 'bumper.rearPads': '3' } });
  assert.equal(brokenBy({ 'bumper.frontPads': '1,2', 'bumper.rearPads': '2,3' }), ['bumper.rearPads']);
});

test('lets AWS credentials and tokens of a provider come whole or not at all', () => {
  const brokenBy = (overrides: Record<string, unknown>) => faultsOf({ overrides }).map((fault) => fault.key);
  const credentials = { 'cloud.credentialsEndpoint': 'c.example' };
  assert.equal(brokenBy(credentials), ['cloud.roleAlias', 'cloud.region']);
  assert.equal(brokenBy({ ...credentials, 'cloud.roleAlias': 'a' }), ['cloud.region']);
  const issuer = { 'cloud.tokenIssuer': 'https://id.example/' };
  assert.equal(brokenBy(issuer), ['cloud.tokenAudience']);
  assert.equal(brokenBy({ 'cloud.tokenAudience': 'a' }), ['cloud.tokenIssuer']);
  assert.equal(brokenBy({ 'cloud.tokenIssuer': 'http://id.example/', 'cloud.tokenAudience': 'a' }), [
    'cloud.tokenIssuer',
  ]);
  loadConfig({ overrides: { ...issuer, 'cloud.tokenAudience': 'a' } });
});

test('listens on other addresses with TLS, or when told to do without', () => {
  loadConfig({ overrides: { 'teleop.host': '0.0.0.0', 'teleop.allowPlaintext': true } });
  loadConfig({ overrides: { 'teleop.host': '::', 'teleop.tlsCert': 'a.pem', 'teleop.tlsKey': 'b.pem' } });
  for (const host of ['localhost', '::1', '127.8.9.10']) loadConfig({ overrides: { 'teleop.host': host } });
});

test('says what is wrong with the file as a whole', () => {
  const only = (options: ConfigOptions) => {
    const faults = faultsOf(options);
    assert.is(faults.length, 1);
    return `${faults[0]!.expected} / ${faults[0]!.received}`;
  };
  assert.match(only({ file: join(folder, 'missing.json') }), /^a readable file \/ ENOENT/);
  assert.match(only({ file: folder }), /^a readable file \/ EISDIR/);
  assert.is(only({ file: file('[1]') }), 'a JSON object / [1]');
  const broken = only({ file: file('{"teleop":{"token":hunter2secretword}}') });
  assert.match(broken, /^JSON \/ /);
  assert.not.match(broken, 'hunter2');
});

test('is not fooled by keys that every object has', () => {
  const faults = faultsOf({
    file: file('{"__proto__":{"polluted":1},"drive":{"constructor":{"prototype":{"polluted":1}}}}'),
    overrides: { 'drive.toString': 1 },
  });
  assert.equal(
    faults.map((fault) => fault.key),
    ['__proto__', 'drive.constructor', 'drive.toString'],
  );
  assert.is(({} as Record<string, unknown>).polluted, undefined);
});

test('makes paths absolute and finds a folder for the state', () => {
  const { config } = loadConfig({ overrides: { 'teleop.tlsCert': 'c.pem', 'teleop.tlsKey': '/k.pem' } });
  assert.is(config.teleop.tlsCert, resolve('c.pem'));
  assert.is(config.teleop.tlsKey, '/k.pem');
  assert.is(config.video.file, '');
  assert.match(config.robot.stateDir, /^\/var\/lib\/roverd$|\/\.roverd$/);
});

test('cannot be changed afterwards', () => {
  const { config } = loadConfig();
  assert.throws(() => Object.assign(config.drive, { maxRatio: 2 }), TypeError);
  assert.throws(() => (config.teleop.allowedHosts as string[]).push('x'), TypeError);
});

test('masks secrets when shown, and only those that are set', () => {
  const { config } = loadConfig({ overrides: { 'teleop.token': 'x'.repeat(20) } });
  const shown = maskedConfig(config);
  assert.is(shown.teleop?.token, '********');
  assert.equal(shown.video?.iceServers, []);
  assert.is(shown.teleop?.port, 8080);
});

test.run();
