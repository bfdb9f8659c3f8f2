import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Measurements, median, pictureAgeMs } from '../../../firmware/teleop/page/measure.ts';
import { rtpTimestamp } from '../../../firmware/video/engine.ts';

test('the age of a picture is what has passed since its time stamp, also over the wrap of 32 bits', () => {
  const wrapUs = (2 ** 32 * 100) / 9;
  for (const capturedUs of [0, 1_000_000, wrapUs - 20_000, 7 * wrapUs + 123_456, 31_536_000_000_000]) {
    for (const ageMs of [0, 33.4, 250, 60_000]) {
      const seen = pictureAgeMs(rtpTimestamp(capturedUs), capturedUs + ageMs * 1000);
      assert.ok(Math.abs(seen - ageMs) < 0.05, `${ageMs} ms read as ${seen} at ${capturedUs}`);
    }
  }
});

test('a clock that is judged late gives a negative age, not 13 hours', () => {
  assert.ok(Math.abs(pictureAgeMs(rtpTimestamp(50_000_000), 49_997_000) + 3) < 0.05);
});

test('the median is the middle, or the mean of the two', () => {
  assert.is(median([]), null);
  assert.is(median([5]), 5);
  assert.is(median([9, 1, 4]), 4);
  assert.is(median([4, 1, 2, 100]), 3);
});

test('what is on the screen grows older while no picture comes', () => {
  const measured = new Measurements();
  assert.is(measured.pictureAgeMs(0), null);
  for (let frame = 0; frame < 30; frame += 1) measured.onFrame(frame * 33, 40);
  assert.is(measured.pictureAgeMs(29 * 33), 40);
  assert.is(measured.pictureAgeMs(29 * 33 + 1500), 1540);
  measured.onFrame(10_000, 700);
  measured.onFrame(10_033, 20);
  assert.is(measured.pictureAgeMs(10_033), 360, 'the median of late and early ones');
  measured.onFrame(20_000, -8);
  assert.is(measured.pictureAgeMs(20_000), 0, 'a clock that is judged late gives no time before');
  measured.onFrame(30_000, null);
  assert.is(measured.pictureAgeMs(30_000), null);
});

test('frame rate and delay are those of the last second', () => {
  const measured = new Measurements();
  for (let frame = 0; frame < 90; frame += 1) measured.onFrame(frame * (1000 / 30), frame < 45 ? 500 : 40);
  const lastMs = 89 * (1000 / 30);
  assert.is(measured.framesPerS(lastMs), 30);
  assert.is(measured.videoDelayMs(lastMs), 40);
  assert.is(measured.framesPerS(lastMs + 2000), 0);
  assert.is(measured.videoDelayMs(lastMs + 2000), null);
  assert.is(measured.frames, 90);
  measured.onFrame(10_000, 40);
  for (let frame = 1; frame <= 12; frame += 1) measured.onFrame(10_000 + frame * (1000 / 30), 40);
  assert.is(measured.framesPerS(10_400), 33, 'a stream that has just begun again is not a slow one');
  assert.is(measured.firstFrameMs, 0);
});

test('a command counts from its sending to the first picture that knows it or a newer one', () => {
  const measured = new Measurements();
  measured.onCommandSent(100, 1000);
  measured.onCommandSent(101, 1080);
  measured.onStrip({ frame: 1, appliedSeq: null }, 1010);
  measured.onStrip({ frame: 2, appliedSeq: 99 }, 1040);
  measured.onStrip({ frame: 3, appliedSeq: 101 }, 1100);
  measured.onStrip({ frame: 4, appliedSeq: 101 }, 1133);
  assert.equal(measured.delays().commandToPictureMs, [100, 20]);
  assert.equal(measured.lastStrip, { frame: 4, appliedSeq: 101, atMs: 1133 });
});

test('numbers of another sender, refused commands and lost ones are no measurements', () => {
  const measured = new Measurements();
  measured.onStrip({ frame: 1, appliedSeq: 5 }, 900);
  measured.onCommandSent(100, 1000);
  measured.onStrip({ frame: 2, appliedSeq: 5_000 }, 1010);
  measured.onCommandRefused(100);
  measured.onCommandSent(101, 1100);
  measured.onStrip({ frame: 3, appliedSeq: 101 }, 4000);
  measured.onCommandSent(102, 5000);
  measured.onStopSent();
  measured.onStrip({ frame: 4, appliedSeq: 102 }, 5020);
  assert.equal(measured.delays().commandToPictureMs, []);
});

test('what is kept is bounded, and handed out as copies', () => {
  const measured = new Measurements();
  for (let index = 0; index < 5_000; index += 1) {
    measured.onFrame(index * 10, index);
    measured.onRoundTrip(index);
    measured.onCommandSent(index, index * 10);
    measured.onStrip({ frame: index, appliedSeq: index }, index * 10 + 5);
  }
  const { commandToPictureMs, pictureAgeMs: ages, roundTripMs } = measured.delays();
  for (const kept of [commandToPictureMs, ages, roundTripMs]) assert.is(kept.length, 1000);
  assert.is(roundTripMs.at(-1), 4999);
  roundTripMs.length = 0;
  assert.is(measured.lastRoundTripMs, 4999);
});

test.run();
