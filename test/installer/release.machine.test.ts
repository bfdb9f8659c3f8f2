import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { packageRoot } from '../../config/paths.ts';
import { Releases } from './machine/releases.ts';

const test = suite('release');
let releases: Releases;
let names: string[];

test.before(() => {
  releases = new Releases();
  names = execFileSync('tar', ['-tzf', releases.archive()], { encoding: 'utf8' }).trim().split('\n');
});
test.after(() => releases?.remove());

const sha256 = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');

test('is small', () => {
  const mb = statSync(releases.archive()).size / 1e6;
  console.log(`archive: ${mb.toFixed(1)} MB`);
  assert.ok(mb <= 40, `${mb} MB`);
});

test('holds what runs on one platform, and nothing else', () => {
  for (const file of [
    'dist/roverd.js',
    'dist/page/index.html',
    'build/Release/roverd_guardian',
    'installer/setup.sh',
  ])
    assert.ok(
      names.some((name) => name.endsWith(`/${file}`)),
      file,
    );
  assert.equal(
    names.filter((name) => /\.map$|\/test\/|(darwin|win32|musl)[^/]*\/|\.d\.ts$/.test(name)),
    [],
  );
  const addons = names
    .filter((name) => name.endsWith('.node'))
    .map((name) => name.split('/').slice(1).join('/'));
  assert.is(addons.filter((name) => name.startsWith('node_modules/i2c-bus/')).length, 3);
  assert.ok(addons.some((name) => name.startsWith('node_modules/aws-crt/dist/bin/linux-')));
});

test('belongs to root, can be read by all, and is as old as the commit', () => {
  const listing = execFileSync('tar', ['-tvzf', releases.archive(), '--numeric-owner', '--full-time'], {
    encoding: 'utf8',
    env: { ...process.env, TZ: 'UTC' },
  });
  const kinds = new Set(
    listing
      .trim()
      .split('\n')
      .map((line) => {
        const [mode, owner, , day, time] = line.split(/\s+/);
        return `${mode} ${owner} ${day} ${time}`;
      }),
  );
  const modes = [...kinds].map((kind) => kind.split(' ')[0]).sort();
  assert.equal(modes, ['-rw-r--r--', '-rwxr-xr-x', 'drwxr-xr-x']);
  assert.is(new Set([...kinds].map((kind) => kind.split(' ').slice(1).join(' '))).size, 1, [...kinds].join());
});

test('the checksum is the archive’s, and openssl takes the signature by the key in install.sh', () => {
  const line = readFileSync(`${releases.archive()}.sha256`, 'utf8');
  assert.is(line.split(' ')[0], sha256(releases.archive()));
  const script = readFileSync(join(releases.folder, 'install.sh'), 'utf8');
  const key = join(releases.folder, 'public.pem');
  writeFileSync(key, /-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/.exec(script)![0]);
  const options = ['-verify', '-pubin', '-inkey', key, '-rawin', '-in', `${releases.archive()}.sha256`];
  execFileSync('openssl', ['pkeyutl', ...options, '-sigfile', `${releases.archive()}.sha256.sig`]);
});

test('the same sources, built anew, give the same bytes', () => {
  const out = mkdtempSync(join(tmpdir(), 'roverd-again-'));
  try {
    for (const stamp of ['dist/bundle-stamp', `build/release-modules-${process.arch}/stamp`])
      rmSync(join(packageRoot(), stamp));
    releases.make(out);
    const again = join(out, releases.archive().slice(releases.folder.length));
    assert.is(sha256(again), sha256(releases.archive()));
    assert.equal(readFileSync(`${again}.sha256.sig`), readFileSync(`${releases.archive()}.sha256.sig`));
  } finally {
    rmSync(out, { recursive: true });
  }
});

test.run();
