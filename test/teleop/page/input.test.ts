import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { limited, stickVelocity } from '../../../firmware/teleop/page/curve.ts';
import { STILL } from '../../../firmware/teleop/page/held.ts';
import { readPad } from '../../../firmware/teleop/page/input/gamepad.ts';
import { isDriveKey, keysVelocity } from '../../../firmware/teleop/page/input/keyboard.ts';
import { placeOf } from '../../../firmware/teleop/page/input/stick.ts';

test('a stick rests within its dead zone and reaches its full travel at the rim', () => {
  assert.equal(stickVelocity(0, 0), STILL);
  assert.equal(stickVelocity(0.08, -0.08), STILL);
  assert.equal(stickVelocity(0.12, 0), STILL);
  assert.ok(stickVelocity(0, 0.13).linear > 0);
  assert.equal(stickVelocity(0, 1), { linear: 1, angular: 0 });
  assert.equal(stickVelocity(0, -1), { linear: -1, angular: 0 });
  assert.equal(stickVelocity(-1, 0), { linear: 0, angular: 0.7 });
  assert.equal(stickVelocity(0, 7), { linear: 1, angular: 0 }, 'beyond the rim is the rim');
  assert.equal(stickVelocity(Number.NaN, 0), STILL);
});

test('a stick grows without a jump and slower near its middle', () => {
  let before = 0;
  for (let up = 0.12; up <= 1; up += 0.01) {
    const { linear } = stickVelocity(0, up);
    assert.ok(linear >= before && linear - before < 0.03, `${before} to ${linear} at ${up}`);
    before = linear;
  }
  assert.ok(stickVelocity(0, 0.5).linear < 0.3);
});

test('a stick keeps the direction of the hand', () => {
  const { linear, angular } = stickVelocity(0.3, 0.6);
  assert.ok(Math.abs(-angular / 0.7 / linear - 0.5) < 0.02, `${linear}, ${angular}`);
});

test('a speed limit scales both ways', () => {
  assert.equal(limited({ linear: 1, angular: -0.6 }, 0.5), { linear: 0.5, angular: -0.3 });
  assert.ok(Object.is(limited({ linear: 0, angular: -0 }, 0.5).angular, 0), 'no minus zero on the wire');
});

test('keys add up, opposite ones cancel, Shift is slow', () => {
  const keys = (...codes: string[]) => keysVelocity(new Set(codes));
  assert.equal(keys(), { linear: 0, angular: 0 });
  assert.equal(keys('KeyW'), { linear: 1, angular: 0 });
  assert.equal(keys('KeyW', 'ArrowUp'), { linear: 1, angular: 0 });
  assert.equal(keys('ArrowUp', 'ArrowLeft'), { linear: 1, angular: 0.6 });
  assert.equal(keys('KeyS', 'KeyD'), { linear: -1, angular: -0.6 });
  assert.equal(keys('KeyW', 'KeyS'), { linear: 0, angular: 0 });
  assert.equal(keys('KeyW', 'ShiftLeft'), { linear: 0.4, angular: 0 });
  assert.equal(keys('ShiftLeft'), { linear: 0, angular: 0 });
  assert.ok(isDriveKey('KeyA') && !isDriveKey('Space') && !isDriveKey('toString'));
});

test('the knob stays in its circle and follows the pointer inside', () => {
  assert.equal(placeOf(0, 0, 60), { right: 0, up: 0 });
  assert.equal(placeOf(30, 0, 60), { right: 0.5, up: 0 });
  assert.equal(placeOf(0, -600, 60), { right: 0, up: 1 });
  const { right, up } = placeOf(-90, 120, 60);
  assert.ok(Math.abs(Math.hypot(right, up) - 1) < 1e-9 && right < 0 && up < 0);
  assert.equal(placeOf(5, 5, 0), { right: 0, up: 0 }, 'a stick that is not laid out');
});

test('a gamepad drives by its left stick, or its directional pad before that, and stops by A and B', () => {
  const pad = (axes: number[], ...pressed: number[]) =>
    readPad({
      axes,
      buttons: Array.from({ length: 17 }, (_, index) => ({ pressed: pressed.includes(index) })),
    });
  assert.equal(pad([0, 0]), { velocity: STILL, stop: false });
  assert.equal(pad([0, -1]).velocity, { linear: 1, angular: 0 });
  assert.equal(pad([1, 0]).velocity, { linear: 0, angular: -0.7 });
  assert.equal(pad([0, -1], 13).velocity, { linear: -1, angular: 0 });
  assert.equal(pad([0.1, 0.05]).velocity, STILL, 'worn sticks do not rest at zero');
  assert.ok(pad([0, 0], 0).stop && pad([0, 0], 1).stop && !pad([0, 0], 2, 3, 9).stop);
  assert.equal(readPad({ axes: [], buttons: [] }), { velocity: STILL, stop: false });
});

test.run();
