import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  disarm,
  heldVelocity,
  moveControl,
  NOTHING_HELD,
  STILL,
  type Velocity,
} from '../../../firmware/teleop/page/held.ts';

const AHEAD: Velocity = { linear: 1, angular: 0 };
const LEFT: Velocity = { linear: 0, angular: 1 };
const BACK: Velocity = { linear: -1, angular: 0 };

test('the control taken up last decides, and the one before it when that is let go', () => {
  let held = moveControl(NOTHING_HELD, 'keyboard', AHEAD);
  held = moveControl(held, 'stick', LEFT);
  assert.equal(heldVelocity(held), LEFT);
  held = moveControl(held, 'keyboard', BACK);
  assert.equal(heldVelocity(held), LEFT, 'moving on is not taking up');
  held = moveControl(held, 'stick', STILL);
  assert.equal(heldVelocity(held), BACK);
  assert.equal(heldVelocity(moveControl(held, 'keyboard', STILL)), STILL);
});

test('what is cut off counts for nothing until it has been let go', () => {
  let held = disarm(moveControl(NOTHING_HELD, 'stick', AHEAD));
  assert.equal(heldVelocity(held), STILL);
  held = moveControl(held, 'stick', LEFT);
  assert.equal(heldVelocity(held), STILL, 'moving it further does not arm it');
  held = moveControl(held, 'stick', STILL);
  held = moveControl(held, 'stick', LEFT);
  assert.equal(heldVelocity(held), LEFT);
});

test('a control that is cut off does not keep another one from driving', () => {
  let held = disarm(moveControl(NOTHING_HELD, 'stick', AHEAD));
  held = moveControl(held, 'keyboard', BACK);
  assert.equal(heldVelocity(held), BACK);
  assert.equal(heldVelocity(moveControl(held, 'keyboard', STILL)), STILL);
});

test.run();
