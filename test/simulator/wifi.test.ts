import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { APARTMENT } from '../../firmware/simulator/apartment.ts';
import { createWifi } from '../../firmware/simulator/wifi.ts';

const wifi = createWifi(APARTMENT);
const { accessPoint } = APARTMENT;

/** Mean over a hand's breadth, where fading cancels out. */
function meanDbm(xM: number, yM: number): number {
  let sum = 0;
  for (let row = 0; row < 20; row += 1) {
    for (let column = 0; column < 20; column += 1) {
      sum += wifi({ xM: xM + (column - 10) * 0.02, yM: yM + (row - 10) * 0.02 }).dbm;
    }
  }
  return sum / 400;
}

test('fades with distance: about 8 dB for twice as far', () => {
  const near = meanDbm(accessPoint.xM + 1, accessPoint.yM + 1);
  const far = meanDbm(accessPoint.xM + 2, accessPoint.yM + 2);
  assert.ok(Math.abs(near - far - 28 * Math.log10(2)) < 1.5, `${near} and ${far} dBm`);
});

test('a wall takes some more', () => {
  const before = meanDbm(5.7, 2.5);
  const behind = meanDbm(6.5, 2.5);
  assert.ok(before - behind > 6, `${before} before and ${behind} dBm behind the wall`);
});

test('quality follows the signal and stays in 0..1', () => {
  let last = { dbm: Number.NEGATIVE_INFINITY, qualityRatio: 0 };
  const readings = Array.from({ length: 200 }, (_, index) => wifi({ xM: 0.1 + index * 0.047, yM: 3.6 }));
  for (const reading of readings.sort((a, b) => a.dbm - b.dbm)) {
    assert.ok(reading.qualityRatio >= last.qualityRatio && reading.qualityRatio <= 1);
    last = reading;
  }
});

test('the same place gives the same reading', () => {
  assert.equal(wifi({ xM: 3, yM: 2 }), wifi({ xM: 3, yM: 2 }));
});

test.run();
