import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { loadConfig } from '../../config/load.ts';
import { decideSettings, ownSettings } from '../../firmware/cloud-link/remote-settings.ts';

const { config } = loadConfig({ overrides: { 'drive.maxRatio': 0.8, 'video.maxBitrateKbps': 2_000 } });
const OWN = ownSettings(config);
const decide = (desired: unknown, before = OWN) => decideSettings(desired, config, before);

test('what is left out is as the configuration has it', () => {
  const lowered = decide({ maxRatio: 0.3 }).settings;
  assert.equal(decide({}, lowered), { settings: OWN, errors: [] });
  for (const nothing of [undefined, null, 5, 'x', []]) assert.equal(decide(nothing, lowered).settings, OWN);
});

test('takes what is in range', () => {
  const desired = { maxRatio: 0.05, watchdogMs: 2000, video: { enabled: false, maxBitrateKbps: 250 } };
  assert.equal(decide(desired), { settings: desired, errors: [] });
  assert.equal(decide({ maxRatio: 0.8, video: { maxBitrateKbps: 2_000 } }), { settings: OWN, errors: [] });
});

/** From the first value that does not fit, on both sides. */
for (const [desired, error] of [
  [{ maxRatio: 0.04 }, 'maxRatio: Expected a number in 0.05..1 of full speed but received 0.04'],
  [{ maxRatio: 0.81 }, 'maxRatio: Expected at most drive.maxRatio of this robot (0.8) but received 0.81'],
  [{ maxRatio: '0.5' }, 'maxRatio: Expected a number in 0.05..1 of full speed but received "0.5"'],
  [{ watchdogMs: 99 }, 'watchdogMs: Expected a whole number in 100..2000 ms but received 99'],
  [{ watchdogMs: 2001 }, 'watchdogMs: Expected a whole number in 100..2000 ms but received 2001'],
  [{ video: { enabled: 1 } }, 'video.enabled: Expected true or false but received 1'],
  [
    { video: { maxBitrateKbps: 249 } },
    'video.maxBitrateKbps: Expected a bit rate this robot allows (250..2000) but received 249',
  ],
  [
    { video: { maxBitrateKbps: 2001 } },
    'video.maxBitrateKbps: Expected a bit rate this robot allows (250..2000) but received 2001',
  ],
  [
    { speed: 1 },
    'speed: Expected one of maxRatio, watchdogMs, video.enabled, video.maxBitrateKbps but received "speed"',
  ],
  [
    { video: 7 },
    'video: Expected one of maxRatio, watchdogMs, video.enabled, video.maxBitrateKbps but received "video"',
  ],
  [
    { constructor: 1 },
    'constructor: Expected one of maxRatio, watchdogMs, video.enabled, video.maxBitrateKbps but received "constructor"',
  ],
] as const) {
  test(`refuses ${JSON.stringify(desired)} and changes nothing`, () => {
    const before = { ...OWN, maxRatio: 0.3, watchdogMs: 300 };
    const held = { ...desired, ...('maxRatio' in desired ? {} : { maxRatio: 0.3 }) };
    const decided = decide({ ...held, ...('watchdogMs' in desired ? {} : { watchdogMs: 300 }) }, before);
    assert.equal(decided, { settings: before, errors: [error] });
  });
}

test('takes the rest of what is refused in part', () => {
  const { settings, errors } = decide({ maxRatio: 9, watchdogMs: 250 });
  assert.equal(settings, { ...OWN, watchdogMs: 250 });
  assert.is(errors.length, 1);
});

test('video that is off on the robot stays off', () => {
  const off = loadConfig({ overrides: { 'video.enabled': false } }).config;
  const { settings, errors } = decideSettings({ video: { enabled: true } }, off, ownSettings(off));
  assert.is(settings.video.enabled, false);
  assert.equal(errors, ['video.enabled: Expected false, as video is off on this robot but received true']);
});

test.run();
