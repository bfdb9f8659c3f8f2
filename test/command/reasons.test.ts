import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Settings } from '../../firmware/command/model.ts';
import { ada, estop, forward } from './helpers.ts';
import { fault, play, type Row, takeOver } from './play.ts';

/** All codes, worst first. */
const table: readonly [what: string, rows: Row[], expected: string[], overrides?: Partial<Settings>][] = [
  ['at rest, who drives is told', [[0, takeOver(ada), {}]], ['idle']],
  ['a robot that moves as asked has nothing to explain', [[0, [ada, forward], {}]], []],
  [
    'what slows it does not keep it from being ready',
    [[0, fault('battery_low', true), {}]],
    ['battery_low', 'no_operator'],
  ],
  ['what stops it does', [[0, fault('drivetrain_failed', true), {}]], ['drivetrain_failed']],
  ['so does an emergency stop', [[0, [ada, estop], {}]], ['estop']],
  [
    'the worst comes first',
    [
      [0, fault('cpu_hot', true), {}],
      [1, fault('battery_low', true), {}],
      [2, fault('drivetrain_failed', true), {}],
      [3, [ada, estop], {}],
    ],
    ['estop', 'drivetrain_failed', 'battery_low', 'cpu_hot'],
  ],
  ['a top speed of less than all is told', [[0, [ada, forward], {}]], ['speed_limited'], { maxRatio: 0.99 }],
];
for (const [what, rows, expected, overrides] of table) {
  test(what, () => {
    const { reasons } = play(rows, overrides);
    assert.equal(
      reasons.map(({ code }) => code),
      expected,
    );
  });
}

test('the top speed is told in percent', () => {
  const { reasons } = play([[0, [ada, forward], {}]], { maxRatio: 0.3 });
  assert.equal(reasons, [{ code: 'speed_limited', severity: 'limit', text: 'Top speed is set to 30 %.' }]);
});

test.run();
