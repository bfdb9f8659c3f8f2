import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ReceiverReport } from '../../firmware/video/engine.ts';
import { followReport, initialRate, lowestKbps, type RateState } from '../../firmware/video/rate.ts';

const OPTIONS = { minKbps: 200, maxKbps: 4200, startKbps: 1000 };
const report = (lossRatio: number | null, estimateKbps: number | null = null, roundTripMs = 0) =>
  ({ lossRatio, estimateKbps, roundTripMs }) satisfies ReceiverReport;
const at = (kbps: number, estimateKbps: number | null = null): RateState => ({
  kbps,
  estimateKbps,
  risenMs: 0,
  backedOffMs: 0,
});

const rows: readonly [string, RateState, ReceiverReport, number, number][] = [
  ['no loss for a second rises by a twentieth of the range', at(1000), report(0), 1000, 1200],
  ['no loss for half a second rises by half of that', at(1000), report(0), 500, 1100],
  ['a long silence counts as one second', at(1000), report(0), 60_000, 1200],
  ['loss just below 2 % rises', at(1000), report(0.0199), 1000, 1200],
  ['2 % holds', at(1000), report(0.02), 1000, 1000],
  ['10 % holds', at(1000), report(0.1), 1000, 1000],
  ['more than 10 % takes half of the lost share', at(1000), report(0.2), 1000, 900],
  ['everything lost takes half', at(1000), report(1), 1000, 500],
  ['not twice within 300 ms', at(1000), report(0.5), 299, 1000],
  ['again after 300 ms', at(1000), report(0.5), 300, 750],
  ['not twice within 300 ms and a round trip', at(1000), report(0.5, null, 100), 399, 1000],
  ['again after 300 ms and a round trip', at(1000), report(0.5, null, 100), 400, 750],
  ['never below the least', at(210), report(1), 1000, 200],
  ['never above the most', at(4190), report(0), 1000, 4200],
  ['an estimate caps at once', at(1000), report(null, 600), 10, 600],
  ['an estimate above changes nothing by itself', at(1000), report(null, 3000), 10, 1000],
  ['an estimate below the least gives the least', at(1000), report(null, 50), 10, 200],
  ['an earlier estimate still caps', at(590, 600), report(0), 1000, 600],
  ['a newer estimate replaces the earlier one', at(600, 600), report(0, 3000), 1000, 800],
  ['a report without loss figures does not raise', at(1000), report(null), 1000, 1000],
];

for (const [name, state, received, nowMs, kbps] of rows) {
  test(name, () => {
    const next = followReport(state, received, nowMs, OPTIONS);
    assert.ok(Math.abs(next.kbps - kbps) < 0.001, `expected ${kbps} but got ${next.kbps}`);
  });
}

test('starts at the start rate, within the bounds', () => {
  assert.is(initialRate(OPTIONS, 5).kbps, 1000);
  assert.is(initialRate({ ...OPTIONS, startKbps: 9000 }, 5).kbps, 4200);
  assert.is(initialRate({ ...OPTIONS, startKbps: 10 }, 5).kbps, 200);
});

test('a clean path is used up within 20 s, and not much sooner', () => {
  let state = initialRate({ ...OPTIONS, startKbps: 200 }, 0);
  let reachedMs = 0;
  for (let nowMs = 1000; nowMs <= 30_000; nowMs += 1000) {
    state = followReport(state, report(0), nowMs, OPTIONS);
    if (state.kbps === 4200 && reachedMs === 0) reachedMs = nowMs;
  }
  assert.is(reachedMs, 20_000);
});

test('clean reports in between do not keep the rate from backing off', () => {
  let state = at(1000);
  for (let nowMs = 100; nowMs <= 3000; nowMs += 100) {
    state = followReport(state, report(nowMs % 200 ? 0.4 : 0, null, 20), nowMs, OPTIONS);
  }
  assert.ok(state.kbps < 700, `${state.kbps}`);
});

test('the rate does not rise for the time in which there was loss', () => {
  const after = followReport(at(1000), report(0.05), 900, OPTIONS);
  assert.is(followReport(after, report(0), 1000, OPTIONS).kbps, 1020);
});

test('a path that carries 1500 kbit/s is found and kept, from above and from below', () => {
  for (const startKbps of [200, 4200]) {
    let state = initialRate({ ...OPTIONS, startKbps }, 0);
    let overMs = 0;
    for (let nowMs = 1000; nowMs <= 120_000; nowMs += 1000) {
      const lost = Math.max(0, 1 - 1500 / state.kbps);
      state = followReport(state, report(lost, null, 50), nowMs, OPTIONS);
      if (nowMs > 30_000 && state.kbps > 1500 / 0.85) overMs += 1000;
    }
    assert.is(overMs, 0, `from ${startKbps}: ${overMs} ms far above the path`);
    assert.ok(state.kbps > 1200, `from ${startKbps}: only ${state.kbps} kbit/s used`);
  }
});

test('among viewers the lowest wins; without any it is the start rate', () => {
  assert.is(lowestKbps([at(900.4), at(300.6), at(4000)], OPTIONS), 301);
  assert.is(lowestKbps([], OPTIONS), 1000);
});

test.run();
