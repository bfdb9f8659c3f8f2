import type { MqttClient } from 'mqtt';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { until } from '../teleop/rig.ts';
import { createAuthority } from './certificates.ts';
import { collectClients } from './collect.ts';
import { type Mosquitto, startMosquitto } from './mosquitto.ts';
import { connected, type LinkedRobot, linkRobot } from './rig.ts';
import { synthesizedPolicies } from './synthesized-policies.ts';

const test = suite('the robot on a real broker');
const WITHIN_MS = 15_000;
let broker: Mosquitto;
let cloud: MqttClient;
let heard: { topic: string; body: Record<string, unknown>; retain: boolean }[];
let robots: LinkedRobot[];

test.before(async () => {
  const names = ['rover', 'other', 'rsa', 'late'];
  broker = await startMosquitto(names, synthesizedPolicies(names));
});
test.after(async () => {
  robots = [];
  await broker.close();
  await collectClients();
  // The SDK holds a refusal back (see below), and with it the end of the process.
  setTimeout(() => process.exit(), 1_000).unref();
});
test.before.each(async () => {
  heard = [];
  robots = [];
  cloud = await broker.client();
  cloud.on('message', (topic, payload, { retain }) => {
    heard.push({ topic, body: JSON.parse(String(payload)), retain });
  });
});
test.after.each(async () => {
  for (const robot of robots) await robot.close();
  await cloud.endAsync(true);
});

async function join(name: string, overrides: Record<string, unknown> = {}, keyType: 'ec' | 'rsa' = 'ec') {
  const robot = await linkRobot(name, broker.port, await broker.authority.issue(name, keyType), overrides);
  robots.push(robot);
  return robot;
}

/** Connected, subscribed and said so. */
async function greeted(robot: LinkedRobot, name: string): Promise<void> {
  await cloud.subscribeAsync(`${name}/status`);
  await until(() => statuses(name).at(-1) === 'online', `${name} is online`, WITHIN_MS);
  assert.ok(connected(robot));
}

const statuses = (name: string) =>
  heard.filter(({ topic }) => topic === `${name}/status`).map(({ body }) => body.state);

const command = (name: string, body: unknown, options: { retain?: boolean; qos?: 0 | 1 } = {}) =>
  cloud.publishAsync(`${name}/action`, typeof body === 'string' ? body : JSON.stringify(body), {
    qos: 1,
    ...options,
  });

const dated = (body: object, ageMs = 0) => ({ ...body, issuedAtMs: Date.now() - ageMs });
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const FORWARD = { drive: { linear: 0.5, angular: 0 } };

test('connects, says that it is online, drives, and says goodbye', async () => {
  const robot = await join('rover');
  await greeted(robot, 'rover');
  await command('rover', dated({ action: 'forward' }));
  await until(() => robot.sets.length > 0, 'the wheels turn', WITHIN_MS);
  assert.ok(robot.sets.every(({ left, right }) => left > 0 && right > 0));
  const started = performance.now();
  await robots.pop()!.close();
  assert.ok(performance.now() - started < 1_500, 'closing is bounded');
  await until(() => statuses('rover').at(-1) === 'offline', 'it says that it goes', WITHIN_MS);
  assert.type(heard.at(-1)!.body.atMs, 'number');
});

test('with an RSA key too, as the original has one', async () => {
  await greeted(await join('rsa', {}, 'rsa'), 'rsa');
});

test('a command without a time drives once the link is proven, at the second try after a silence at the latest', async () => {
  const robot = await join('rover');
  await greeted(robot, 'rover');
  await until(
    () => {
      if (robot.sets.length === 0) void command('rover', { action: 'left' });
      return robot.sets.length > 0;
    },
    'the wheels turn',
    WITHIN_MS,
  );
  assert.ok(robot.sets.every(({ left, right }) => left < 0 && right > 0));
});

test("a stranger's certificate does not connect", async () => {
  const stranger = await (await createAuthority()).issue('rover');
  const robot = await linkRobot('rover', broker.port, { ...stranger, ca: broker.authority.ca });
  robots.push(robot);
  await until(() => robot.link.status().lastError !== null, 'it is turned away', WITHIN_MS);
  assert.is(robot.link.status().connections, 0);
  assert.ok(!connected(robot));
});

test('a server that the robot does not know is not believed', async () => {
  const identity = await broker.authority.issue('rover');
  const robot = await linkRobot('rover', broker.port, { ...identity, ca: (await createAuthority()).ca });
  robots.push(robot);
  // One that knows it connects meanwhile. The other's error comes late: the SDK holds it back for 10 s and more,
  // lest a server learn from the time a refusal takes.
  await greeted(await join('other'), 'other');
  await pause(1_000);
  assert.is(robot.link.status().connections, 0);
});

test('a robot can neither speak nor listen as another', async () => {
  const victim = await join('other');
  await greeted(victim, 'other');
  const thief = await broker.client({}, 'rover');
  // mosquitto takes a message it does not pass on with a reason code; the client rejects for it.
  const denied = await thief.publishAsync('other/action', JSON.stringify(dated(FORWARD)), { qos: 1 }).then(
    () => null,
    (error: { code: number }) => error.code,
  );
  assert.is(denied, 0x87);
  const overheard: string[] = [];
  thief.on('message', (topic) => overheard.push(topic));
  await thief.subscribeAsync(['other/telemetry', 'other/action', '#']).catch(() => undefined);
  await command('other', dated({ action: 'forward' }));
  await until(() => victim.sets.length > 0, 'the owner may', WITHIN_MS);
  assert.is(victim.link.status().commands.received, 1);
  assert.equal(overheard, []);
  await thief.endAsync(true);
});

test('bad payloads change nothing and are counted; a stop always passes', async () => {
  const robot = await join('rover');
  await greeted(robot, 'rover');
  const bad = [
    '',
    '{',
    'null',
    '[]',
    '{"action":"fly"}',
    '{"drive":{"linear":2,"angular":0}}',
    'x'.repeat(1025),
  ];
  for (const payload of bad) await command('rover', payload);
  await command('rover', dated(FORWARD, 1_500));
  await command('rover', dated(FORWARD), { retain: true });
  await until(() => robot.link.status().commands.received === bad.length + 2, 'all came', WITHIN_MS);
  assert.is(robot.link.status().commands.refused, bad.length + 2);
  assert.equal(robot.sets, []);
  assert.is(robot.refusals.get('stale'), 1);
  assert.is(robot.refusals.get('retained'), 1);
  assert.is(robot.refusals.get('too_large'), 1);
  await command('rover', { estop: true, issuedAtMs: 0 }, { retain: true });
  await until(() => robot.pipeline.report().estop, 'the emergency stop is latched', WITHIN_MS);
  await cloud.publishAsync('rover/action', '', { retain: true });
});

test('a flood is throttled, a stop in it is not', async () => {
  const robot = await join('rover', { 'teleop.messagesPerS': 50, 'teleop.messageBurst': 20 });
  await greeted(robot, 'rover');
  const flood = Array.from({ length: 2_000 }, () => command('rover', dated(FORWARD)));
  flood.push(command('rover', { estop: true }));
  await Promise.all(flood);
  await until(() => robot.link.status().commands.received === 2_001, 'all came', WITHIN_MS);
  assert.ok(robot.pipeline.report().estop);
  assert.ok(robot.refusals.get('rate_limited')! > 1_000);
  assert.ok(robot.log.filter(({ msg }) => msg.startsWith('cloud command refused')).length < 100);
});

test('callers are told apart, and a viewer may only stop', async () => {
  const robot = await join('rover');
  await greeted(robot, 'rover');
  const say = (properties: Record<string, string>, body: object) =>
    cloud.publishAsync('rover/action', JSON.stringify(dated(body)), {
      qos: 1,
      properties: { userProperties: properties },
    });
  await say({ sub: 'a-1', name: 'Ada', role: 'operator' }, FORWARD);
  await until(() => robot.sets.length > 0, 'the wheels turn', WITHIN_MS);
  await say({ sub: 'a-1', name: 'Ada' }, FORWARD);
  await say({ sub: 'b-2', name: 'Bob' }, FORWARD);
  await say({ sub: 'c-3', name: 'Eve', role: 'viewer' }, FORWARD);
  await until(() => robot.link.status().commands.received === 4, 'all came', WITHIN_MS);
  assert.is(robot.refusals.get('not_allowed'), 1);
  await say({ sub: 'c-3', name: 'Eve', role: 'viewer' }, { estop: true });
  await until(() => robot.pipeline.report().estop, 'stopped', WITHIN_MS);
  assert.is(robot.pipeline.report().estopBy, 'Eve');
});

test('ten thousand commands for an absent robot, retained ones and a session kept for it move nothing', async () => {
  const session = { clientId: 'late', clean: false, properties: { sessionExpiryInterval: 3_600 } };
  const before = await broker.client(session, 'late');
  await before.subscribeAsync('late/action', { qos: 1 });
  await before.endAsync();
  await Promise.all(Array.from({ length: 10_000 }, () => command('late', FORWARD)));
  await command('late', { action: 'forward' }, { retain: true });
  const robot = await join('late');
  await greeted(robot, 'late');
  // What was queued would come before this.
  await command('late', { estop: true });
  await until(() => robot.pipeline.report().estop, 'a message of the present comes through', WITHIN_MS);
  assert.is(robot.link.status().commands.received, 1);
  assert.equal(robot.sets, []);
  await cloud.publishAsync('late/action', '', { retain: true });
});

test('telemetry tells of samples and motion', async () => {
  await cloud.subscribeAsync('rover/telemetry');
  const robot = await join('rover', { 'cloud.telemetryEveryMs': 100 });
  await until(() => heard.some(({ topic }) => topic === 'rover/telemetry'), 'telemetry comes', WITHIN_MS);
  const { body } = heard.find(({ topic }) => topic === 'rover/telemetry')!;
  assert.equal(body.samples, { cpuCelsius: 40 });
  assert.equal(body.reasons, ['no_operator']);
  assert.is(body.dropped, 0);
  await until(() => robot.link.status().telemetry.published > 0, 'it knows', WITHIN_MS);
});

test.run();
