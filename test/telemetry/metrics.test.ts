import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { COUNTER_NAMES, type CommandReport } from '../../firmware/command/report.ts';
import type { CloudStatus } from '../../firmware/telemetry/cloud-status.ts';
import { COUNTER_HELP, createMetrics } from '../../firmware/telemetry/metrics.ts';
import type { Samples } from '../../firmware/telemetry/sensor.ts';

function begin() {
  const counters = Object.fromEntries(COUNTER_NAMES.map((name, i) => [name, i])) as CommandReport['counters'];
  const state = {
    samples: {} as Samples,
    cloud: null as CloudStatus | null,
    report: {
      wheels: { left: 0.5, right: -0.25 },
      target: { linear: 0, angular: 0 },
      estop: false,
      estopBy: null,
      operator: null,
      reasons: [],
      watchdogMs: 400,
      appliedSeq: null,
      counters,
    } as CommandReport,
  };
  const metrics = createMetrics({
    robot: 'tim',
    version: '1.2.3',
    report: () => state.report,
    samples: () => state.samples,
    connections: () => 3,
    video: () => ({ viewers: 2, bitrateKbps: 1500 }),
    cloud: () => state.cloud,
  });
  const lines = async () => (await metrics.text()).split('\n').filter((line) => !line.startsWith('#'));
  return { state, metrics, lines };
}

test('gives present values each time it is asked', async () => {
  const { state, lines } = begin();
  state.samples = {
    batteryRatio: 0.75,
    residentMiB: 2,
    underVoltage: 1,
    throttled: 0,
    touchedPads: 5,
    myOwnThing: 7,
  };
  const first = await lines();
  for (const line of [
    'roverd_info{robot="tim",version="1.2.3"} 1',
    'roverd_battery_ratio 0.75',
    'roverd_resident_bytes 2097152',
    'roverd_under_voltage 1',
    'roverd_cpu_throttled 0',
    'roverd_touched_pads 5',
    'roverd_sample{name="myOwnThing"} 7',
    'roverd_wheel_ratio{side="left"} 0.5',
    'roverd_wheel_ratio{side="right"} -0.25',
    'roverd_emergency_stop 0',
    'roverd_operated 0',
    'roverd_connections 3',
    'roverd_video_viewers 2',
    'roverd_video_bits_per_second 1500000',
  ]) {
    assert.ok(first.includes(line), line);
  }
  state.samples = {};
  state.report = { ...state.report, estop: true };
  const second = await lines();
  assert.ok(second.includes('roverd_emergency_stop 1'));
  // What is no longer measured is absent, not zero.
  assert.not.match(second.join('\n'), /roverd_(battery|resident|sample|under|cpu|touched)/);
});

test('passes every counter of the command core on, without adding them up twice', async () => {
  const { lines } = begin();
  await lines();
  const text = await lines();
  for (const [i, name] of COUNTER_NAMES.entries()) {
    const metric = `roverd_command_${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}_total`;
    assert.ok(text.includes(`${metric} ${i}`), metric);
  }
});

test('every counter of the command core has help', () => {
  assert.equal(Object.keys(COUNTER_HELP).sort(), [...COUNTER_NAMES].sort());
});

test('counts refusals by code and round trips by duration', async () => {
  const { metrics, lines } = begin();
  metrics.countRefusal('bad_field');
  metrics.countRefusal('bad_field');
  metrics.observeRoundTripMs(15);
  metrics.observeRoundTripMs(150);
  const text = await lines();
  assert.ok(text.includes('roverd_refusals_total{code="bad_field"} 2'));
  assert.ok(text.includes('roverd_link_round_trip_seconds_bucket{le="0.02"} 1'));
  assert.ok(text.includes('roverd_link_round_trip_seconds_bucket{le="0.2"} 2'));
  assert.ok(text.includes('roverd_link_round_trip_seconds_count 2'));
  assert.match(metrics.contentType, /^text\/plain; version=0\.0\.4/);
});

test('every metric has help, and two robots in one process do not mix', async () => {
  const { metrics } = begin();
  const text = await metrics.text();
  const names = [...text.matchAll(/^# TYPE (\S+)/gm)].map((match) => match[1]);
  assert.ok(names.length > 25);
  for (const name of names) assert.match(text, new RegExp(`^# HELP ${name} \\S`, 'm'));
  begin();
});

test('tells of the cloud where there is one', async () => {
  const { state, lines } = begin();
  assert.not.match((await lines()).join('\n'), /roverd_cloud_/);
  state.cloud = {
    state: 'connected',
    sinceMs: 1,
    connections: 2,
    lastError: null,
    commands: { received: 3, refused: 4 },
    telemetry: { published: 5, buffered: 6, dropped: 7 },
  };
  const told = (await lines()).filter((line) => line.startsWith('roverd_cloud_'));
  assert.equal(told, [
    'roverd_cloud_connected 1',
    'roverd_cloud_connections 2',
    'roverd_cloud_commands_received 3',
    'roverd_cloud_commands_refused 4',
    'roverd_cloud_telemetry_published 5',
    'roverd_cloud_telemetry_buffered 6',
    'roverd_cloud_telemetry_dropped 7',
  ]);
});

test.run();
