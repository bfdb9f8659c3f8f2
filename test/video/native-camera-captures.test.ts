/** A camera whose units are taken natively. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { AccessUnit } from '../../firmware/video/camera.ts';
import { createNativeCamera, type NativeCamera } from '../../firmware/video/native-camera.ts';
import { loadAddon } from '../../native/addon.ts';

const FORMAT = { width: 320, height: 240, framesPerS: 30, bitrateKbps: 500 };

async function until(what: string, holds: () => boolean): Promise<void> {
  const endMs = performance.now() + 15_000;
  while (!holds()) {
    if (performance.now() > endMs) throw new Error(`Waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

function watch(camera: NativeCamera) {
  const captures: (number | null)[] = [];
  const states: string[] = [];
  camera.status$.subscribe(({ state }) => states.push(state));
  const subscription = camera.captures$?.subscribe((id) => captures.push(id));
  return { captures, states, leave: () => subscription?.unsubscribe() };
}

test('it streams for who takes its units natively, and none come here', async () => {
  const camera = createNativeCamera({ source: { kind: 'test' }, ...FORMAT });
  assert.equal(loadAddon().runningCaptures(), []);
  const { captures, states, leave } = watch(camera);
  await until('pictures', () => states.includes('streaming'));
  assert.equal(captures, loadAddon().runningCaptures());
  assert.is(camera.stats().unitsDelivered, 0);

  const units: AccessUnit[] = [];
  const reader = camera.accessUnits$.subscribe((unit) => units.push(unit));
  await until('units', () => units.length > 5);
  assert.ok(units[0]?.keyFrame, 'from a key frame on');
  assert.is(loadAddon().runningCaptures().length, 1, 'the same capture');
  reader.unsubscribe();
  const { unitsDelivered } = camera.stats();
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.is(camera.stats().unitsDelivered, unitsDelivered);
  assert.equal(loadAddon().runningCaptures(), captures);

  leave();
  await until('the capture to end', () => loadAddon().runningCaptures().length === 0);
  assert.is(states.at(-1), 'idle');
  await camera.close();
});

test('a camera that breaks has no capture until it runs again', async () => {
  const camera = createNativeCamera({ source: { kind: 'v4l2', device: '/dev/no-camera' }, ...FORMAT });
  const { captures, states, leave } = watch(camera);
  await until('the second failure', () => states.filter((state) => state === 'failed').length === 2);
  assert.equal(
    captures.map((id) => typeof id),
    ['number', 'object', 'number', 'object'],
  );
  leave();
  await camera.close();
  assert.is(captures.at(-1), null);
});

test('closing completes for who takes natively, too', async () => {
  const camera = createNativeCamera({ source: { kind: 'test' }, ...FORMAT });
  let completed = 0;
  camera.captures$?.subscribe({ complete: () => (completed += 1) });
  await camera.close();
  assert.is(completed, 1);
  camera.captures$?.subscribe({ complete: () => (completed += 1) });
  assert.is(completed, 2);
  assert.equal(loadAddon().runningCaptures(), []);
});

test.run();
