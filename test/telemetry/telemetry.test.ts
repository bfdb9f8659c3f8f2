import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Samples, Sensor } from '../../firmware/telemetry/sensor.ts';
import { createTelemetry, type TelemetryOptions } from '../../firmware/telemetry/telemetry.ts';
import { Time } from './time.ts';

function begin(sensors: Sensor[], options: Partial<TelemetryOptions> = {}) {
  const time = new Time();
  const log: string[] = [];
  const entry = (level: string) => (fields: object, message?: string) => {
    log.push(`${level} ${message} ${JSON.stringify(fields)}`);
  };
  const logger = { info: entry('info'), warn: entry('warn') } as unknown as TelemetryOptions['logger'];
  const telemetry = createTelemetry({
    sensors,
    everyMs: 1000,
    logEveryMs: 3000,
    logger,
    scheduler: time,
    ...options,
  });
  const seen: Samples[] = [];
  let completed = false;
  telemetry.samples$.subscribe({ next: (samples) => seen.push(samples), complete: () => (completed = true) });
  return { time, telemetry, log, seen, completed: () => completed };
}

const steady = (name: string, samples: Samples | null): Sensor => ({ name, read: async () => samples });

test('reads all sensors at once and then at the set rate', async () => {
  let reads = 0;
  const counting: Sensor = { name: 'c', read: async () => ({ cpuCelsius: ++reads }) };
  const { time, telemetry, seen } = begin([counting, steady('b', { batteryRatio: 0.5 }), steady('n', null)]);
  assert.equal(telemetry.latest(), {});
  await time.advance(50);
  assert.equal(telemetry.latest(), { cpuCelsius: 1, batteryRatio: 0.5 });
  await time.advance(3000);
  assert.is(reads, 4);
  assert.is(seen.length, 1 + 4);
  await telemetry.close();
});

test('goes on without a sensor that fails, says so once, and says when it is back', async () => {
  let reads = 0;
  const shaky: Sensor = {
    name: 'shaky',
    read: async () => {
      reads += 1;
      if (reads <= 3) throw new Error('bus error');
      return { batteryVolts: 7.4 };
    },
  };
  const { time, telemetry, log } = begin([shaky, steady('b', { cpuCelsius: 40 })], { logEveryMs: 1e6 });
  await time.advance(2500);
  assert.equal(telemetry.latest(), { cpuCelsius: 40 });
  await time.advance(1000);
  assert.equal(telemetry.latest(), { cpuCelsius: 40, batteryVolts: 7.4 });
  assert.equal(
    log.filter((line) => line.includes('shaky')),
    [
      'warn sensor gives no reading {"sensor":"shaky","error":"Error: bus error"}',
      'info sensor reads again {"sensor":"shaky"}',
    ],
  );
  await telemetry.close();
});

test('goes on without a sensor that hangs, and never asks it twice at a time', async () => {
  let asked = 0;
  let answer = (_samples: Samples) => {};
  const hanging: Sensor = {
    name: 'hanging',
    read: () => {
      asked += 1;
      return new Promise((resolve) => (answer = resolve));
    },
  };
  let others = 0;
  const other: Sensor = { name: 'other', read: async () => ({ cpuCelsius: ++others }) };
  const { time, telemetry, log } = begin([hanging, other]);
  await time.advance(400);
  assert.equal(telemetry.latest(), {}, 'the first reading waits for the time-out');
  await time.advance(200);
  assert.equal(telemetry.latest(), { cpuCelsius: 1 });
  await time.advance(5000);
  assert.is(asked, 1);
  assert.is(others, 6);
  assert.is(log.filter((line) => line.includes('no answer within 500 ms')).length, 1);

  answer({ batteryVolts: 1 });
  await time.advance(500);
  assert.is(asked, 2);
  answer({ batteryVolts: 7.2 });
  await time.advance(100);
  assert.is(telemetry.latest().batteryVolts, 7.2, 'what came too late is not taken, what comes in time is');
  await telemetry.close();
});

test('a sensor that throws before it promises, or gives what is no number, harms nobody', async () => {
  const throwing: Sensor = {
    name: 'throwing',
    read: () => {
      throw new Error('no such driver');
    },
  };
  const { time, telemetry } = begin([throwing, steady('nan', { cpuCelsius: Number.NaN, loadRatio: 0.1 })]);
  await time.advance(100);
  assert.equal(telemetry.latest(), { loadRatio: 0.1 });
  await telemetry.close();
});

test('logs the samples at the slower rate', async () => {
  const { time, telemetry, log } = begin([steady('b', { batteryRatio: 1 })]);
  await time.advance(7500);
  assert.equal(log, Array(3).fill('info telemetry {"samples":{"batteryRatio":1}}'));
  await telemetry.close();
});

test('close ends reading and stream and closes every sensor, also after one that fails to', async () => {
  const closed: string[] = [];
  let reads = 0;
  const closing = (name: string, fails = false): Sensor => ({
    name,
    read: async () => ({ [name]: ++reads }),
    close: async () => {
      closed.push(name);
      if (fails) throw new Error('stuck');
    },
  });
  const { time, telemetry, log, completed } = begin([closing('a', true), closing('b')]);
  await time.advance(100);
  await telemetry.close();
  await time.advance(5000);
  assert.is(reads, 2);
  assert.equal(closed, ['a', 'b']);
  assert.ok(completed());
  assert.match(log.join('\n'), 'sensor did not close {"sensor":"a","error":"Error: stuck"}');
});

test('without sensors there are no samples', async () => {
  const { time, telemetry } = begin([]);
  await time.advance(100);
  assert.equal(telemetry.latest(), {});
  await telemetry.close();
});

test.run();
