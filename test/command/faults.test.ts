import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { FAULTS, type FaultCode, faultRule, faultText } from '../../firmware/command/faults.ts';
import { settings } from './helpers.ts';

const { limits } = settings;
const codes = Object.keys(FAULTS) as FaultCode[];

test('the text tells the speed that is left, by the configuration', () => {
  assert.is(faultText('battery_low', '', limits), 'The battery is low: 50 % speed. Bring the robot home.');
  const own = { ...limits, batteryLowSpeedRatio: 0.333 };
  assert.is(faultText('battery_low', '', own), 'The battery is low: 33 % speed. Bring the robot home.');
});

test('the cause has its place in the text, or comes behind it', () => {
  const text = faultText('link_slow', 'round trip 420 ms', limits);
  assert.is(text, 'The link is slow (round trip 420 ms): 40 % speed.');
  assert.is(faultText('link_slow', '', limits), 'The link is slow: 40 % speed.');
  assert.match(faultText('drivetrain_failed', 'EIO $& {speed}', limits), /wiring\. \(EIO \$& \{speed\}\)$/);
});

for (const code of codes) {
  test(`${code} says what an operator has to know`, () => {
    const { severity, slowsTo, speedsUpTo, bars } = faultRule(code);
    const text = faultText(code, '', limits);
    assert.not.match(text, /[{}]/);
    assert.match(text, /\.$/);
    // What slows is of severity limit, and says by how much or what is left.
    const effects = [slowsTo, speedsUpTo, bars].filter((effect) => effect !== undefined);
    assert.is(effects.length, severity === 'limit' ? 1 : 0);
    if (slowsTo) assert.match(text, `${limits[slowsTo] * 100} % speed`);
  });
}

test.run();
