import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { loadAddon } from '../../native/addon.ts';
import { nowUs, Recording, residentMb } from './rig.ts';

/** As a long computation would. */
function blockJavaScript(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

test('a short pause of JavaScript loses nothing', async () => {
  const camera = new Recording({ kind: 'test' });
  await camera.untilUnits(10);
  blockJavaScript(300);
  await camera.untilUnits(30);
  const stats = await camera.stop();
  assert.is(stats.unitsDropped, 0);
  assert.is(camera.units.filter((unit) => unit.keyFrame).length, 1);
});

test('a long one loses everything up to a fresh key frame, and counts it', async () => {
  const camera = new Recording({ kind: 'test' });
  await camera.untilUnits(10);
  blockJavaScript(2000);
  const backUs = nowUs();
  // Nothing may have come in since, whatever has been waiting: this line runs before any event.
  const before = camera.units.length;
  await camera.untilUnits(before + 30);
  const stats = await camera.stop();
  const [first, ...rest] = camera.units.slice(before);
  assert.ok(first?.keyFrame, 'the first one after the pause');
  assert.ok(first.capturedUs > backUs - 100_000, `${(backUs - first.capturedUs) / 1000} ms old`);
  const followUs = rest.map((unit, n) => unit.capturedUs - camera.units[before + n]!.capturedUs);
  assert.ok(Math.max(...followUs) < 40_000, 'and after it no gap');
  assert.not(rest.some((unit) => unit.keyFrame));
  // 60 pictures in 2 s.
  assert.ok(stats.unitsDropped > 45 && stats.unitsDropped < 75, `${stats.unitsDropped} dropped`);
});

test('what waits is bounded, however long the pause', async () => {
  const camera = new Recording(
    { kind: 'test' },
    { width: 1280, height: 720, framesPerS: 60, bitrateKbps: 8000, keyFrameIntervalS: 1 },
  );
  await camera.untilUnits(60);
  const beforeMb = residentMb();
  blockJavaScript(4000);
  const grownMb = residentMb() - beforeMb;
  const before = camera.units.length;
  await new Promise(setImmediate);
  await new Promise(setImmediate);
  const waiting = camera.units.length - before;
  await camera.stop();
  assert.ok(waiting <= 15, `${waiting} units at once`);
  assert.ok(grownMb < 10, `${grownMb.toFixed(1)} MB`);
});

test('a listener that stops the capture gets nothing more', async () => {
  const camera = new Recording({ kind: 'test' });
  camera.onUnit = () => void loadAddon().stopCapture(camera.id);
  blockJavaScript(400);
  const stats = await camera.ended();
  assert.is(camera.units.length, 1);
  assert.is(stats.unitsDelivered, 1);
});

test.run();
