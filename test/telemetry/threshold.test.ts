import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { judge, type Threshold, UNHELD } from '../../firmware/telemetry/threshold.ts';

const above: Threshold = { bad: 'above', setAt: 400, clearAt: 300, setAfterMs: 2000, clearAfterMs: 3000 };
const below: Threshold = { bad: 'below', setAt: 0.2, clearAt: 0.25, setAfterMs: 0, clearAfterMs: 0 };

type Row = [atMs: number, value: number | null, held: boolean];
const table: Record<string, [Threshold, Row[]]> = {
  'at the bound itself nothing is bad': [
    above,
    [
      [0, 400, false],
      [60_000, 400, false],
    ],
  ],
  'bad without a break for the hold time, and not a millisecond before': [
    above,
    [
      [0, 401, false],
      [1999, 401, false],
      [2000, 401, true],
    ],
  ],
  'one good reading begins the hold time anew': [
    above,
    [
      [0, 401, false],
      [1500, 400, false],
      [2500, 401, false],
      [4499, 401, false],
      [4500, 401, true],
    ],
  ],
  'between the bounds what was stays': [
    above,
    [
      [0, 500, false],
      [2000, 500, true],
      [10_000, 301, true],
      [20_000, 301, true],
      [20_001, 300, true],
      [23_000, 300, true],
      [23_001, 300, false],
      [30_000, 399, false],
    ],
  ],
  'one bad reading begins the way back anew': [
    above,
    [
      [0, 500, false],
      [2000, 500, true],
      [2001, 100, true],
      [5000, 301, true],
      [5001, 100, true],
      [8000, 100, true],
      [8001, 100, false],
    ],
  ],
  'no reading keeps what was, and how long it has been so': [
    above,
    [
      [0, 500, false],
      [1000, null, false],
      [2000, 500, true],
      [9000, null, true],
    ],
  ],
  'below: both sides of both bounds, without hold times': [
    below,
    [
      [0, 0.2, false],
      [1, 0.199, true],
      [2, 0.249, true],
      [3, 0.25, false],
      [4, 0.21, false],
    ],
  ],
};

for (const [name, [threshold, rows]] of Object.entries(table)) {
  test(name, () => {
    let state = UNHELD;
    for (const [atMs, value, held] of rows) {
      state = judge(threshold, state, value, atMs);
      assert.is(state.held, held, `${value} at ${atMs} ms`);
    }
  });
}

test.run();
