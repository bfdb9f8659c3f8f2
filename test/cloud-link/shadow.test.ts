import type { MqttClient } from 'mqtt';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { until } from '../teleop/rig.ts';
import { collectClients } from './collect.ts';
import { type Mosquitto, startMosquitto } from './mosquitto.ts';
import { type LinkedRobot, linkRobot } from './rig.ts';
import { playShadow } from './shadow-service.ts';

const test = suite('the shadow');
const WITHIN_MS = 15_000;
let broker: Mosquitto;
let cloud: MqttClient;
let shadow: Awaited<ReturnType<typeof playShadow>>;
let robot: LinkedRobot | null;

test.before.each(async () => {
  broker = await startMosquitto(['rover']);
  cloud = await broker.client();
  shadow = await playShadow(cloud, 'rover');
});
test.after.each(async () => {
  await robot?.close();
  robot = null;
  await broker.close();
});
test.after(collectClients);

async function join(overrides: Record<string, unknown> = {}): Promise<LinkedRobot> {
  robot = await linkRobot('rover', broker.port, await broker.authority.issue('rover'), overrides);
  return robot;
}
const reported = (count: number) =>
  until(() => shadow.reports.length >= count, `${count} reports`, WITHIN_MS).then(
    () => shadow.reports.at(-1)!,
  );
const VIDEO = { enabled: true, maxBitrateKbps: 4000 };

test('of a robot that had none: it reports its own settings', async () => {
  await join({ 'drive.maxRatio': 0.7 });
  assert.equal(await reported(1), { maxRatio: 0.7, watchdogMs: 400, video: VIDEO, errors: [] });
  assert.equal(robot!.applied, []);
});

test('found on connecting, and changed later: both take effect', async () => {
  await shadow.desire({ maxRatio: 0.5 });
  await join();
  assert.is((await reported(1)).maxRatio, 0.5);
  await until(() => robot!.pipeline.report().reasons.some(({ code }) => code === 'speed_limited'), 'limited');
  await shadow.desire({ maxRatio: 0.25, watchdogMs: 150, video: { maxBitrateKbps: 800 } });
  const limited = { maxRatio: 0.25, watchdogMs: 150, video: { enabled: true, maxBitrateKbps: 800 } };
  assert.equal(await reported(2), { ...limited, errors: [] });
  assert.equal(robot!.applied.at(-1), limited);
  assert.is(robot!.pipeline.report().watchdogMs, 150);
  await cloud.publishAsync(
    'rover/action',
    JSON.stringify({ drive: { linear: 1, angular: 0 }, issuedAtMs: Date.now() }),
  );
  await until(() => robot!.sets.length > 0, 'it drives', WITHIN_MS);
  await until(() => robot!.still(), 'it stops', WITHIN_MS);
  assert.is(Math.max(...robot!.sets.map(({ left }) => left)), 0.25);
});

test('refused values change nothing and are reported, once', async () => {
  await join({ 'drive.maxRatio': 0.6 });
  await reported(1);
  await shadow.desire({ maxRatio: 0.3 });
  await reported(2);
  await shadow.desire({ maxRatio: 0.9, warp: 1 });
  const { maxRatio, errors } = await reported(3);
  assert.is(maxRatio, 0.3);
  assert.is((errors as string[]).length, 2);
  assert.match((errors as string[])[0]!, /^maxRatio: Expected at most drive.maxRatio of this robot \(0.6\)/);
  assert.is(robot!.applied.length, 1);
  // The report itself makes another document with the same wishes: it must not be answered again.
  await shadow.desire({ maxRatio: 0.3 });
  assert.equal((await reported(4)).errors, []);
  assert.is(shadow.reports.length, 4);
});

test('a document that comes late, and one that is none, change nothing', async () => {
  await join();
  await reported(1);
  await shadow.desire({ maxRatio: 0.5 });
  await reported(2);
  await shadow.desireLate({ maxRatio: 0.9 });
  await shadow.publish('update/documents', { current: { state: { desired: { maxRatio: 0.9 } } } });
  await shadow.publish('update/documents', { current: { state: 1, version: 99 } });
  await shadow.publish('update/documents', {
    current: { state: { desired: { x: 'x'.repeat(70_000) } }, version: 99 },
  });
  await shadow.desire({ maxRatio: 0.4 });
  await reported(3);
  assert.equal(
    robot!.applied.map(({ maxRatio }) => maxRatio),
    [0.5, 0.4],
  );
});

test.run();
