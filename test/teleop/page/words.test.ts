import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Reason } from '../../../firmware/command/report.ts';
import {
  announcement,
  batteryGauge,
  drives,
  frameRateGauge,
  linkShort,
  linkText,
  pictureText,
  processorGauge,
  resettable,
  roundTripGauge,
  situation,
  speedGauge,
  steers,
  type View,
  videoDelayGauge,
  watches,
  whoDrives,
} from '../../../firmware/teleop/page/words.ts';
import type { Hello, RobotState } from '../../../firmware/teleop/wire.ts';

const hello: Hello = {
  robot: 'rover',
  version: '1',
  you: { id: 'me', name: 'Me', role: 'operator' },
  watchdogMs: 400,
  sendEveryMs: 80,
  strip: false,
  iceServers: [],
};
const reason = (code: string, severity: Reason['severity'], text = code): Reason => ({
  code,
  severity,
  text,
});

function view(changes: Partial<RobotState> = {}, others: Partial<View> = {}): View {
  const state = {
    estop: false,
    operator: null,
    reasons: [],
    wheels: { left: 0, right: 0 },
    battery: null,
    video: { viewers: 1, state: 'streaming', bitrateKbps: 1, error: null },
    ...changes,
  } as unknown as RobotState;
  return {
    link: { kind: 'open' },
    name: 'Robot',
    hello,
    state,
    video: { kind: 'live' },
    roundTripMs: 3,
    videoDelayMs: 40,
    framesPerS: 30,
    channelInUse: true,
    estopWaiting: false,
    notice: null,
    ...others,
  };
}
const me = { id: 'me', name: 'Me', link: 'local' } as const;
const ana = { id: 'ana', name: 'Ana', link: 'local' } as const;

test('reasons are told as they come, worst first, and never nothing', () => {
  const reasons = [reason('battery_low', 'limit'), reason('bumped', 'info')];
  assert.equal(
    situation(view({ operator: me, reasons })).map(({ level, text }) => [level, text]),
    [
      ['limit', 'battery_low'],
      ['info', 'bumped'],
    ],
  );
  assert.equal(situation(view({ operator: me })), [{ level: 'good', text: 'You drive.' }]);
  assert.equal(situation(view({ operator: ana })), [{ level: 'good', text: 'Ana drives.' }]);
});

test('a notice stands before what is merely known, and is not said twice', () => {
  const reasons = [reason('battery_low', 'limit'), reason('idle', 'info')];
  assert.equal(
    situation(view({ reasons }, { notice: 'Take over first' })).map(({ text }) => text),
    ['battery_low', 'Take over first', 'idle'],
  );
  assert.is(situation(view({ reasons }, { notice: 'idle' })).length, 2);
});

test('without a link it says what it does about it, and that a stop waits', () => {
  const link = { kind: 'waiting', attempt: 3, retryInMs: 1000, why: 'The robot does not answer.' } as const;
  const text = 'The robot does not answer. Trying again in 1 s.';
  assert.equal(situation(view({}, { link, state: null })), [{ level: 'link', text }]);
  const waiting = situation(view({}, { link, state: null, estopWaiting: true }));
  assert.equal(
    waiting.map(({ level }) => level),
    ['estop', 'link'],
  );
  assert.match(linkText({ kind: 'connecting', attempt: 0, why: null }), /Connecting/);
  assert.match(linkText({ kind: 'connecting', attempt: 2, why: 'Lost.' }), /Lost\. Trying again now/);
});

test('who drives is told to each as it concerns them', () => {
  assert.is(whoDrives(view({ operator: me })), 'You drive');
  assert.is(whoDrives(view({ operator: ana })), 'Ana drives');
  assert.is(whoDrives(view()), 'Nobody drives');
  assert.is(whoDrives(view({}, { state: null })), '');
  assert.is(whoDrives(view({ operator: { ...ana, link: 'cloud' } })), 'Ana (cloud) drives');
  const viewer = { ...hello, you: { ...hello.you, role: 'viewer' } } as const;
  assert.is(whoDrives(view({}, { hello: viewer })), 'Nobody drives. You watch');
  assert.ok(watches(view({}, { hello: viewer })) && watches(view({ operator: ana })));
  assert.ok(!watches(view()) && !watches(view({ operator: me })));
  assert.ok(drives(view({ operator: me })) && !drives(view({ operator: ana })));
});

test('reset is offered for what a reset releases, to those who may', () => {
  assert.ok(resettable(view({ estop: true })));
  assert.ok(resettable(view({ reasons: [reason('battery_empty', 'stop')] })));
  assert.not(resettable(view({ reasons: [reason('release_first', 'stop')] })));
  assert.not(resettable(view({ reasons: [reason('battery_low', 'limit')] })));
  const viewer = { ...hello, you: { ...hello.you, role: 'viewer' } } as const;
  assert.not(resettable(view({ estop: true }, { hello: viewer })));
  assert.not(resettable(view({}, { state: null })));
});

test('over the picture lies why there is none', () => {
  assert.is(pictureText(view()), null);
  assert.match(pictureText(view({}, { video: { kind: 'frozen', forMs: 2100 } }))!, /2 s old/);
  assert.is(pictureText(view({}, { link: { kind: 'idle' } })), 'No link');
  const broken = { viewers: 0, state: 'failed', bitrateKbps: 0, error: 'No camera at /dev/video0' };
  assert.is(pictureText(view({ video: broken })), 'No camera at /dev/video0');
  assert.match(pictureText(view({}, { video: { kind: 'waiting', why: 'Too many watch.' } }))!, /Too many/);
});

test('gauges tell a bad value in words besides its level', () => {
  const battery = (ratio: number | null, volts: number | null = null, ...codes: string[]) =>
    batteryGauge(view({ battery: { ratio, volts }, reasons: codes.map((code) => reason(code, 'limit')) }));
  assert.equal(battery(0.784), { value: '78', unit: '%', level: 'good', remark: '' });
  assert.equal(battery(0.1, 7, 'battery_low'), { value: '10', unit: '%', level: 'limit', remark: 'low' });
  assert.is(battery(0.1, 7).level, 'good', 'what is low says the robot');
  assert.equal(battery(0.03, 6.5, 'battery_empty', 'battery_low'), {
    value: '3',
    unit: '%',
    level: 'stop',
    remark: 'empty',
  });
  assert.is(battery(null, 7.62).value, '7.6');
  assert.is(batteryGauge(view()).value, '–');
  assert.is(speedGauge(view({ wheels: { left: -0.5, right: 0.25 } })).value, '50');
  for (const [gauge, name] of [
    [roundTripGauge, 'roundTripMs'],
    [videoDelayGauge, 'videoDelayMs'],
  ] as const) {
    assert.is(gauge(view({}, { [name]: 20 })).level, 'good');
    assert.is(gauge(view({}, { [name]: 250 })).level, 'limit');
    assert.is(gauge(view({}, { [name]: 900 })).level, 'stop');
    assert.ok(gauge(view({}, { [name]: 900 })).remark);
    assert.is(gauge(view({}, { [name]: null })).value, '–');
  }
  assert.is(frameRateGauge(view({}, { framesPerS: 3 })).level, 'stop');
  assert.is(frameRateGauge(view({}, { framesPerS: 0, video: { kind: 'starting' } })).value, '–');
});

test('the processor is told of where the robot can tell, and what is wrong with it', () => {
  const processor = (samples: object, ...codes: string[]) =>
    processorGauge(
      view({ samples, reasons: codes.map((code) => reason(code, 'info')) } as Partial<RobotState>),
    );
  assert.is(processor({}), null);
  assert.is(processorGauge(view({}, { state: null })), null);
  assert.equal(processor({ cpuCelsius: 54.6 }), { value: '55', unit: '°C', level: 'good', remark: '' });
  assert.equal(processor({ cpuCelsius: 81 }, 'cpu_hot'), {
    value: '81',
    unit: '°C',
    level: 'limit',
    remark: 'hot',
  });
  assert.is(processor({ cpuCelsius: 84 }, 'cpu_hot', 'cpu_slowed')?.remark, 'slowed');
});

test('what is read out leaves out what changes all the time', () => {
  const slow = [reason('link_slow', 'limit', 'The link is slow (round trip 420 ms): 50 % speed.')];
  assert.is(announcement(view({ operator: me, reasons: slow })), 'The link is slow: 50 % speed. You drive');
  const reasons = [reason('battery_low', 'limit', 'Low.'), reason('idle', 'info', 'Ready.')];
  assert.is(announcement(view({ operator: me, reasons })), 'Low. You drive');
});

test('while commands go one way only, the page says so and lets an operator drive', () => {
  const terms = { role: 'operator', sendEveryMs: 200 } as const;
  const blind = view({}, { state: null, link: { kind: 'oneWay', terms, why: 'The robot does not answer.' } });
  assert.match(linkText(blind.link), /^The robot does not answer\. .*slower.*without a word back/);
  assert.equal(linkShort(blind), { level: 'link', text: 'Messages' });
  assert.is(pictureText({ ...blind, video: { kind: 'starting' } }), 'Waiting for the picture');
  assert.equal(
    situation({ ...blind, notice: 'Not sent: x' })
      .map(({ text }) => text)
      .slice(1),
    ['Not sent: x'],
  );
  assert.ok(steers(blind) && !resettable(blind) && !watches(blind));
  const watching = { ...terms, role: 'viewer' } as const;
  assert.not(steers({ ...blind, link: { kind: 'oneWay', terms: watching, why: '' } }));
  assert.not(steers({ ...blind, link: { kind: 'waiting', attempt: 1, retryInMs: 1, why: '' } }));
  assert.ok(steers(view()));
});

test.run();
