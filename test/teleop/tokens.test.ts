import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openTokenStore } from '../../firmware/teleop/tokens.ts';

const test = suite<{ folder: string }>('tokens');
test.before.each((context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'roverd-tokens-'));
});
test.after.each(({ folder }) => rmSync(folder, { recursive: true }));

test('a token is known after a restart, and no file holds it', ({ folder }) => {
  const { token, id } = openTokenStore(folder).mint({ name: 'phone', role: 'viewer', kind: 'paired' });
  const file = readFileSync(join(folder, 'tokens.json'), 'utf8');
  assert.not(file.includes(token));
  assert.is(statSync(join(folder, 'tokens.json')).mode & 0o777, 0o600);
  const again = openTokenStore(folder);
  const record = again.verify(token);
  assert.equal([record?.id, record?.name, record?.role], [id, 'phone', 'viewer']);
  assert.is(again.verify(`${token}x`), null);
});

test('what another process writes is seen', ({ folder }) => {
  const server = openTokenStore(folder);
  const cli = openTokenStore(folder);
  const { id, token } = server.mint({ name: 'phone', role: 'operator', kind: 'paired' });
  assert.ok(cli.revoke(id));
  assert.is(server.verify(token), null);
  assert.not(server.has(id));
  assert.not(cli.revoke(id), 'only once');
});

test('a code works once, until it expires, however it is typed', ({ folder }) => {
  let nowMs = 0;
  const store = openTokenStore(folder, () => nowMs);
  const code = store.createPairingCode({ role: 'operator', ttlMs: 1000 });
  assert.match(code, /^[A-Z2-9]{4}-[A-Z2-9]{4}$/);
  assert.is(store.redeem('AAAA-AAAA', 'x'), null);
  assert.is(store.redeem(code.toLowerCase().replace('-', ' '), 'phone')?.role, 'operator');
  assert.is(store.redeem(code, 'phone'), null);
  const late = store.createPairingCode({ role: 'operator', ttlMs: 1000 });
  nowMs = 1000;
  assert.is(store.redeem(late, 'phone'), null);
});

test('only the newest console tokens are kept, paired ones stay', ({ folder }) => {
  const store = openTokenStore(folder);
  const paired = store.mint({ name: 'phone', role: 'operator', kind: 'paired' });
  const consoles = Array.from({ length: 12 }, () =>
    store.mint({ name: 'console', role: 'operator', kind: 'console' }),
  );
  assert.ok(store.has(paired.id));
  assert.not(store.has(consoles[0]!.id));
  assert.ok(store.has(consoles[11]!.id));
  assert.is(store.list().length, 9);
});

test('a broken file is a clear error and stays as it is', ({ folder }) => {
  const path = join(folder, 'tokens.json');
  writeFileSync(path, '{"tokens":3}');
  assert.throws(() => openTokenStore(folder), /Remove it and pair again/);
  assert.is(readFileSync(path, 'utf8'), '{"tokens":3}');
});

test.run();
