import { Subject } from 'rxjs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { loadConfig } from '../../config/load.ts';
import { judgeSamples, type RuleStates, sampleFaults, sampleRules } from '../../firmware/telemetry/rules.ts';
import type { Samples } from '../../firmware/telemetry/sensor.ts';

const { limits } = loadConfig().config;
const atOnce = { ...limits, setAfterMs: 0, clearAfterMs: 0 };

const rows: [before: string[], samples: Samples, after: string[]][] = [
  [[], {}, []],
  [[], { batteryRatio: 0.2 }, []],
  [[], { batteryRatio: 0.19 }, ['battery_low']],
  [['battery_low'], { batteryRatio: 0.24 }, ['battery_low']],
  [['battery_low'], { batteryRatio: 0.25 }, []],
  [['battery_low'], {}, ['battery_low']],
  [[], { batteryRatio: 0.04 }, ['battery_low', 'battery_empty']],
  [['battery_low', 'battery_empty'], { batteryRatio: 0.062 }, ['battery_low', 'battery_empty']],
  [['battery_low', 'battery_empty'], { batteryRatio: 0.1 }, ['battery_low']],
  [[], { wifiQualityRatio: 0.15 }, []],
  [[], { wifiQualityRatio: 0.14 }, ['wifi_weak']],
  [['wifi_weak'], { wifiQualityRatio: 0.18 }, ['wifi_weak']],
  [['wifi_weak'], { wifiQualityRatio: 0.19 }, []],
  [[], { underVoltage: 0 }, []],
  [[], { underVoltage: 1 }, ['under_voltage']],
  [['under_voltage'], {}, ['under_voltage']],
  [['under_voltage'], { underVoltage: 0 }, []],
  [[], { throttled: 0, frequencyCapped: 1, temperatureLimited: 0 }, ['cpu_slowed']],
  [[], { throttled: 1 }, ['cpu_slowed']],
  [[], { temperatureLimited: 1, throttled: 0 }, ['cpu_slowed']],
  [['cpu_slowed'], { throttled: 0, frequencyCapped: 0, temperatureLimited: 0 }, []],
  [[], { cpuCelsius: 80 }, []],
  [[], { cpuCelsius: 80.1 }, ['cpu_hot']],
  [['cpu_hot'], { cpuCelsius: 75.1 }, ['cpu_hot']],
  [['cpu_hot'], { cpuCelsius: 75 }, []],
];

for (const [before, samples, after] of rows) {
  test(`${before.join('+') || 'nothing'} and ${JSON.stringify(samples)} give ${after.join('+') || 'nothing'}`, () => {
    const held = Object.fromEntries(before.map((code) => [code, { held: true, contraryMs: null }]));
    const states = judgeSamples(sampleRules(atOnce), held as RuleStates, samples, 0);
    assert.equal(
      Object.entries(states).flatMap(([code, { held }]) => (held ? [code] : [])),
      after,
    );
  });
}

test('the bounds are those of the configuration', () => {
  const own = { ...atOnce, batteryLowRatio: 0.5, hysteresisRatio: 0.5, cpuHotCelsius: 60 };
  const rules = sampleRules(own);
  let states = judgeSamples(rules, {}, { batteryRatio: 0.49, cpuCelsius: 61 }, 0);
  assert.ok(states.battery_low?.held && states.cpu_hot?.held);
  states = judgeSamples(rules, states, { batteryRatio: 0.74 }, 1);
  assert.ok(states.battery_low?.held);
  states = judgeSamples(rules, states, { batteryRatio: 0.75 }, 2);
  assert.not(states.battery_low?.held);
});

test('tells what comes and goes, each once, after its hold time; voltage too low at once', () => {
  const samples$ = new Subject<Samples>();
  let nowMs = 0;
  const told: string[] = [];
  sampleFaults(samples$, limits, () => nowMs).subscribe(({ code, active }) =>
    told.push(`${nowMs} ${active ? '+' : '-'}${code}`),
  );
  const second = (samples: Samples, times = 1) => {
    for (let i = 0; i < times; i++) {
      samples$.next(samples);
      nowMs += 1000;
    }
  };
  second({ batteryRatio: 0.5, underVoltage: 1 });
  second({ batteryRatio: 0.1, underVoltage: 0 }, 2);
  assert.equal(told, ['0 +under_voltage']);
  second({ batteryRatio: 0.1, underVoltage: 0 }, 3);
  second({ batteryRatio: 0.5 }, 5);
  assert.equal(told, ['0 +under_voltage', '3000 +battery_low', '4000 -under_voltage', '9000 -battery_low']);
});

test.run();
