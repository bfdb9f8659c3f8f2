import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { APARTMENT } from '../../firmware/simulator/apartment.ts';
import { type CameraJob, nextDueUs, runCamera } from '../../firmware/simulator/camera-loop.ts';
import { PoseMemory } from '../../firmware/simulator/pose-memory.ts';
import { readStrip } from '../../firmware/simulator/strip.ts';

const rows: [what: string, dueUs: number, nowUs: number, next: number][] = [
  ['on time: the next beat', 1000, 1000, 1100],
  ['early in the beat', 1000, 1020, 1100],
  ['at the very end of the beat: at once', 1000, 1100, 1100],
  ['a little late: that beat is left out', 1000, 1101, 1200],
  ['far behind: all beats are left out, none is made up for', 1000, 5050, 5100],
];
for (const [what, dueUs, nowUs, next] of rows) {
  test(`pace: ${what}`, () => assert.is(nextDueUs(dueUs, nowUs, 100), next));
}

test('each picture shows the newest pose and command, with its number and time', () => {
  const memory = new PoseMemory();
  const stop = new SharedArrayBuffer(4);
  const job: CameraJob = {
    captureId: 7,
    width: 640,
    height: 96,
    framesPerS: 200,
    room: APARTMENT,
    eyeM: 0.56,
    pose: memory.buffer,
    stop,
  };
  const { start } = APARTMENT;
  memory.write(start.xM, start.yM, start.headingRad, null);
  const seen: { strip: unknown; atUs: number; sum: number }[] = [];
  runCamera(job, (captureId, rgba, atUs) => {
    assert.is(captureId, 7);
    const below = new Uint32Array(rgba.buffer, 640 * 16 * 4);
    const strip = readStrip({ data: rgba, width: 640, height: 96 });
    seen.push({ strip, atUs, sum: below.reduce((sum, pixel) => sum + (pixel & 0xff), 0) });
    if (seen.length === 2) memory.write(start.xM, start.yM, start.headingRad + 0.5, 4242);
    if (seen.length === 4) Atomics.store(new Int32Array(stop), 0, 1);
    return true;
  });
  assert.equal(
    seen.map(({ strip }) => strip),
    [
      { frame: 0, appliedSeq: null },
      { frame: 1, appliedSeq: null },
      { frame: 2, appliedSeq: 4242 },
      { frame: 3, appliedSeq: 4242 },
    ],
  );
  assert.is(seen[0]!.sum, seen[1]!.sum);
  assert.is.not(seen[1]!.sum, seen[2]!.sum);
  for (let frame = 1; frame < 4; frame += 1) assert.ok(seen[frame]!.atUs > seen[frame - 1]!.atUs);
  const nowUs = Number(process.hrtime.bigint() / 1000n);
  assert.ok(seen[3]!.atUs <= nowUs && nowUs - seen[3]!.atUs < 5e6, 'times are of the monotonic clock');
});

test('a loop told to stop beforehand draws nothing', () => {
  const stop = new SharedArrayBuffer(4);
  Atomics.store(new Int32Array(stop), 0, 1);
  const memory = new PoseMemory();
  memory.write(3, 2, 0, null);
  const format = { width: 640, height: 32, framesPerS: 30 };
  const job = { captureId: 1, ...format, room: APARTMENT, eyeM: 0.5, pose: memory.buffer, stop };
  runCamera(job, () => {
    assert.unreachable();
    return false;
  });
});

test.run();
