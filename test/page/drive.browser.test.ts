import * as assert from 'uvu/assert';
import '../../firmware/teleop/page/report.ts';
import {
  cockpitSuite,
  difference,
  drives,
  emulateGamepad,
  openPage,
  picture,
  setGamepad,
  stands,
  stoppedByWord,
  untilState,
} from './cockpit.ts';

const test = cockpitSuite('drive from the page');
/** Two pictures of the same view differ by noise of the coding only. */
const SAME_VIEW = 4;

test('the page is paired by its address, which then holds no secret', async (cockpit) => {
  const page = await openPage(cockpit);
  assert.is(new URL(page.url()).hash, '');
  await page.reload();
  await page.waitForFunction(() => window.roverd.connection.phase === 'open');
  await page.context().close();
});

test('an arrow key drives, the room moves past, releasing stops', async (cockpit) => {
  const page = await openPage(cockpit);
  const before = await picture(page);
  await page.waitForTimeout(500);
  const still = difference(before, await picture(page));
  assert.ok(still < SAME_VIEW, `standing still the view changes by ${still}`);
  await page.keyboard.down('ArrowLeft');
  const turning = await untilState(
    cockpit.robot,
    'turns left',
    ({ wheels }) => wheels.left < 0 && wheels.right > 0,
  );
  assert.is(turning.operator?.link, 'local');
  await page.waitForTimeout(700);
  await page.keyboard.up('ArrowLeft');
  await untilState(cockpit.robot, 'stops on release, by its word', stoppedByWord);
  await page.waitForTimeout(300);
  const turned = difference(before, await picture(page));
  assert.ok(turned > 3 * SAME_VIEW, `after a turn the view changes by ${turned}`);
  await page.context().close();
});

for (const [key, left, right] of [
  ['KeyW', 1, 1],
  ['KeyS', -1, -1],
  ['KeyA', -1, 1],
  ['KeyD', 1, -1],
  ['ArrowUp', 1, 1],
  ['ArrowDown', -1, -1],
  ['ArrowRight', 1, -1],
] as const) {
  test(`${key} turns the wheels ${left}, ${right}`, async (cockpit) => {
    const page = await openPage(cockpit);
    await page.keyboard.down(key);
    await untilState(cockpit.robot, 'both wheels as the key says', ({ wheels }) => {
      return Math.sign(wheels.left) === left && Math.sign(wheels.right) === right;
    });
    await page.keyboard.up(key);
    await untilState(cockpit.robot, 'stops', stands);
    await page.context().close();
  });
}

test('the stick drives by mouse', async (cockpit) => {
  const page = await openPage(cockpit);
  const box = (await page.locator('#stick').boundingBox())!;
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x, y - box.height / 2, { steps: 4 });
  await untilState(cockpit.robot, 'drives ahead', ({ wheels }) => wheels.left > 0.5 && wheels.right > 0.5);
  await page.mouse.up();
  await untilState(cockpit.robot, 'stops', stands);
  await page.context().close();
});

test('the stick drives by touch on a phone held upright', async (cockpit) => {
  const page = await openPage(cockpit, {
    viewport: { width: 360, height: 740 },
    hasTouch: true,
    isMobile: true,
  });
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(overflow <= 0, `wider than the screen by ${overflow} px`);
  for (const selector of ['#stop', '#stick', '#video']) {
    const box = (await page.locator(selector).boundingBox())!;
    assert.ok(box.y >= 0 && box.y + box.height <= 740, `${selector} is in view`);
  }
  const box = (await page.locator('#stick').boundingBox())!;
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  const cdp = await page.context().newCDPSession(page);
  const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', dy = 0) =>
    cdp.send('Input.dispatchTouchEvent', {
      type,
      touchPoints: type === 'touchEnd' ? [] : [{ x, y: y + dy }],
    });
  await touch('touchStart');
  await touch('touchMove', -box.height / 4);
  await touch('touchMove', -box.height / 2);
  await untilState(cockpit.robot, 'drives ahead', ({ wheels }) => wheels.left > 0.5 && wheels.right > 0.5);
  await touch('touchEnd');
  await untilState(cockpit.robot, 'stops', stands);
  await page.context().close();
});

test('a gamepad drives; when it is lost the robot stops', async (cockpit) => {
  const page = await openPage(cockpit);
  await emulateGamepad(page);
  await page.waitForTimeout(200);
  await setGamepad(page, { axes: [0, -1, 0, 0] });
  await untilState(cockpit.robot, 'drives ahead', ({ wheels }) => wheels.left > 0.5 && wheels.right > 0.5);
  await setGamepad(page, { axes: [0, 0, 0, 0] });
  await untilState(cockpit.robot, 'stops at rest', stands);
  await setGamepad(page, { axes: [0, 1, 0, 0] });
  await untilState(cockpit.robot, 'drives back', ({ wheels }) => wheels.left < -0.5);
  await setGamepad(page, { gone: true });
  await untilState(cockpit.robot, 'stops without gamepad, by its word', stoppedByWord);
  await page.context().close();
});

test('Space is the emergency stop, the button resets it', async (cockpit) => {
  const page = await openPage(cockpit);
  await page.keyboard.down('KeyW');
  await untilState(cockpit.robot, 'drives', drives);
  await page.keyboard.press('Space');
  await untilState(cockpit.robot, 'stands under the emergency stop', (state) => state.estop && stands(state));
  await page.waitForTimeout(600);
  assert.ok(stands(await cockpit.robot.state()), 'although the key is still held');
  await page
    .getByText(/emergency stop/i)
    .first()
    .waitFor();
  await page.keyboard.up('KeyW');
  await page.locator('#reset').click();
  await untilState(cockpit.robot, 'reset', ({ estop }) => !estop);
  await page.waitForFunction(() => window.roverd.state?.estop === false);
  await page.keyboard.down('KeyW');
  await untilState(cockpit.robot, 'drives again', drives);
  await page.keyboard.up('KeyW');
  await page.context().close();
});

test('the large button is the emergency stop', async (cockpit) => {
  const page = await openPage(cockpit);
  await page.keyboard.down('KeyW');
  await untilState(cockpit.robot, 'drives', drives);
  await page.locator('#stop').click();
  await untilState(cockpit.robot, 'stands under the emergency stop', (state) => state.estop && stands(state));
  await page.keyboard.up('KeyW');
  await page.context().close();
});

test('the page shows what one wants to know', async (cockpit) => {
  const page = await openPage(cockpit);
  await page.waitForFunction(
    () => window.roverd.stats.videoDelayMs !== null && window.roverd.stats.roundTripMs !== null,
  );
  for (const gauge of ['battery', 'speed', 'link', 'delay', 'frames']) {
    await page.waitForFunction(
      (id) => /\d/.test(document.querySelector(`#gauge-${id} .value`)?.textContent ?? ''),
      gauge,
      { timeout: 5000 },
    );
  }
  assert.match(await page.locator('#situation').innerText(), /\w{4,}/, 'why it stands still');
  const report = await page.evaluate(() => ({ ...window.roverd.stats, strip: window.roverd.lastStrip }));
  assert.ok(report.videoDelayMs! > 0 && report.videoDelayMs! < 1000, `video delay ${report.videoDelayMs}`);
  assert.ok(report.strip && report.strip.frame > 0, 'the strip is read from the decoded picture');
  await page.context().close();
});

test('works with the keyboard alone, and labels what it shows', async (cockpit) => {
  const page = await openPage(cockpit);
  const unnamed = await page.evaluate(() =>
    [...document.querySelectorAll('button, input, video')]
      .filter((element) => !(element as HTMLElement).hidden)
      .filter(
        ({ textContent, id, ariaLabel }) =>
          !(textContent?.trim() || ariaLabel || document.querySelector(`label[for=${id}]`)),
      )
      .filter((element) => !element.closest('label'))
      .map(({ id }) => id),
  );
  assert.equal(unnamed, []);
  await page.locator('#stop').focus();
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Tab');
  const outline = await page.locator('#stop').evaluate((element) => getComputedStyle(element).outlineStyle);
  assert.is.not(outline, 'none', 'the focus is seen');
  await page.keyboard.press('Enter');
  await untilState(cockpit.robot, 'the focused button works by keyboard', ({ estop }) => estop);
  await page.context().close();
});

test.run();
