import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Guardian, Motors, planOf, silenceStep } from './guardian-rig.ts';

test('without a runtime it gives up after 10 s, what fails and what hangs, and says so', async () => {
  const motors = new Motors();
  const stuck = motors.fifo('stuck/duty');
  const [failing, hanging] = [new Guardian(), new Guardian()];
  try {
    failing.send(planOf([silenceStep(join(motors.folder, 'never/duty'))]));
    await failing.heard('failing 1');
    await hanging.start([silenceStep(stuck.path), silenceStep(motors.file('free/duty'))]);
    stuck.fill();
    hanging.send('M');
    motors.file('free/duty');

    const startMs = performance.now();
    for (const { child } of [failing, hanging]) child.stdin?.end();
    assert.equal(await Promise.all([failing.exited, hanging.exited]), [1, 1]);
    const tookMs = performance.now() - startMs;
    assert.ok(tookMs > 9_900 && tookMs < 20_000, `${tookMs} ms`);
    for (const { log } of [failing, hanging]) {
      assert.match(log, 'the runtime is gone and the motors could not be silenced');
    }
    assert.is(motors.read('free/duty'), '0\n');
  } finally {
    await Promise.all([failing.kill(), hanging.kill()]);
    stuck.close();
    motors.clean();
  }
});

test.run();
