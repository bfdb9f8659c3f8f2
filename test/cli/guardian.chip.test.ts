import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { silenceFile } from '../../firmware/drive/silence.ts';
import { ownChips } from '../chips/chips.ts';
import { motorState } from '../drive/chip-wheels.ts';
import { guardiansOf, lives, until } from '../native/guardian-rig.ts';
import { Roverd } from './roverd.ts';

const test = suite('roverd and its guardian on hardware');
const roverd = new Roverd();
test.before(() => roverd.build());
test.after(() => roverd.clean());

const { LD_PRELOAD, CHIPS_STATE } = process.env;
const ALL_LED_OFF_H = 0xfd;
const ENV = { LD_PRELOAD, CHIPS_STATE };

async function bench() {
  const chips = ownChips({ pca9685: [0x60] });
  const settings = ['video.enabled=false', 'log.format=json', 'drive.actionMs=2000'];
  const child = roverd.spawn(['run', '--port', '0', '--set', ...settings], ENV);
  let [output, log] = ['', ''];
  child.stdout?.on('data', (chunk) => (output += chunk));
  child.stderr?.on('data', (chunk) => (log += chunk));
  const address = await until('the address', () => /http(\S+)(?=\n)/.exec(output)?.[0], 30_000);
  const { origin, port, hash } = new URL(address);
  const headers = { authorization: `Bearer ${hash.slice('#token='.length)}` };
  const states = () => [1, 2].map((motor) => motorState(chips.pca9685().duty, motor).state);
  return {
    chips,
    child,
    here: ['--set', `teleop.port=${port}`],
    log: () => log,
    guardian: guardiansOf(child.pid!)[0]!,
    states,
    async drive() {
      const taken = await fetch(`${origin}/publish`, {
        method: 'POST',
        body: '{"action":"forward"}',
        headers,
      });
      assert.is(taken.status, 200, await taken.text());
      await until('the motors turn', () => states().every((state) => state === 'drives'));
    },
  };
}
const coasts = (state: string) => state === 'coasts';

test('a robot that is killed leaves the motors silent, and roverd stop silences them again', async () => {
  const { chips, child, here, guardian, states, drive } = await bench();
  await drive();
  child.kill('SIGKILL');
  await until('silent', () => states().every(coasts));
  await until('the guardian has ended', () => !lives(guardian));
  const { exitCode, stdout } = await roverd.run(['stop', ...here], ENV);
  assert.is(exitCode, 0);
  assert.is(stdout, 'Silenced the motors directly:\n  I2C bus 1, address 0x60: silenced\n');
  assert.equal([...(chips.log().at(-1)?.written ?? [])], [0xfd, 0x10]);
  chips.close();
});

test('a robot that is frozen while it drives is silenced by the guardian, and by roverd stop', async () => {
  const { chips, child, here, states, drive } = await bench();
  await drive();
  child.kill('SIGSTOP');
  await until('silent', () => states().every(coasts));
  assert.is((await roverd.run(['stop', ...here], ENV)).exitCode, 0);
  child.kill('SIGKILL');
  await once(child, 'exit');
  chips.close();
});

test('a terminal’s or a service manager’s signal to the whole group ends both in order', async () => {
  const { chips, child, guardian, states, drive, log } = await bench();
  await drive();
  process.kill(guardian, 'SIGTERM');
  process.kill(guardian, 'SIGINT');
  child.kill('SIGTERM');
  const [code] = (await once(child, 'exit')) as [number];
  assert.is(code, 0, log());
  assert.not.ok(lives(guardian));
  assert.ok(states().every((state) => state !== 'drives'));
  assert.match(log(), 'the guardian runs');
  assert.not.match(log(), /"level":"(error|fatal)"/);
  assert.match(readFileSync(silenceFile(roverd.stateDir), 'utf8'), /^i2c 1 96 fd10$/m);
  chips.close();
});

test('without a guardian that can silence the motors there is no robot, and it says why in one line', async () => {
  const chips = ownChips({ pca9685: [0x60] });
  // The driver's own, as it sets the chip up, goes through.
  chips.inject({ error: 'EIO', direction: 'write', register: ALL_LED_OFF_H, after: 1 });
  const { exitCode, stdout, stderr } = await roverd.run(
    ['run', '--port', '0', '--set', 'video.enabled=false', 'log.level=fatal'],
    ENV,
  );
  assert.is(exitCode, 1);
  assert.is(stdout, '');
  const [why] = stderr.split('\n').filter((line) => !line.startsWith('{'));
  assert.is(
    why,
    "roverd: The guardian can't be started: it has not become ready; 1 I2C bus 1, address 0x60: can't write: Input/output error",
  );
  chips.close();
});

test('a simulated robot has no guardian and leaves no steps', async () => {
  const child = roverd.spawn(['run', '--simulate', '--port', '0']);
  let output = '';
  child.stdout?.on('data', (chunk) => (output += chunk));
  await until('the address', () => output.includes('\n'), 30_000);
  assert.equal(guardiansOf(child.pid!), []);
  assert.not.ok(existsSync(silenceFile(roverd.stateDir)));
  child.kill('SIGTERM');
  await once(child, 'exit');
});

test.run();
