import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { drawStrip, type Picture, readStrip, stripHeightPx } from '../../firmware/simulator/strip.ts';

const word = fc.nat(0xffffffff);
const seq = fc.option(fc.nat(0xfffffffe));

function picture(width: number, height: number, ink = 0xff808080) {
  const pixels = new Uint32Array(width * height).fill(ink);
  return { pixels, width, height, data: new Uint8ClampedArray(pixels.buffer) };
}

test('what is drawn is read, in every size of picture', () => {
  fc.assert(
    fc.property(word, seq, fc.constantFrom(320, 636, 640, 800, 1280, 176, 8), (frame, appliedSeq, width) => {
      const image = picture(width, stripHeightPx(width) + 8);
      drawStrip(image.pixels, width, frame, appliedSeq);
      assert.equal(readStrip(image), { frame, appliedSeq });
    }),
    {
      examples: [
        [0, 0, 640],
        [0xffffffff, null, 640],
        [0, null, 640],
        [0xffffffff, 0xfffffffe, 640],
      ],
    },
  );
});

test('numbers go round at 2^32', () => {
  const image = picture(640, 16);
  drawStrip(image.pixels, 640, 2 ** 32 + 5, 2 ** 32 + 7);
  assert.equal(readStrip(image), { frame: 5, appliedSeq: 7 });
});

test('a limited range, a dark picture, a bright one and noise do not matter', () => {
  const looks: [string, (level: number, index: number) => number][] = [
    ['limited range', (level) => 16 + (level * 219) / 255],
    ['dark', (level) => level * 0.3],
    ['bright', (level) => 150 + level * 0.4],
    ['gamma', (level) => 255 * (level / 255) ** 2.2],
    ['noise', (level, index) => level + ((Math.sin(index + 1) * 9301) % 1) * 60],
  ];
  for (const [name, look] of looks) {
    const image = picture(640, 16);
    drawStrip(image.pixels, 640, 123_456_789, 4242);
    const seen = Uint8ClampedArray.from(image.data, look);
    assert.equal(readStrip({ ...image, data: seen }), { frame: 123_456_789, appliedSeq: 4242 }, name);
  }
});

test('only the strip itself is needed, and only it is drawn on', () => {
  const image = picture(640, 480);
  drawStrip(image.pixels, 640, 7, 9);
  assert.ok(image.pixels.subarray(640 * stripHeightPx(640)).every((pixel) => pixel === 0xff808080));
  const top: Picture = { data: image.data.subarray(0, 640 * 16 * 4), width: 640, height: 16 };
  assert.equal(readStrip(top), { frame: 7, appliedSeq: 9 });
});

test('one wrong cell, or two, is noticed', () => {
  fc.assert(
    fc.property(word, seq, fc.nat(79), fc.nat(79), (frame, appliedSeq, one, other) => {
      const image = picture(640, 16);
      drawStrip(image.pixels, 640, frame, appliedSeq);
      for (const cell of new Set([one, other])) {
        for (let y = 0; y < 16; y += 1) {
          for (let x = cell * 8; x < cell * 8 + 8; x += 1) {
            image.pixels[y * 640 + x] = (image.pixels[y * 640 + x]! ^ 0xffffff) >>> 0;
          }
        }
      }
      assert.is(readStrip(image), null);
    }),
  );
});

test('a picture without a strip gives null', () => {
  assert.is(readStrip(picture(640, 16)), null);
  assert.is(readStrip(picture(640, 16, 0xff000000)), null);
  assert.is(readStrip(picture(640, 16, 0xffffffff)), null);
  assert.is(readStrip(picture(640, 15)), null);
  assert.is(readStrip(picture(4, 100)), null);
  assert.is(readStrip({ data: [], width: 0, height: 0 }), null);
});

test('a picture too small to draw on is refused', () => {
  assert.throws(
    () => drawStrip(new Uint32Array(640 * 15), 640, 1, 1),
    /Expected a picture of at least 16 rows/,
  );
  assert.throws(() => drawStrip(new Uint32Array(640), 4, 1, 1), /Expected a width of at least 8/);
});

test.run();
