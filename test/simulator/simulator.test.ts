import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { APARTMENT } from '../../firmware/simulator/apartment.ts';
import { createObstacles } from '../../firmware/simulator/collision.ts';
import { MAX_CATCH_UP_MS } from '../../firmware/simulator/motion.ts';
import { createSimulator, ROVER } from '../../firmware/simulator/simulator.ts';
import type { Samples } from '../../firmware/telemetry/sensor.ts';

async function samples(simulator: ReturnType<typeof createSimulator>): Promise<Samples> {
  const all: Samples = {};
  for (const sensor of simulator.sensors) Object.assign(all, await sensor.read());
  return all;
}

test('stands where the room says until it is told to drive', () => {
  const simulator = createSimulator({}, 1000);
  simulator.advance(5000);
  assert.equal(simulator.pose(), { ...APARTMENT.start, bumped: false });
});

test('drives ahead at its speed once the motors are up to it', async () => {
  const simulator = createSimulator({ drivetrain: { lagMs: 0 } }, 0);
  await simulator.drivetrain.set(0.5, 0.5);
  for (let nowMs = 0; nowMs <= 1000; nowMs += 10) simulator.advance(nowMs);
  const { xM, yM } = simulator.pose();
  const { start } = APARTMENT;
  near(Math.hypot(xM - start.xM, yM - start.yM), 0.5 * ROVER.fullSpeedMPerS);
  near(Math.atan2(yM - start.yM, xM - start.xM), start.headingRad);
});

test('bumps into the sofa, says so, and is free again after backing off', async () => {
  const simulator = createSimulator({}, 0);
  let nowMs = 0;
  const run = (ms: number) => {
    for (const endMs = nowMs + ms; nowMs < endMs; nowMs += 10) simulator.advance(nowMs + 10);
  };
  await simulator.drivetrain.set(1, 1);
  run(20_000);
  assert.ok(simulator.pose().bumped);
  await simulator.drivetrain.set(-1, -1);
  run(1000);
  assert.not(simulator.pose().bumped);
});

test('the same commands at the same times lead to the very same pose, however often time is told', async () => {
  const script: readonly (readonly [atMs: number, left: number, right: number])[] = [
    [0, 1, 0.8],
    [700, -0.4, 0.6],
    [1500, 1, 1],
    [4000, 0, 0],
  ];
  const ends = [];
  for (const everyMs of [5, 10, 50, 5]) {
    const simulator = createSimulator({}, 0);
    for (let nowMs = 0; nowMs < 5000; nowMs += everyMs) {
      for (const [atMs, left, right] of script)
        if (atMs === nowMs) await simulator.drivetrain.set(left, right);
      simulator.advance(nowMs + everyMs);
    }
    ends.push(simulator.pose());
  }
  for (const end of ends) assert.equal(end, ends[0]);
});

test('a pause of the process is not driven through, nor is a clock that steps back', async () => {
  const simulator = createSimulator({ drivetrain: { lagMs: 0 } }, 0);
  await simulator.drivetrain.set(1, 1);
  simulator.advance(3_600_000);
  const { start } = APARTMENT;
  const wayM = () => Math.hypot(simulator.pose().xM - start.xM, simulator.pose().yM - start.yM);
  near(wayM(), (ROVER.fullSpeedMPerS * MAX_CATCH_UP_MS) / 1000);
  const before = wayM();
  simulator.advance(0);
  near(wayM(), before);
  simulator.advance(100);
  near(wayM(), before + ROVER.fullSpeedMPerS * 0.1);
});

test('any drive, at any pace of ticks, ends outside of every solid', async () => {
  const obstacles = createObstacles(APARTMENT, ROVER);
  const leg = fc.record({
    left: fc.double({ min: -1, max: 1, noNaN: true }),
    right: fc.double({ min: -1, max: 1, noNaN: true }),
    tickMs: fc.integer({ min: 1, max: 400 }),
    ticks: fc.integer({ min: 1, max: 60 }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(leg, { maxLength: 12 }),
      fc.double({ min: 0.1, max: 40, noNaN: true }),
      async (legs, fullSpeedMPerS) => {
        const simulator = createSimulator({ body: { ...ROVER, fullSpeedMPerS } }, 0);
        let nowMs = 0;
        for (const { left, right, tickMs, ticks } of legs) {
          await simulator.drivetrain.set(left, right);
          for (let tick = 0; tick < ticks; tick += 1) {
            nowMs += tickMs;
            simulator.advance(nowMs);
            const pose = simulator.pose();
            assert.ok(obstacles.gapM(pose) > -1e-6, `inside a solid at ${pose.xM}, ${pose.yM}`);
          }
        }
      },
    ),
    { numRuns: 60 },
  );
});

test('the battery only ever loses, loses more under load, and empties in its time', async () => {
  const idle = createSimulator({ batteryMinutes: 1 }, 0);
  const driving = createSimulator({ batteryMinutes: 1, drivetrain: { lagMs: 0 } }, 0);
  await driving.drivetrain.set(1, -1);
  let last = 1;
  let emptyMs = 0;
  for (let nowMs = 0; nowMs <= 70_000; nowMs += 100) {
    idle.advance(nowMs);
    driving.advance(nowMs);
    const { batteryRatio } = await samples(driving);
    assert.ok(batteryRatio! <= last);
    last = batteryRatio!;
    if (last === 0 && emptyMs === 0) emptyMs = nowMs;
  }
  assert.ok(Math.abs(emptyMs - 60_000) < 500, `empty after ${emptyMs} ms`);
  const rest = await samples(idle);
  assert.ok(rest.batteryRatio! > 0.8 && rest.batteryRatio! < 1);
  assert.ok(rest.batteryVolts! > (await samples(driving)).batteryVolts!);
});

test('volts sag under load and recover', async () => {
  const simulator = createSimulator({ batteryRatio: 0.5, drivetrain: { lagMs: 0 } }, 0);
  simulator.advance(10);
  const rest = (await samples(simulator)).batteryVolts!;
  await simulator.drivetrain.set(1, -1);
  simulator.advance(20);
  const loaded = (await samples(simulator)).batteryVolts!;
  await simulator.drivetrain.stop();
  simulator.advance(30);
  const after = (await samples(simulator)).batteryVolts!;
  assert.ok(loaded < rest - 0.1, `${loaded} under load, ${rest} at rest`);
  assert.ok(Math.abs(after - rest) < 0.01);
});

test('with an empty battery the robot stands', async () => {
  const simulator = createSimulator({ batteryRatio: 0 }, 0);
  await simulator.drivetrain.set(1, 1);
  simulator.advance(1000);
  assert.equal(simulator.pose(), { ...APARTMENT.start, bumped: false });
});

test('Wi-Fi is there unless it is left out', async () => {
  const simulator = createSimulator({}, 0);
  const { wifiDbm, wifiQualityRatio } = await samples(simulator);
  assert.ok(wifiDbm! < -20 && wifiDbm! > -80);
  assert.ok(wifiQualityRatio! > 0 && wifiQualityRatio! <= 1);
  assert.is((await samples(createSimulator({ wifi: false }, 0))).wifiDbm, undefined);
});

test('close stops the wheels and may be called twice', async () => {
  const simulator = createSimulator({}, 0);
  await simulator.drivetrain.set(1, 1);
  await simulator.close();
  await simulator.close();
  assert.equal(simulator.drivetrain.commanded(), { left: 0, right: 0 });
});

test('options out of range are refused', () => {
  assert.throws(() => createSimulator({ batteryRatio: 1.5 }, 0), /Expected startRatio to be in 0\.\.1/);
  assert.throws(() => createSimulator({ batteryMinutes: 0 }, 0), /Expected capacityWh to be above 0/);
  const inTheWall = { ...APARTMENT, start: { xM: 0, yM: 2, headingRad: 0 } };
  assert.throws(() => createSimulator({ room: inTheWall }, 0), /Expected a free place to start from/);
});

function near(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) < 1e-6, `expected ${expected} but received ${actual}`);
}

test.run();
