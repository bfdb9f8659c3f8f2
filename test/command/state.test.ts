import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { initialState } from '../../firmware/command/model.ts';
import { step } from '../../firmware/command/state.ts';
import { ada, bob, carl, curl, estop, eve, forward, release, reset, settings, stop } from './helpers.ts';
import { awake, closed, drive, fault, linkFaults, play, type Row, takeOver, tick, WALL_MS } from './play.ts';

const table: Record<string, Row[]> = {
  'after someone else’s stop a control has to be let go, on a link that does not last as well': [
    [0, [curl, forward], { operator: 'curl', wheels: [1, 1] }],
    [100, [eve, stop], { wheels: [0, 0] }],
    [
      150,
      [curl, forward],
      { code: 'release_first', operator: 'curl', wheels: [0, 0], reason: 'release_first' },
    ],
    tick(549, { operator: 'curl' }),
    tick(550, { operator: null }),
    [551, [curl, forward], { wheels: [1, 1] }],
  ],
  'a control held through an emergency stop does not act when someone else resets it': [
    [0, [curl, forward], { wheels: [1, 1] }],
    [100, [ada, estop], { operator: 'curl', wheels: [0, 0] }],
    [200, [curl, forward], { code: 'estop' }],
    [300, [ada, reset], { wheels: [0, 0] }],
    [350, [curl, forward], { code: 'release_first', wheels: [0, 0] }],
    [360, [curl, release], { operator: null }],
    [370, [curl, forward], { wheels: [1, 1] }],
  ],
  'nor does one that was only pressed meanwhile': [
    [0, [ada, estop], { operator: null }],
    [50, [bob, forward], { code: 'estop', operator: 'Bob' }],
    [100, [ada, reset], { wheels: [0, 0] }],
    [150, [bob, forward], { code: 'release_first', wheels: [0, 0] }],
  ],
  'it starts stopped and says that nobody drives': [
    tick(10, { wheels: [0, 0], operator: null, reason: 'no_operator' }),
  ],
  'the first operator to drive gets the lease': [[0, [ada, forward], { wheels: [1, 1], operator: 'Ada' }]],
  'a drive command holds until the watchdog passes, not longer': [
    [0, [ada, forward], { wheels: [1, 1] }],
    tick(399, { wheels: [1, 1] }),
    tick(400, { wheels: [0, 0], operator: 'Ada', reason: 'watchdog' }),
  ],
  'a repeated command feeds the watchdog': [
    [0, [ada, forward], {}],
    [300, [ada, forward], {}],
    tick(699, { wheels: [1, 1] }),
    tick(700, { wheels: [0, 0] }),
  ],
  'an action drives half speed for 200 ms': [
    [0, [ada, { action: 'forward' }], { wheels: [0.5, 0.5] }],
    tick(199, { wheels: [0.5, 0.5] }),
    tick(200, { wheels: [0, 0], reason: 'idle' }),
  ],
  'backwards, left and right as the original': [
    [0, [ada, { action: 'backwards' }], { wheels: [-0.5, -0.5] }],
    [1, [ada, { action: 'left' }], { wheels: [-0.5, 0.5] }],
    [2, [ada, { action: 'right' }], { wheels: [0.5, -0.5] }],
    [3, [ada, stop], { wheels: [0, 0] }],
  ],
  'a second operator is refused until an explicit take-over': [
    [0, [ada, forward], {}],
    [10, [bob, forward], { code: 'lease_held', operator: 'Ada', wheels: [1, 1] }],
    [20, takeOver(bob), { operator: 'Bob', wheels: [0, 0] }],
    [30, [ada, forward], { code: 'lease_held', wheels: [0, 0] }],
    [40, [bob, forward], { wheels: [1, 1] }],
  ],
  'a lease ends when its link ends, at once': [
    [0, [ada, forward], {}],
    [50, closed('Ada'), { wheels: [0, 0], operator: null, reason: 'link_ended' }],
    [60, [bob, forward], { operator: 'Bob', wheels: [1, 1] }],
  ],
  'the end of another link changes nothing': [
    [0, [ada, forward], {}],
    [50, closed('Bob'), { wheels: [1, 1], operator: 'Ada' }],
  ],
  'a viewer may stop but neither drive, reset nor take over': [
    [0, [ada, forward], {}],
    [1, [eve, forward], { code: 'not_allowed', wheels: [1, 1] }],
    [2, takeOver(eve), { code: 'not_allowed', operator: 'Ada' }],
    [3, [eve, stop], { wheels: [0, 0] }],
    [4, [eve, estop], { wheels: [0, 0] }],
    [5, [eve, reset], { code: 'not_allowed', reason: 'estop' }],
  ],
  'local comes before cloud without asking': [
    [0, [carl, forward], { operator: 'Carl' }],
    [10, [ada, forward], { operator: 'Ada', wheels: [1, 1] }],
    [20, [carl, forward], { code: 'lease_held' }],
    [30, takeOver(carl), { code: 'local_first', operator: 'Ada' }],
    [10_030, takeOver(carl), { operator: 'Carl' }],
  ],
  'an emergency stop latches until reset': [
    [0, [ada, forward], {}],
    [10, [bob, estop], { wheels: [0, 0], reason: 'estop' }],
    [20, [ada, forward], { code: 'estop', wheels: [0, 0] }],
    [5000, [ada, { action: 'forward' }], { code: 'estop', wheels: [0, 0] }],
    [5001, [ada, reset], { wheels: [0, 0] }],
    [5002, [ada, forward], { wheels: [1, 1] }],
  ],
  "someone else's stop holds against a control that is still held": [
    [0, [ada, forward], {}],
    [50, [bob, stop], { wheels: [0, 0] }],
    [100, [ada, forward], { code: 'release_first', wheels: [0, 0], reason: 'release_first' }],
    [450, [ada, forward], { code: 'release_first', wheels: [0, 0] }],
    [460, [ada, release], { wheels: [0, 0] }],
    [470, [ada, forward], { wheels: [1, 1] }],
  ],
  'silence for a watchdog window counts as letting go': [
    [0, [ada, forward], {}],
    [50, [bob, stop], { wheels: [0, 0] }],
    [100, [ada, forward], { code: 'release_first' }],
    [500, [ada, forward], { wheels: [1, 1] }],
  ],
  "someone else's reset does not set a held control in motion": [
    [0, [ada, forward], {}],
    [50, [bob, estop], {}],
    [100, [ada, forward], { code: 'estop' }],
    [150, [bob, reset], { wheels: [0, 0] }],
    [160, [ada, forward], { code: 'release_first', wheels: [0, 0] }],
  ],
  'an older number is dropped, a stop with an older number is not': [
    [0, [ada, { ...forward, seq: 5 }], { wheels: [1, 1] }],
    [1, [ada, { drive: { linear: -1, angular: 0 }, seq: 4 }], { code: 'out_of_order', wheels: [1, 1] }],
    [2, [ada, { drive: { linear: -1, angular: 0 }, seq: 5 }], { code: 'out_of_order', wheels: [1, 1] }],
    [3, [ada, { ...stop, seq: 3 }], { wheels: [0, 0] }],
  ],
  'numbers start over with a new link': [
    [0, [ada, { ...forward, seq: 5 }], {}],
    [1, closed('Ada'), {}],
    [2, [ada, { ...forward, seq: 1 }], { wheels: [1, 1] }],
  ],
  'a command past its life is dropped, a stop is not': [
    [0, [ada, { ...forward, issuedAtMs: WALL_MS - 1001 }], { code: 'stale', wheels: [0, 0] }],
    [0, [ada, { ...forward, issuedAtMs: WALL_MS - 1000 }], { wheels: [1, 1] }],
    [0, [ada, { ...forward, issuedAtMs: WALL_MS - 51, ttlMs: 50 }], { code: 'stale' }],
    [0, [ada, { ...stop, issuedAtMs: WALL_MS - 99_000 }], { wheels: [0, 0] }],
    [0, [bob, estop], {}],
    [0, [ada, { ...reset, issuedAtMs: WALL_MS - 99_000 }], { code: 'stale', reason: 'estop' }],
  ],
  'a lease without a lasting link ends with its motion': [
    [0, [curl, { action: 'forward' }], { operator: 'curl', wheels: [0.5, 0.5] }],
    [100, [bob, forward], { code: 'lease_held' }],
    tick(200, { operator: null, wheels: [0, 0] }),
    [210, [bob, forward], { operator: 'Bob' }],
  ],
  'a lease without a lasting link ends with an emergency stop, one with a lasting link does not': [
    [0, [curl, { action: 'forward' }], { operator: 'curl', wheels: [0.5, 0.5] }],
    [10, [bob, estop], { operator: null, wheels: [0, 0], reason: 'estop' }],
    [20, [curl, reset], { operator: null }],
    [30, [ada, forward], { operator: 'Ada', wheels: [1, 1] }],
    [40, [bob, estop], { operator: 'Ada', wheels: [0, 0] }],
  ],
  'a reversal that stands at zero goes on with whatever event comes next': [
    [0, [bob, { action: 'backwards' }], { wheels: [-0.5, -0.5] }],
    [0, [bob, { action: 'forward' }], { wheels: [0, 0] }],
    [1, takeOver(eve), { code: 'not_allowed', operator: 'Bob', wheels: [0.5, 0.5] }],
  ],
  'one wheel alone may change': [
    [0, [ada, drive(0.5)], { wheels: [0.5, 0.5] }],
    [10, [ada, drive(0.75, 0.25)], { wheels: [0.5, 1] }],
    [20, [ada, drive(0.5)], { wheels: [0.5, 0.5] }],
    [30, [ada, drive(0.75, -0.25)], { wheels: [1, 0.5] }],
  ],
  'a fault of severity stop stands still and wants the control released': [
    [0, [ada, forward], {}],
    [10, fault('drivetrain_failed', true), { wheels: [0, 0], reason: 'drivetrain_failed' }],
    [20, [ada, forward], { code: 'release_first', wheels: [0, 0] }],
    [30, fault('drivetrain_failed', false), { wheels: [0, 0], reason: 'release_first' }],
    [40, [ada, stop], {}],
    [50, [ada, forward], { wheels: [1, 1] }],
  ],
  'a fault that clears by reset outlasts its cause': [
    [0, fault('battery_empty', true), {}],
    [1, [ada, forward], { wheels: [0, 0] }],
    [2, [ada, reset], { reason: 'battery_empty' }],
    [3, fault('battery_empty', false), { wheels: [0, 0], reason: 'battery_empty' }],
    [4, [ada, reset], { wheels: [1, 1] }],
  ],
  'a fault of severity limit lowers the top speed': [
    [0, [ada, forward], { wheels: [1, 1] }],
    [1, fault('battery_low', true), { wheels: [0.5, 0.5], reason: 'battery_low' }],
    [2, fault('battery_low', false), { wheels: [1, 1] }],
  ],
  'of several limits the lowest counts': [
    [0, [ada, forward], {}],
    [1, fault('battery_low', true), { wheels: [0.5, 0.5] }],
    [2, linkFaults('Ada', 'link_lossy'), { wheels: [0.5, 0.5] }],
    [3, linkFaults('Ada', 'link_lossy', 'video_late'), { wheels: [0.3, 0.3] }],
    [4, fault('battery_low', false), { wheels: [0.3, 0.3] }],
    [5, linkFaults('Ada', 'link_slow'), { wheels: [0.4, 0.4], reason: 'link_slow' }],
    [6, linkFaults('Ada'), { wheels: [1, 1] }],
  ],
  'a weak link slows the one who has it, and nobody else': [
    [0, linkFaults('Bob', 'video_late'), { reason: 'no_operator' }],
    [1, [ada, forward], { wheels: [1, 1] }],
    [2, takeOver(bob), { wheels: [0, 0], reason: 'video_late' }],
    [3, [bob, forward], { wheels: [0.3, 0.3], reason: 'video_late' }],
    [4, linkFaults('Ada', 'link_slow'), { wheels: [0.3, 0.3] }],
    [5, { type: 'release', sender: bob }, { wheels: [0, 0], reason: 'no_operator' }],
  ],
  'what was wrong with a link is forgotten with it': [
    [0, linkFaults('Ada', 'video_late'), {}],
    [1, closed('Ada'), {}],
    [2, [ada, forward], { wheels: [1, 1] }],
  ],
  'too little voltage: wheels may slow down, not speed up': [
    [0, [ada, drive(0.5)], { wheels: [0.5, 0.5] }],
    [1, fault('under_voltage', true), { wheels: [0.5, 0.5], reason: 'under_voltage' }],
    [2, [ada, forward], { wheels: [0.5, 0.5] }],
    tick(100, { wheels: [0.5, 0.5] }),
    [101, [ada, drive(0.3)], { wheels: [0.3, 0.3] }],
    [102, [ada, drive(0.5)], { wheels: [0.3, 0.3] }],
    [103, [ada, drive(0.25, -0.125)], { wheels: [0.3, 0.125] }],
    [104, [ada, drive(-1)], { wheels: [0, 0] }],
    tick(200, { wheels: [0, 0] }),
    [201, fault('under_voltage', false), { wheels: [-1, -1] }],
  ],
  'too little voltage: who stands does not start': [
    [0, fault('under_voltage', true), {}],
    [1, [ada, forward], { wheels: [0, 0], reason: 'under_voltage' }],
    tick(100, { wheels: [0, 0] }),
  ],
  'a bumper stops what drives towards it, and wants the control released': [
    [0, [ada, forward], { wheels: [1, 1] }],
    [10, fault('bumper_front', true), { wheels: [0, 0], reason: 'release_first' }],
    [20, [ada, forward], { code: 'release_first', wheels: [0, 0] }],
    [30, [ada, drive(-1)], { code: 'release_first', wheels: [0, 0] }],
    [40, [ada, release], {}],
    [50, [ada, forward], { wheels: [0, 0], reason: 'bumper_front' }],
    [60, [ada, drive(-1)], { wheels: [-1, -1] }],
    [70, fault('bumper_front', false), { wheels: [-1, -1] }],
    [80, [ada, forward], { wheels: [1, 1] }],
  ],
  'beside a bumper it turns, and leaves out what drives towards it': [
    [0, fault('bumper_front', true), {}],
    [1, [ada, drive(0, 0.5)], { wheels: [-0.5, 0.5] }],
    [2, [ada, drive(0.3, 0.5)], { wheels: [-0.5, 0.5] }],
    [3, [ada, drive(-0.5, 0.5)], { wheels: [-1, 0] }],
    [4, [ada, { action: 'forward' }], { wheels: [0, 0] }],
    [5, [ada, { action: 'backwards' }], { wheels: [-0.5, -0.5] }],
  ],
  'the rear bumper, the other way round': [
    [0, [ada, drive(-1)], { wheels: [-1, -1] }],
    [10, fault('bumper_rear', true), { wheels: [0, 0], reason: 'release_first' }],
    [20, [ada, release], {}],
    [30, [ada, drive(-1)], { wheels: [0, 0], reason: 'bumper_rear' }],
    [40, [ada, forward], { wheels: [1, 1] }],
  ],
  'a bumper touched while driving away changes nothing': [
    [0, [ada, drive(-0.5)], {}],
    [1, fault('bumper_front', true), { wheels: [-0.5, -0.5], reason: 'bumper_front' }],
    [2, fault('bumper_rear', true), { wheels: [0, 0], reason: 'release_first' }],
  ],
  'a bumper touched while turning on the spot changes nothing': [
    [0, [ada, drive(0, 0.5)], { wheels: [-0.5, 0.5] }],
    [1, fault('bumper_front', true), { wheels: [-0.5, 0.5], reason: 'bumper_front' }],
    [2, fault('bumper_rear', true), { wheels: [-0.5, 0.5] }],
  ],
  'a bumper touched again stops again': [
    [0, fault('bumper_front', true), {}],
    [1, fault('bumper_front', false), {}],
    [2, [ada, forward], { wheels: [1, 1] }],
    [3, fault('bumper_front', true), { wheels: [0, 0], reason: 'release_first' }],
  ],
  'bumpers that can not be read slow it down': [
    [0, [ada, forward], { wheels: [1, 1] }],
    [1, fault('bumper_silent', true), { wheels: [0.7, 0.7], reason: 'bumper_silent' }],
    [2, fault('bumper_silent', false), { wheels: [1, 1] }],
  ],
  'giving the lease back stops and frees': [
    [0, [ada, forward], {}],
    [1, { type: 'release', sender: bob }, { operator: 'Ada', wheels: [1, 1] }],
    [2, { type: 'release', sender: ada }, { operator: null, wheels: [0, 0] }],
  ],
  'a monotonic clock set back does not stall the watchdog': [
    [100_000, [ada, forward], {}],
    [100_300, 'tick', { wheels: [1, 1] }],
    [50, 'tick', { wheels: [1, 1] }],
    [150, 'tick', { wheels: [0, 0], reason: 'watchdog' }],
  ],
  'a gap of 200 ms between steps is no stall': [
    [0, [ada, forward], {}],
    awake(200, { wheels: [1, 1] }),
    [200, [ada, forward], { wheels: [1, 1] }],
  ],
  'a gap before anyone has asked for anything is no stall': [
    awake(5000, { reason: 'no_operator' }),
    [5000, [ada, forward], { wheels: [1, 1] }],
  ],
  'a take-over alone is asking for something': [
    [0, takeOver(ada), { operator: 'Ada' }],
    awake(500, { operator: 'Ada', wheels: [0, 0] }),
    [500, [ada, forward], { code: 'stalled', wheels: [0, 0] }],
  ],
  'a longer one stops, and wants the control released': [
    [0, [ada, forward], {}],
    awake(201, { wheels: [0, 0], operator: 'Ada', reason: 'release_first' }),
    [202, [ada, forward], { code: 'stalled', wheels: [0, 0] }],
    [300, [ada, forward], { code: 'stalled', wheels: [0, 0] }],
    [301, [ada, forward], { code: 'release_first', wheels: [0, 0] }],
    [310, [ada, release], { wheels: [0, 0], reason: 'idle' }],
    [320, [ada, forward], { wheels: [1, 1] }],
  ],
  'what waited in the sockets during a stall moves nothing, in whatever order': [
    [0, [ada, forward], {}],
    awake(3000, { wheels: [0, 0] }),
    [3000, [ada, forward], { code: 'stalled', wheels: [0, 0] }],
    [3000, [ada, release], { wheels: [0, 0] }],
    [3001, [ada, forward], { code: 'stalled', wheels: [0, 0], reason: 'release_first' }],
    [3001, [ada, { action: 'forward' }], { code: 'stalled', wheels: [0, 0] }],
    [3002, [curl, { action: 'forward' }], { code: 'lease_held', wheels: [0, 0] }],
    [3200, [ada, forward], { code: 'release_first', wheels: [0, 0] }],
  ],
  'actions that waited move nothing; those after that do': [
    [0, [ada, forward], {}],
    [10, [ada, release], {}],
    awake(5000, {}),
    [5099, [ada, { action: 'forward' }], { code: 'stalled', wheels: [0, 0] }],
    [5100, [ada, { action: 'forward' }], { wheels: [0.5, 0.5] }],
  ],
  'a stall of a robot at rest ends nobody’s lease, and says nothing': [
    [0, [ada, forward], {}],
    [10, [ada, release], {}],
    tick(500, { reason: 'idle' }),
    awake(2000, { operator: 'Ada', reason: 'idle' }),
    [2000, [ada, stop], { reason: 'idle' }],
    [2100, [ada, forward], { wheels: [1, 1] }],
  ],
  'a stop and an emergency stop that waited are obeyed': [
    [0, [ada, forward], {}],
    awake(1000, {}),
    [1000, [bob, stop], { wheels: [0, 0] }],
    [1000, [bob, estop], { wheels: [0, 0], reason: 'estop' }],
  ],
  'an action without a lasting link ends with the stall and gives its lease back': [
    [0, [curl, { action: 'forward' }], { operator: 'curl', wheels: [0.5, 0.5] }],
    awake(201, { wheels: [0, 0], operator: null, reason: 'stalled' }),
    [201, [curl, { action: 'forward' }], { code: 'stalled', operator: null }],
    [202, [ada, { action: 'forward' }], { code: 'stalled', operator: null }],
    [203, [curl, forward], { code: 'stalled', operator: 'curl' }],
    [204, [ada, { action: 'forward' }], { code: 'lease_held', operator: 'curl' }],
    [301, [curl, { action: 'forward' }], { wheels: [0.5, 0.5] }],
  ],
  'without its guardian nothing moves; when it is back, a control that is held must be let go': [
    [0, [ada, forward], {}],
    [10, fault('guardian_lost', true), { wheels: [0, 0], reason: 'guardian_lost' }],
    [20, [ada, release], {}],
    [30, [ada, forward], { wheels: [0, 0] }],
    [40, fault('guardian_lost', false), { wheels: [0, 0], reason: 'release_first' }],
    [50, [ada, forward], { code: 'release_first', wheels: [0, 0] }],
    [60, [ada, release], {}],
    [70, [ada, forward], { wheels: [1, 1] }],
  ],
  'what the guardian silenced does not move on by itself': [
    [0, [ada, forward], {}],
    [10, fault('guardian_silenced', true), { wheels: [0, 0], reason: 'guardian_silenced' }],
    [20, fault('guardian_silenced', false), { wheels: [0, 0], reason: 'release_first' }],
    [30, [ada, forward], { code: 'release_first', wheels: [0, 0] }],
    [40, [ada, release], {}],
    [50, [ada, forward], { wheels: [1, 1] }],
  ],
};

test('a slow control loop allows for gaps of ten ticks', () => {
  const slow = { tickMs: 50, watchdogMs: 2000 };
  play([[0, [ada, forward], {}], awake(500, { wheels: [1, 1] })], slow);
  play([[0, [ada, forward], {}], awake(501, { wheels: [0, 0] })], slow);
});

test('stalls and what the guardian did are counted, once each', () => {
  const { state } = play([
    [0, [ada, forward], {}],
    awake(300, {}),
    awake(600, {}),
    [601, fault('guardian_silenced', true), {}],
    [602, { type: 'fault', code: 'guardian_silenced', active: true, detail: 'again' }, {}],
    [603, fault('guardian_silenced', false), {}],
    [604, fault('guardian_silenced', true), {}],
  ]);
  assert.is(state.counters.stallStops, 1);
  assert.is(state.counters.guardianStops, 2);
  assert.is(state.counters.watchdogStops, 0);
});

test('the first event after a stall may be a command as well as a tick', () => {
  const driving = play([[0, [ada, forward], {}]]).state;
  const late = step(driving, { type: 'command', sender: ada, message: forward, wallMs: WALL_MS }, 201);
  assert.not(late.verdict.ok);
  assert.equal(late.wheels, { left: 0, right: 0 });
});

test('a stall is told with its length', () => {
  const { reasons } = play([[0, [ada, { action: 'forward' }], {}], awake(1234, {})]);
  assert.equal(reasons[0], {
    code: 'stalled',
    severity: 'info',
    text: 'The robot’s program stood still for 1234 ms: stopped.',
  });
});

for (const [name, rows] of Object.entries(table)) test(name, () => void play(rows));

test('too little voltage: a speed may be left to start with', () => {
  const limits = { ...settings.limits, underVoltageSpeedRatio: 0.2 };
  const rows: Row[] = [
    [0, fault('under_voltage', true), {}],
    [1, [ada, forward], { wheels: [0.2, 0.2], reason: 'under_voltage' }],
    tick(100, { wheels: [0.2, 0.2] }),
    [101, fault('under_voltage', false), { wheels: [1, 1] }],
    [102, fault('under_voltage', true), { wheels: [1, 1] }],
    [103, [ada, drive(0.5)], { wheels: [0.5, 0.5] }],
    [104, [ada, drive(-1)], { wheels: [-0.2, -0.2] }],
    [105, [ada, drive(0, 0.1)], { wheels: [-0.1, 0.1] }],
  ];
  play(rows, { limits });
});

test('of weak links no more than 64 are remembered: the one unheard for longest goes', () => {
  let { state } = play([]);
  for (let n = 0; n <= 64; n++) state = step(state, linkFaults(`link ${n % 64}`, 'link_slow'), n).state;
  assert.is(state.linkFaults.size, 64);
  state = step(state, linkFaults('another', 'link_slow'), 100).state;
  assert.is(state.linkFaults.size, 64);
  assert.ok(state.linkFaults.has('another') && state.linkFaults.has('link 0'));
  assert.not(state.linkFaults.has('link 1'));
});

test('the top speed caps without changing the radius of a turn', () => {
  const { wheels, reasons } = play([[0, [ada, { drive: { linear: 1, angular: -0.5 } }], {}]], {
    maxRatio: 0.3,
  });
  assert.ok(Math.abs(wheels.left - 0.3) < 1e-9, `${wheels.left}`);
  assert.ok(Math.abs(wheels.right - 0.1) < 1e-9, `${wheels.right}`);
  assert.is(reasons[0]?.code, 'speed_limited');
});

test('the ramp bounds speeding up; slowing down is immediate', () => {
  const rows: Row[] = [
    [0, [ada, forward], { wheels: [0.08, 0.08] }],
    tick(10, { wheels: [0.12, 0.12] }),
    [10, [ada, forward], { wheels: [0.12, 0.12] }],
    [20, [ada, { drive: { linear: 0.1, angular: 0 } }], { wheels: [0.1, 0.1] }],
    [30, [ada, release], { wheels: [0, 0] }],
  ];
  play(rows, { rampPerS: 4 });
});

test('a ramp that begins after a steady speed has two ticks to begin with, however long that was', () => {
  const rows: Row[] = [
    [0, [ada, drive(0.25)], { wheels: [0.25, 0.25] }],
    tick(100, { wheels: [0.25, 0.25] }),
    [100, [ada, forward], { wheels: [0.5, 0.5] }],
    [100, [ada, forward], { wheels: [0.5, 0.5] }],
    tick(110, { wheels: [0.625, 0.625] }),
  ];
  play(rows, { rampPerS: 12.5 });
});

test("the core's own time begins with its first step, whatever the monotonic clock says", () => {
  const first = step(initialState(settings), { type: 'tick' }, 5000).state;
  assert.is(first.clockMs, 0);
  assert.is(step(first, { type: 'tick' }, 5010).state.clockMs, 10);
});

test('nothing is said of being ready while something bars the way', () => {
  const { reasons } = play([[0, [ada, estop], {}]]);
  assert.equal(
    reasons.map(({ code }) => code),
    ['estop'],
  );
});

test('counters tell what was done with each message', () => {
  const { state } = play([
    [0, [ada, { ...forward, seq: 2 }], {}],
    [1, [ada, { ...forward, seq: 1 }], { code: 'out_of_order' }],
    [2, [bob, forward], { code: 'lease_held' }],
    [3, [ada, { ...forward, issuedAtMs: 0, seq: 3 }], { code: 'stale' }],
    tick(500, {}),
    [600, takeOver(bob), {}],
    [601, [eve, estop], {}],
    [602, [eve, estop], {}],
  ]);
  const { accepted, refused, outOfOrder, stale, watchdogStops, takeOvers, emergencyStops } = state.counters;
  assert.equal(
    { accepted, refused, outOfOrder, stale, watchdogStops, takeOvers, emergencyStops },
    { accepted: 4, refused: 1, outOfOrder: 1, stale: 1, watchdogStops: 1, takeOvers: 1, emergencyStops: 1 },
  );
});

test('the memory of senders is bounded', () => {
  let { state } = play([]);
  for (let i = 0; i < 1000; i++) {
    const sender = { ...curl, id: `curl ${i}` };
    state = step(state, { type: 'command', sender, message: { ...stop, seq: 1 }, wallMs: WALL_MS }, i).state;
  }
  assert.ok(state.senders.size <= 64, `${state.senders.size} senders`);
});

test.run();
