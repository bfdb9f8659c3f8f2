import '../../firmware/teleop/page/report.ts';
import { cockpitSuite, openPage, screenshot, stands, untilState } from './cockpit.ts';

const test = cockpitSuite('what the page looks like');

for (const [name, options] of [
  ['cockpit', { viewport: { width: 1100, height: 700 } }],
  ['phone', { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true }],
] as const) {
  test(`${name}: driving, with everything in view`, async (cockpit) => {
    const page = await openPage(cockpit, { ...options, colorScheme: 'dark' });
    await page.waitForFunction(
      () => window.roverd.stats.videoDelayMs !== null && window.roverd.stats.framesPerS > 20,
    );
    await page.keyboard.down('ArrowUp');
    await untilState(cockpit.robot, 'drives at full speed', ({ wheels }) => wheels.left === 1);
    await page.getByText('You drive').first().waitFor();
    await screenshot(page, name);
    await page.keyboard.up('ArrowUp');
    await untilState(cockpit.robot, 'stands', stands);
    await page.context().close();
  });
}

test.run();
