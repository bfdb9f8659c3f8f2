import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { step } from '../../firmware/command/state.ts';
import { ada, bob, carl, curl, estop, eve, forward, release, reset, settings, stop } from './helpers.ts';
import { awake, drive, fault, linkFaults, play, type Row, takeOver, tick, WALL_MS } from './play.ts';

/** A second one from afar. */
const cleo = { ...carl, id: 'Cleo', name: 'Cleo' };

const table: Record<string, Row[]> = {
  'a reset where nothing is latched changes nothing for who drives': [
    [0, [ada, forward], {}],
    [10, [bob, reset], { wheels: [1, 1], operator: 'Ada' }],
    [20, [ada, forward], { wheels: [1, 1] }],
  ],
  'who resets by hand may drive on with what they hold': [
    [0, [ada, forward], {}],
    [10, [bob, estop], { wheels: [0, 0] }],
    [20, [ada, forward], { code: 'estop' }],
    [30, [ada, reset], { wheels: [0, 0], operator: 'Ada' }],
    [40, [ada, forward], { wheels: [1, 1] }],
  ],
  'a control is held as long as it is heard of, under an emergency stop as well': [
    [0, [ada, forward], {}],
    [10, [bob, estop], {}],
    [390, [ada, forward], { code: 'estop' }],
    [500, [bob, reset], { wheels: [0, 0] }],
    [510, [ada, forward], { code: 'release_first', wheels: [0, 0] }],
  ],
  'an emergency stop does not hand the lease over': [
    [0, [carl, forward], { operator: 'Carl' }],
    [10, [bob, estop], { operator: 'Carl' }],
    [20, [ada, forward], { code: 'estop', operator: 'Carl' }],
  ],
  'cloud waits for cloud': [
    [0, [carl, forward], { operator: 'Carl' }],
    [10, [cleo, forward], { code: 'lease_held', operator: 'Carl', wheels: [1, 1] }],
    [20, takeOver(cleo), { operator: 'Cleo', wheels: [0, 0] }],
  ],
  'whoever lets go without driving takes nothing and stops nobody': [
    [0, [ada, release], { operator: null, reason: 'no_operator' }],
    [10, [carl, forward], { operator: 'Carl', wheels: [1, 1] }],
    [20, [ada, release], { operator: 'Carl', wheels: [1, 1] }],
    [30, [carl, forward], { wheels: [1, 1] }],
  ],
  'an interlock is for who held the control, not for the next one': [
    [0, [carl, forward], {}],
    [10, [bob, stop], { wheels: [0, 0], reason: 'release_first' }],
    [20, [ada, forward], { operator: 'Ada', wheels: [1, 1] }],
  ],
  'to take over what one has changes nothing': [
    [0, [ada, forward], {}],
    [10, takeOver(ada), { operator: 'Ada', wheels: [1, 1] }],
  ],
  'a cloud operator may take over after exactly the idle time of a local one': [
    [10, [ada, forward], {}],
    [10_009, takeOver(carl), { code: 'local_first', operator: 'Ada' }],
    [10_010, takeOver(carl), { operator: 'Carl' }],
  ],
  'the same fault with another cause does not stop once more': [
    [0, fault('bumper_front', true), {}],
    [1, [ada, forward], { wheels: [0, 0] }],
    [2, fault('bumper_front', true, 'left'), { reason: 'bumper_front' }],
    [3, [ada, drive(0, 0.5)], { wheels: [-0.5, 0.5] }],
  ],
  'the end of a fault that nobody knew of changes nothing': [
    [0, fault('battery_empty', false), { reason: 'no_operator' }],
    [1, [ada, forward], { wheels: [1, 1] }],
    [2, fault('drivetrain_failed', false), { wheels: [1, 1] }],
    [3, [ada, forward], { wheels: [1, 1] }],
    [4, fault('battery_empty', true), { wheels: [0, 0] }],
    [5, fault('battery_empty', false), {}],
    [6, fault('battery_empty', false), { reason: 'battery_empty' }],
  ],
  'a battery that is empty again before the reset does not want the control released again': [
    [0, fault('battery_empty', true), {}],
    [1, fault('battery_empty', false), { reason: 'battery_empty' }],
    [2, [ada, forward], { wheels: [0, 0] }],
    [3, fault('battery_empty', true), {}],
    [4, [ada, forward], { wheels: [0, 0], reason: 'battery_empty' }],
  ],
  'a stop stops also when one wheel stands already': [
    [0, [ada, drive(0.5, 0.5)], { wheels: [0, 1] }],
    [1, [ada, stop], { wheels: [0, 0] }],
    [2, [ada, drive(0.5, -0.5)], { wheels: [1, 0] }],
    [3, [ada, stop], { wheels: [0, 0] }],
  ],
};
for (const [name, rows] of Object.entries(table)) test(name, () => void play(rows));

test('settings count from the moment they come, and nothing else changes with them', () => {
  const driving = play([[0, [ada, forward], { wheels: [1, 1] }]]).state;
  const changed = step(driving, { type: 'settings', settings: { ...settings, maxRatio: 0.5 } }, 10);
  assert.equal(changed.verdict, { ok: true });
  assert.equal(changed.wheels, { left: 0.5, right: 0.5 });
  assert.is(changed.state.lease?.sender.name, 'Ada');
  assert.equal(changed.state.motion, driving.motion);
});

test('an emergency stop is enough to stand still, whatever else is known', () => {
  const driving = play([[0, [ada, forward], { wheels: [1, 1] }]]).state;
  const { wheels } = step({ ...driving, estopBy: 'Bob' }, { type: 'tick' }, 10);
  assert.equal(wheels, { left: 0, right: 0 });
});

test('only what the guardian did counts as its stop', () => {
  const { counters } = play([
    [0, fault('drivetrain_failed', true), {}],
    [1, fault('guardian_silenced', false), {}],
    [2, fault('guardian_silenced', true), {}],
  ]).state;
  assert.is(counters.guardianStops, 1);
});

test('a link that is well again is not kept among the weak ones', () => {
  let { state } = play([[0, linkFaults('Ada', 'link_slow'), {}]]);
  for (let n = 0; n < 100; n++) state = step(state, linkFaults(`link ${n}`), n).state;
  assert.equal([...state.linkFaults.keys()], ['Ada']);
  assert.is(step(state, linkFaults('Ada'), 100).state.linkFaults.size, 0);
});

test('each refusal has a counter of its own', () => {
  const { accepted, refused, outOfOrder, stale, takeOvers } = play([
    [0, [ada, { ...forward, seq: 2 }], {}],
    [1, [ada, { ...forward, seq: 1 }], { code: 'out_of_order' }],
    [2, [ada, { ...forward, issuedAtMs: WALL_MS - 5000 }], { code: 'stale' }],
    [3, [ada, { ...forward, issuedAtMs: WALL_MS - 5000 }], { code: 'stale' }],
    [4, [bob, forward], { code: 'lease_held' }],
    [5, [curl, forward], { code: 'lease_held' }],
    [6, [eve, forward], { code: 'not_allowed' }],
    [7, takeOver(curl), { code: 'no_lasting_link' }],
    [8, takeOver(ada), {}],
  ]).state.counters;
  assert.equal(
    { accepted, refused, outOfOrder, stale, takeOvers },
    { accepted: 2, refused: 4, outOfOrder: 1, stale: 2, takeOvers: 0 },
  );
});

test('a link counts as the end of a motion only when something moved', () => {
  const idle = play([
    [0, takeOver(ada), {}],
    [1, { type: 'linkClosed', senderId: 'Ada' }, { operator: null }],
  ]);
  assert.is(idle.state.counters.linkStops, 0);
  const moving = play([
    [0, [ada, forward], {}],
    [1, { type: 'linkClosed', senderId: 'Ada' }, { operator: null, wheels: [0, 0] }],
  ]);
  assert.is(moving.state.counters.linkStops, 1);
});

/** What an operator reads first. */
for (const [what, expected, rows] of [
  [
    'a fault, with its cause',
    'The motor driver refuses commands. Check its power and wiring. (EIO)',
    [[0, fault('drivetrain_failed', true, 'EIO'), {}]],
  ],
  [
    'a fault whose cause nobody knows',
    'The battery is empty. Charge it, then reset.',
    [
      [0, fault('battery_empty', true), {}],
      [1, fault('battery_empty', false), {}],
    ],
  ],
  [
    'a fault that lasts until a reset, with the cause it had',
    'The battery is empty. Charge it, then reset. (6.1 V)',
    [
      [0, fault('battery_empty', true, '6.2 V'), {}],
      [1, fault('battery_empty', true, '6.1 V'), {}],
      [2, fault('battery_empty', false), {}],
    ],
  ],
  [
    'who stopped a held control',
    'Bob stopped the robot. Let go of the control, then drive.',
    [
      [0, [ada, forward], {}],
      [1, [bob, stop], {}],
    ],
  ],
  [
    'a control held through a stall',
    'The robot’s program stood still for 300 ms. Let go of the control before driving on.',
    [[0, [ada, forward], {}], awake(300, {})],
  ],
  [
    'a control pressed right after a stall',
    'The robot’s program stood still; what was asked for meanwhile is void. Let go, then drive.',
    [[0, takeOver(ada), {}], awake(300, {}), [310, [ada, forward], { code: 'stalled' }]],
  ],
  ['the watchdog', 'No command from Ada for 400 ms: stopped.', [[0, [ada, forward], {}], tick(400, {})]],
] as const satisfies readonly (readonly [string, string, readonly Row[]])[]) {
  test(`it is told of ${what}`, () => assert.is(play([...rows]).reasons[0]?.text, expected));
}

test.run();
