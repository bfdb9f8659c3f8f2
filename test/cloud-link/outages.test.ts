import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { until } from '../teleop/rig.ts';
import { collectClients } from './collect.ts';
import { FORWARD, NOTICED_MS, type Outage, startOutage, WITHIN_MS } from './outage.ts';
import { connected } from './rig.ts';

const test = suite('the broker fails');
let outage: Outage;
test.before.each(async () => {
  outage = await startOutage();
});
test.after.each(() => outage.close());
test.after(collectClients);

test('killed: the robot stops at once, keeps telemetry, and is back with it', async () => {
  const { broker, relay } = outage;
  const robot = await outage.join(relay.port, {
    'cloud.telemetryEveryMs': 100,
    'cloud.bufferSamples': 5,
    'cloud.replayPerS': 50,
    'command.watchdogMs': 2_000,
  });
  await outage.drive();
  const killedMs = Date.now();
  await broker.kill();
  await until(() => robot.still(), 'it stops before the watchdog', 1_500);
  assert.is(robot.counters().linkStops, 1);
  assert.is(robot.counters().watchdogStops, 0);
  await until(() => robot.link.status().telemetry.dropped >= 3, 'the buffer overflows', WITHIN_MS);
  assert.is(robot.link.status().telemetry.buffered, 5);
  // The robot waits until somebody is there to hear it.
  relay.cut();
  await broker.start();
  await outage.listening();
  relay.restore();
  await outage.online(2);
  // What was kept while it connected for the first time came late too.
  const late = () =>
    outage.bodies('rover/telemetry').filter(({ late, atMs }) => late && (atMs as number) >= killedMs);
  await until(() => late().length > 0, 'kept telemetry comes', WITHIN_MS);
  await until(() => robot.link.status().telemetry.buffered === 0, 'nothing is kept', WITHIN_MS);
  const times = late().map(({ atMs }) => atMs as number);
  assert.ok(times[0]! <= robot.link.status().sinceMs, 'with its own times');
  assert.equal(times, [...times].sort(), 'oldest first');
  assert.ok((late()[0]!.dropped as number) >= 3, 'and tells how much is lost');
});

test('frozen: the watchdog stops the robot, the keep-alive finds out, nothing is played back', async () => {
  const { broker } = outage;
  const robot = await outage.join(broker.port);
  await outage.drive();
  broker.child.kill('SIGSTOP');
  await until(() => robot.still(), 'it stops', 2_000);
  assert.is(robot.counters().watchdogStops, 1);
  const { length } = robot.sets;
  const waiting = Promise.all(Array.from({ length: 100 }, () => outage.command(FORWARD)));
  await until(() => !connected(robot), 'the keep-alive finds out', NOTICED_MS);
  broker.child.kill('SIGCONT');
  await waiting;
  await outage.online(2);
  await outage.command({ estop: true });
  await until(() => robot.pipeline.report().estop, 'the present comes through', WITHIN_MS);
  assert.is(robot.sets.length, length);
});

test.run();
