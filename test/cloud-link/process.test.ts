import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MqttClient } from 'mqtt';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type RobotProcess, startProcess } from '../robot-process.ts';
import { type Mosquitto, startMosquitto } from './mosquitto.ts';
import { originalPolicy, robotPolicy } from './policy.ts';

const test = suite('the robot as people run it, in the cloud');
const WITHIN_MS = 20_000;
let broker: Mosquitto;
let cloud: MqttClient;
let folder: string;
let robot: RobotProcess | null = null;
let statuses: { state: string }[];

test.before.each(async () => {
  folder = mkdtempSync(join(tmpdir(), 'roverd-cloud-'));
  broker = await startMosquitto(['rover', 'sts-pi'], (name) =>
    name === 'sts-pi' ? originalPolicy(name) : robotPolicy(name),
  );
  cloud = await broker.client();
  statuses = [];
  cloud.on('message', (_topic, payload) => statuses.push(JSON.parse(String(payload))));
  await cloud.subscribeAsync('+/status');
});
test.after.each(async () => {
  await robot?.end();
  robot = null;
  await broker.close();
  rmSync(folder, { recursive: true, force: true });
});

async function writeConfig(content: object, name: string): Promise<string> {
  const { certificate, privateKey, ca } = await broker.authority.issue(name, 'rsa');
  mkdirSync(join(folder, 'certs'));
  writeFileSync(join(folder, 'certs/certificate.pem'), certificate);
  writeFileSync(join(folder, 'certs/private.pem.key'), privateKey);
  writeFileSync(join(folder, 'certs/cacert.pem'), ca);
  const path = join(folder, 'config.json');
  writeFileSync(path, JSON.stringify(content));
  return path;
}

async function until(holds: () => Promise<boolean>, what: string): Promise<void> {
  const deadlineMs = performance.now() + WITHIN_MS;
  while (!(await holds())) {
    if (performance.now() > deadlineMs)
      throw new Error(`${what}: not within ${WITHIN_MS} ms. ${robot?.log()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function drives(name: string): Promise<void> {
  await until(async () => {
    const command = { drive: { linear: 0.5, angular: 0 }, issuedAtMs: Date.now() };
    await cloud.publishAsync(`${name}/action`, JSON.stringify(command), { qos: 1 });
    return (await robot!.state()).wheels.left > 0;
  }, 'it drives');
}

const loadsSdk = () => readFileSync(`/proc/${robot!.pid}/maps`, 'utf8').includes('aws-crt');

test('connects, is driven, shows how the link is, and says goodbye', async () => {
  const config = await writeConfig(
    { robot: { name: 'rover' }, cloud: { endpoint: `127.0.0.1:${broker.port}` } },
    'rover',
  );
  robot = await startProcess({ config });
  await until(async () => statuses.at(-1)?.state === 'online', 'it is online');
  assert.is((await robot.state()).cloud?.state, 'connected');
  assert.ok(loadsSdk());
  await drives('rover');
  const metrics = await fetch(`${robot.url}/metrics`, {
    headers: { authorization: `Bearer ${robot.token}` },
  });
  assert.match(await metrics.text(), /^roverd_cloud_connected 1$/m);
  assert.is(await robot.end(), 0);
  robot = null;
  await until(async () => statuses.at(-1)?.state === 'offline', 'it is offline');
});

test("the original's config.json, certificates and policy do as they are", async () => {
  const config = await writeConfig(
    {
      IOT_THINGNAME: 'sts-pi',
      IOT_CORE_ENDPOINT: `127.0.0.1:${broker.port}`,
      IOT_GET_CREDENTIAL_ENDPOINT: '',
      ROLE_ALIAS: 'robot-camera-streaming-role-alias',
      AWS_DEFAULT_REGION: 'us-east-1',
    },
    'sts-pi',
  );
  robot = await startProcess({ config });
  await until(async () => (await robot!.state()).cloud?.state === 'connected', 'it connects');
  await drives('sts-pi');
  assert.is((await robot.state()).name, 'sts-pi');
  assert.equal(statuses, [], 'it is granted no status topic');
});

test('without an endpoint the SDK stays unloaded', async () => {
  robot = await startProcess();
  assert.is((await robot.state()).cloud, null);
  assert.not(loadsSdk());
});

test('a missing certificate is told at the start', async () => {
  const failure = await startProcess({
    settings: { 'cloud.endpoint': 'a.example', 'cloud.certificate': join(folder, 'none.pem') },
  }).then(
    () => '',
    (error: Error) => error.message,
  );
  assert.match(failure, /exited with [1-9]/);
  assert.match(failure, /none\.pem \(cloud\.certificate\)/);
});

test.run();
