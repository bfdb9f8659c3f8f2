import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { AnyRow, Result } from './row.ts';
import { rows } from './rows.ts';
import { bundleScripts } from './scripts.ts';
import { tryRow } from './trials.ts';

/** The short form of `npm run faults`: every fault a few times, held to the same bounds. */
const test = suite('faults');
const ATTEMPTS = 3;
test.before(bundleScripts);

for (const row of rows) {
  const missing = row.missing?.() ?? null;
  if (missing !== null) {
    console.log(`SKIP ${row.fault}: ${missing}`);
    test.skip(row.fault, () => undefined);
    continue;
  }
  test(row.fault, async () => {
    const maxMs: number[] = [];
    // What else the machine does may take it away for a while, but not each time. Motors left on are no such case.
    do maxMs.push((await tried(row)).maxMs);
    while (maxMs.length < ATTEMPTS && maxMs.at(-1)! > row.boundMs);
    assert.ok(maxMs.at(-1)! <= row.boundMs, `${maxMs.join(', ')} ms, expected at most ${row.boundMs}`);
  });
}

async function tried(row: AnyRow): Promise<Result> {
  const result = await tryRow(row, row.shortTrials);
  assert.ok(result.stopped, 'the motors were left on, or moved again');
  assert.is(result.trials, row.shortTrials);
  return result;
}

test.run();
