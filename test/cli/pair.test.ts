import { readFileSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openTokenStore } from '../../firmware/teleop/tokens.ts';
import { Roverd } from './roverd.ts';

const test = suite('roverd pair');
const roverd = new Roverd();
test.before(() => roverd.build());
test.after(() => roverd.clean());

const codeIn = (text: string) => /[A-Z0-9]{4}-[A-Z0-9]{4}/.exec(text)?.[0] ?? '';

test('shows a code that makes one device an operator, once', async () => {
  const { exitCode, stdout } = await roverd.run(['pair']);
  assert.is(exitCode, 0);
  assert.match(stdout, 'makes one device an operator, once, within 10 min');
  const code = codeIn(stdout);
  assert.match(stdout, `http://localhost:8080/#pair=${code}\n`);
  const tokens = openTokenStore(roverd.stateDir);
  assert.is(tokens.redeem(code, 'phone')?.role, 'operator');
  assert.is(tokens.redeem(code, 'phone'), null);
});

test('gives the address by which other machines reach the robot', async () => {
  const { stdout } = await roverd.run(['pair', '--set', 'teleop.host=0.0.0.0', 'teleop.allowPlaintext=true']);
  assert.match(stdout, `http://${hostname().toLowerCase()}.local:8080/#pair=`);
});

test('--role viewer makes a viewer; --minutes bounds the life of the code', async () => {
  const { stdout } = await roverd.run(['pair', '--role', 'viewer', '--minutes', '1']);
  assert.match(stdout, 'makes one device a viewer, once, within 1 min');
  assert.is(openTokenStore(roverd.stateDir, () => Date.now() + 61_000).redeem(codeIn(stdout), 'x'), null);
  assert.is(openTokenStore(roverd.stateDir).redeem(codeIn(stdout), 'x')?.role, 'viewer');
});

test('--name prints a token for a program, and nothing else', async () => {
  const { exitCode, stdout } = await roverd.run(['pair', '--name', 'night watch', '--role', 'viewer']);
  assert.is(exitCode, 0);
  const record = openTokenStore(roverd.stateDir).verify(stdout.trimEnd());
  assert.is(record?.name, 'night watch');
  assert.is(record?.role, 'viewer');
  const file = join(roverd.stateDir, 'tokens.json');
  assert.not.match(readFileSync(file, 'utf8'), stdout.trimEnd());
  assert.is(statSync(file).mode & 0o777, 0o600);
});

test('--list shows the devices, --revoke removes one', async () => {
  const { id } = openTokenStore(roverd.stateDir).mint({ name: 'tablet', role: 'operator', kind: 'paired' });
  const list = await roverd.run(['pair', '--list']);
  assert.match(list.stdout, /^ID +NAME +ROLE +SINCE \(UTC\)$/m);
  assert.match(list.stdout, new RegExp(`^${id} +tablet +operator +\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d$`, 'm'));

  assert.is((await roverd.run(['pair', '--revoke', id])).exitCode, 0);
  assert.not.ok(openTokenStore(roverd.stateDir).has(id));
  const again = await roverd.run(['pair', '--revoke', id]);
  assert.is(again.exitCode, 1);
  assert.match(again.stderr, `No device has the id ${id}`);
});

test.run();
