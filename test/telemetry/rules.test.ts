import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { judgeSamples, type SampleFault } from '../../firmware/telemetry/rules.ts';
import type { Samples } from '../../firmware/telemetry/sensor.ts';

const rows: [before: SampleFault[], samples: Samples, after: SampleFault[]][] = [
  [[], {}, []],
  [[], { batteryRatio: 0.2 }, []],
  [[], { batteryRatio: 0.19 }, ['battery_low']],
  [['battery_low'], { batteryRatio: 0.24 }, ['battery_low']],
  [['battery_low'], { batteryRatio: 0.25 }, []],
  [['battery_low'], {}, ['battery_low']],
  [[], { batteryRatio: 0.04 }, ['battery_low', 'battery_empty']],
  [['battery_low', 'battery_empty'], { batteryRatio: 0.1 }, ['battery_low']],
  [[], { wifiQualityRatio: 0.1 }, ['wifi_weak']],
];

for (const [before, samples, after] of rows) {
  test(`${before.join('+') || 'nothing'} and ${JSON.stringify(samples)} give ${after.join('+') || 'nothing'}`, () => {
    assert.equal([...judgeSamples(samples, new Set(before))], after);
  });
}

test.run();
