import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bundleScripts } from './scripts.ts';
import { soak } from './soak.ts';

test.before(bundleScripts);

/** `npm run soak` for a quarter of a minute: too short to see memory grow, long enough for some faults of each kind. */
test('a robot survives random faults, and stands after each', async () => {
  const { failed, faults, files } = await soak({ minutes: 0.25, seed: 4, say: () => undefined });
  assert.equal(failed, []);
  assert.ok(Object.keys(faults).length >= 3, JSON.stringify(faults));
  assert.ok(files[1] - files[0] < 10, `${files[0]} open files became ${files[1]}`);
});

test.run();
