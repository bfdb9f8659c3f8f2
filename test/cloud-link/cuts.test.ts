import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { until } from '../teleop/rig.ts';
import { collectClients } from './collect.ts';
import { dated, FORWARD, NOTICED_MS, type Outage, pause, startOutage, WITHIN_MS } from './outage.ts';
import { connected } from './rig.ts';

const UNTHROTTLED = { 'teleop.messagesPerS': 100_000, 'teleop.messageBurst': 100_000 };

const test = suite('the network is cut without a word');
let outage: Outage;
test.before.each(async () => {
  outage = await startOutage();
});
test.after.each(() => outage.close());
test.after(collectClients);

test('shortly: what was sent meanwhile arrives and moves nothing, dated or not', async () => {
  const { relay } = outage;
  const robot = await outage.join(relay.port, UNTHROTTLED);
  await outage.driveUndated();
  await until(() => robot.still(), 'it stops', 2_000);
  relay.cut();
  const { length } = robot.sets;
  const { received } = robot.link.status().commands;
  for (let n = 0; n < 200; n++) await outage.command(n % 2 ? FORWARD : dated());
  await pause(2_500);
  assert.ok(connected(robot), 'nobody has noticed yet');
  relay.restore();
  await until(() => robot.link.status().commands.received === received + 200, 'all arrive', WITHIN_MS);
  await pause(300);
  assert.is(robot.sets.length, length);
  assert.is(robot.refusals.get('stale'), 100);
  await outage.driveUndated();
});

test('after a long silence: the first undated commands find the link unproven', async () => {
  const { relay } = outage;
  const robot = await outage.join(relay.port, UNTHROTTLED);
  await pause(1_100);
  relay.cut();
  for (let n = 0; n < 200; n++) await outage.command(FORWARD);
  await pause(1_000);
  relay.restore();
  await until(() => robot.link.status().commands.received === 200, 'all arrive', WITHIN_MS);
  await pause(300);
  assert.equal(robot.sets, []);
});

test('for long: the last will says offline, and with the network all is back', async () => {
  const { relay } = outage;
  const robot = await outage.join(relay.port);
  relay.cut();
  await until(() => !connected(robot), 'the robot notices', NOTICED_MS);
  await until(() => outage.statuses().at(-1) === 'offline', 'so does the broker', WITHIN_MS);
  relay.restore();
  await outage.online(2);
  await outage.drive();
});

test.run();
