import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ConfigError } from '../../config/error.ts';
import { loadConfig } from '../../config/load.ts';

const test = suite('config.json of the original');
let folder = '';
test.before.each(() => {
  folder = mkdtempSync(join(tmpdir(), 'roverd-original-'));
});
test.after.each(() => rmSync(folder, { recursive: true }));

function file(content: unknown): string {
  const path = join(folder, 'config.json');
  writeFileSync(path, JSON.stringify(content));
  return path;
}

/** As its README fills it in. */
const ORIGINAL = {
  IOT_THINGNAME: 'sts-pi',
  IOT_CORE_ENDPOINT: 'abc-ats.iot.us-east-1.amazonaws.com',
  IOT_GET_CREDENTIAL_ENDPOINT: 'def.credentials.iot.us-east-1.amazonaws.com',
  ROLE_ALIAS: 'robot-camera-streaming-role-alias',
  AWS_DEFAULT_REGION: 'us-east-1',
};

test('is taken as it is, with the certificates beside it', () => {
  const path = file(ORIGINAL);
  mkdirSync(join(folder, 'certs'));
  for (const name of ['cacert.pem', 'certificate.pem', 'private.pem.key']) {
    writeFileSync(join(folder, 'certs', name), '');
  }
  const { config, sources } = loadConfig({ file: path });
  assert.is(config.robot.name, 'sts-pi');
  assert.is(config.cloud.thingName, 'sts-pi');
  assert.is(config.cloud.endpoint, ORIGINAL.IOT_CORE_ENDPOINT);
  assert.is(config.cloud.port, 443);
  assert.is(config.cloud.credentialsEndpoint, ORIGINAL.IOT_GET_CREDENTIAL_ENDPOINT);
  assert.is(config.cloud.roleAlias, ORIGINAL.ROLE_ALIAS);
  assert.is(config.cloud.region, 'us-east-1');
  assert.is(config.cloud.topics, 'original');
  assert.is(config.cloud.certificate, join(folder, 'certs/certificate.pem'));
  assert.is(config.cloud.privateKey, join(folder, 'certs/private.pem.key'));
  assert.is(config.cloud.ca, join(folder, 'certs/cacert.pem'));
  assert.is(sources['cloud.endpoint'], `${path} (IOT_CORE_ENDPOINT)`);
});

test('mixes with sections, which win', () => {
  const path = file({
    ...ORIGINAL,
    drive: { maxRatio: 0.5 },
    robot: { name: 'own' },
    cloud: { topics: 'all' },
  });
  const { config, sources } = loadConfig({ file: path });
  assert.equal(
    [config.drive.maxRatio, config.robot.name, config.cloud.thingName, config.cloud.topics],
    [0.5, 'own', 'sts-pi', 'all'],
  );
  assert.is(sources['robot.name'], path);
});

test('still blank, as its installer leaves it, it sets nothing', () => {
  const blank = Object.fromEntries(Object.keys(ORIGINAL).map((key) => [key, '']));
  assert.equal(loadConfig({ file: file(blank) }).config, loadConfig().config);
});

test('names its own key when a value does not fit', () => {
  const path = file({ ...ORIGINAL, IOT_CORE_ENDPOINT: 'https://abc.example/', AWS_DEFAULT_REGION: 7 });
  try {
    loadConfig({ file: path });
    assert.unreachable();
  } catch (error) {
    assert.instance(error, ConfigError);
    assert.equal(
      (error as ConfigError).faults.map(({ key, source }) => [key, source]),
      [
        ['cloud.endpoint', `${path} (IOT_CORE_ENDPOINT)`],
        ['cloud.region', `${path} (AWS_DEFAULT_REGION)`],
      ],
    );
  }
});

test('a thing whose name is no name for a robot keeps its name in the cloud', () => {
  const { config } = loadConfig({ file: file({ ...ORIGINAL, IOT_THINGNAME: 'site:7' }) });
  assert.equal([config.robot.name, config.cloud.thingName], ['roverd', 'site:7']);
});

test('certificates of the installed robot are named where the file has none beside it', () => {
  const { config } = loadConfig({ overrides: { 'cloud.endpoint': 'a.example', 'cloud.ca': '/own.pem' } });
  assert.is(config.cloud.certificate, '/etc/roverd/certs/certificate.pem');
  assert.is(config.cloud.ca, '/own.pem');
  assert.is(loadConfig().config.cloud.certificate, '');
});

test.run();
