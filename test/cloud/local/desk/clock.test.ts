import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createClock } from '../../../../cloud/local/desk/clock.ts';

test('what becomes due while time is skipped is done in its order, at its time', () => {
  const clock = createClock(() => 1000);
  const done: [string, number][] = [];
  const note = (name: string) => () => void done.push([name, clock.nowMs()]);
  clock.after(300_000, note('later'));
  clock.after(60_000, () => {
    note('first')();
    clock.after(60_000, note('set by the first'));
  });
  clock.after(900_000, note('not yet'));
  clock.after(30_000, note('called off'))();
  clock.skip(400_000);
  assert.equal(done, [
    ['first', 61_000],
    ['set by the first', 121_000],
    ['later', 301_000],
  ]);
  assert.is(clock.nowMs(), 401_000);
  clock.close();
  clock.after(1000, note('after the end'));
  clock.skip(1_000_000);
  assert.is(done.length, 3);
});

test('without being skipped time passes by itself, and waits further than a timer can', async () => {
  const clock = createClock();
  let early = false;
  clock.after(2 ** 32, () => {
    early = true;
  });
  await new Promise<void>((resolve) => clock.after(5, resolve));
  assert.is(early, false);
  clock.close();
});

test.run();
