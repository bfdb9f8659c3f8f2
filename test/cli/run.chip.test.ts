import { once } from 'node:events';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Chips, ownChips } from '../chips/chips.ts';
import { motorState } from '../drive/chip-wheels.ts';
import { Roverd } from './roverd.ts';

const test = suite('roverd run on hardware');
const roverd = new Roverd();
test.before(() => roverd.build());
test.after(() => roverd.clean());

const { LD_PRELOAD, CHIPS_STATE } = process.env;
const CHIPS_ENV = { LD_PRELOAD, CHIPS_STATE };
const ARGS = ['run', '--port', '0', '--set', 'video.enabled=false', 'log.format=json'];

const wheels = (chips: Chips) => [1, 2].map((number) => motorState(chips.pca9685().duty, number));

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const untilMs = performance.now() + 20_000;
  while (!(await holds())) {
    if (performance.now() > untilMs) throw new Error(`Expected ${what} within 20 s`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function start(...args: string[]) {
  const child = roverd.spawn([...ARGS, ...args], CHIPS_ENV);
  let [output, log] = ['', ''];
  child.stdout?.on('data', (chunk) => (output += chunk));
  child.stderr?.on('data', (chunk) => (log += chunk));
  await until('the address', () => {
    if (child.exitCode !== null) throw new Error(`roverd exited with ${child.exitCode}: ${log}`);
    return output.includes('#token=');
  });
  const [, origin, token] = /(http\S+)\/#token=(\S+)/.exec(output) ?? [];
  const headers = { authorization: `Bearer ${token}` };
  return {
    log: () => log,
    publish: async (body: object) =>
      (await fetch(`${origin}/publish`, { method: 'POST', body: JSON.stringify(body), headers })).status,
    state: async () =>
      (await (await fetch(`${origin}/api/state`, { headers })).json()) as { reasons: { code: string }[] },
    async end() {
      child.kill('SIGTERM');
      return (await once(child, 'exit'))[0] as number | null;
    },
  };
}

/** A robot that stood still for a moment on a busy machine refuses what was asked for meanwhile. */
function taken(robot: Awaited<ReturnType<typeof start>>, body: object): Promise<void> {
  return until('the command to be taken', async () => (await robot.publish(body)) === 200);
}

test('finds the Motor HAT, drives it on command, and leaves it still', async () => {
  const chips = ownChips({ pca9685: [0x60] });
  const robot = await start('--set', 'drive.actionMs=1000');
  assert.match(robot.log(), /"driver":"motor-hat","why":"the Motor HAT answers"/);
  await taken(robot, { action: 'forward' });
  await until('both motors to drive ahead', () => wheels(chips).every(({ ratio }) => ratio === 0.5));
  await until('both to brake by themselves', () => wheels(chips).every(({ state }) => state === 'brakes'));
  assert.not.ok('pose' in (await robot.state()), 'no simulator');
  await taken(robot, { drive: { linear: 0, angular: 1 } });
  await until('the left one to go back', () => (wheels(chips)[0]?.ratio ?? 0) < 0);
  assert.is(await robot.end(), 0);
  assert.ok(wheels(chips).every(({ ratio }) => ratio === 0));
  chips.close();
});

test('a HAT pulled off is a fault, and driving goes on when it is back', async () => {
  const chips = ownChips({ pca9685: [0x60] });
  const robot = await start('--set', 'drive.actionMs=1000');
  const isFaulty = async () => (await robot.state()).reasons.some(({ code }) => code === 'drivetrain_failed');
  await robot.publish({ action: 'forward' });
  await until('driving', () => wheels(chips).every(({ ratio }) => ratio > 0));
  chips.unplug(0x60);
  await until('a fault', isFaulty);
  chips.plug(0x60);
  chips.powerLoss(0x60);
  await until('no fault', async () => !(await isFaulty()));
  await until('driving again', async () => {
    await robot.publish({ action: 'forward' });
    return wheels(chips).every(({ ratio }) => ratio > 0);
  });
  assert.is(await robot.end(), 0);
  chips.close();
});

test('battery and bumper of the same bus: half speed, then a stop on the motors themselves', async () => {
  const chips = ownChips({ pca9685: [0x60], ads1015: [0x48], cap1208: [0x28] });
  // Two LiPo cells at 3.7 V, a tenth of their charge, behind the divider by two.
  chips.setVolts(0, 3.7);
  const robot = await start(
    ...['--set', 'bumper.frontPads=1', 'telemetry.everyMs=100', 'limits.setAfterMs=0', 'drive.actionMs=2000'],
  );
  const has = async (code: string) => (await robot.state()).reasons.some((reason) => reason.code === code);
  await until('the battery to be low', () => has('battery_low'));
  await robot.publish({ drive: { linear: 1, angular: 0 } });
  await until('half speed', () => wheels(chips).every(({ ratio }) => Math.abs(ratio - 0.5) < 0.001));
  await robot.publish({ action: 'forward' });
  await until('driving', () => wheels(chips).every(({ ratio }) => ratio > 0));
  chips.touch(4);
  await until('both to brake', () => wheels(chips).every(({ state }) => state === 'brakes'));
  assert.ok(await has('bumper_front'));
  await robot.publish({ action: 'backwards' });
  await until('driving away', () => wheels(chips).every(({ ratio }) => ratio < 0));
  assert.is(await robot.end(), 0);
  chips.close();
});

test('without motors it says in one line what it looked for and what to do', async () => {
  const chips = ownChips({ cap1208: [0x28] });
  const { exitCode, stdout, stderr } = await roverd.run(ARGS, CHIPS_ENV);
  assert.is(exitCode, 1);
  assert.is(stdout, '');
  assert.match(stderr, /^roverd: No motors found: a basic Explorer HAT answers .*--simulate.*\n$/);
  chips.close();
});

test('doctor finds the same, and writes nothing to the chip', async () => {
  const chips = ownChips({ pca9685: [0x60] });
  chips.clearLog();
  const { stdout } = await roverd.run(
    ['doctor', '--json', '--set', 'teleop.port=0', 'video.enabled=false'],
    CHIPS_ENV,
  );
  const { findings } = JSON.parse(stdout) as { findings: { what: string; detail: string; mend?: string }[] };
  const of = (what: string) => findings.find((finding) => finding.what === what);
  assert.equal(of('I2C bus 1'), { what: 'I2C bus 1', detail: 'open' });
  assert.equal(of('motor chip'), { what: 'motor chip', detail: 'a PCA9685 at 0x60' });
  assert.ok(of('permissions') && of('clock'));
  assert.ok(chips.log().every(({ writtenLength }) => writtenLength <= 1));
  chips.close();
});

test('the simulator needs no I2C bus, and takes none', async () => {
  const chips = ownChips({ pca9685: [0x60] });
  const robot = await start('--simulate');
  assert.ok('pose' in (await robot.state()));
  assert.is(await robot.end(), 0);
  assert.equal(chips.log(), []);
  chips.close();
});

test.run();
