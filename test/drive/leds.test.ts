import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ledsFor, openLeds } from '../../firmware/drive/leds.ts';

const READY = { moving: false, barred: false, connections: 1 };

for (const [what, look, lit] of [
  ['ready', READY, ['green']],
  ['driving', { ...READY, moving: true }, ['blue']],
  ['fault', { ...READY, barred: true }, ['red']],
  ['no link', { ...READY, connections: 0 }, ['green', 'yellow']],
  ['fault without a link', { ...READY, barred: true, connections: 0 }, ['red', 'yellow']],
] as const) {
  test(`${what} is ${lit.join(' and ')}`, () => {
    assert.equal(
      Object.entries(ledsFor(look))
        .filter(([, on]) => on)
        .map(([colour]) => colour)
        .sort(),
      [...lit].sort(),
    );
  });
}

function ledFolder(colours: readonly string[]) {
  const root = mkdtempSync(join(tmpdir(), 'roverd-leds-'));
  for (const colour of colours) {
    mkdirSync(join(root, `roverd:${colour}`));
    writeFileSync(join(root, `roverd:${colour}`, 'brightness'), '0');
  }
  mkdirSync(join(root, 'ACT'));
  return {
    root,
    read: () => colours.map((colour) => readFileSync(join(root, `roverd:${colour}`, 'brightness'), 'utf8')),
    remove: () => rmSync(root, { recursive: true }),
  };
}

test('lights the files of the LEDs, ends with the newest of many looks, and goes out on close', async () => {
  const folder = ledFolder(['blue', 'yellow', 'red', 'green']);
  const leds = await openLeds(folder.root);
  for (let i = 0; i < 100; i += 1) leds.show({ ...READY, moving: i % 2 === 0 });
  leds.show({ ...READY, moving: true });
  while (folder.read().join() !== '1,0,0,0') await new Promise((resolve) => setImmediate(resolve));
  leds.show({ ...READY, barred: true });
  await leds.close();
  assert.equal(folder.read(), ['0', '0', '0', '0']);
  folder.remove();
});

test('does without LEDs that are not there or can’t be written', async () => {
  const none = await openLeds('/nowhere');
  none.show(READY);
  await none.close();
  const folder = ledFolder(['green', 'red']);
  const leds = await openLeds(folder.root);
  rmSync(join(folder.root, 'roverd:green'), { recursive: true });
  leds.show({ ...READY, barred: true });
  await leds.close();
  assert.is(readFileSync(join(folder.root, 'roverd:red', 'brightness'), 'utf8'), '0');
  folder.remove();
});

test.run();
