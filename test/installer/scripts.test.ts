import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { packageRoot } from '../../config/paths.ts';

const installer = join(packageRoot(), 'installer');
const scripts = ['', 'setup'].flatMap((folder) =>
  readdirSync(join(installer, folder))
    .filter((name) => name.endsWith('.sh'))
    .map((name) => join(folder, name)),
);

test('shellcheck finds nothing', () => {
  assert.ok(scripts.length > 10, `${scripts}`);
  const options = ['--external-sources', '--source-path=SCRIPTDIR', ...scripts];
  const { stdout, status } = spawnSync('shellcheck', options, { cwd: installer, encoding: 'utf8' });
  assert.is(status, 0, stdout);
});

test('systemd takes the unit, and calls it closed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'roverd-unit-'));
  try {
    // Its programs are on a robot only.
    const unit = readFileSync(join(installer, 'roverd.service'), 'utf8').replace(
      /=\/opt\/roverd\/\S+/g,
      '=/bin/true',
    );
    const path = join(folder, 'roverd.service');
    writeFileSync(path, unit);
    chmodSync(path, 0o644);
    const verified = spawnSync('systemd-analyze', ['verify', '--man=no', path], { encoding: 'utf8' });
    assert.is(verified.stderr, '');
    assert.is(verified.status, 0);
    const options = ['security', '--offline=true', '--threshold=25', '--no-pager', path];
    const { status, stdout } = spawnSync('systemd-analyze', options, { encoding: 'utf8' });
    assert.is(status, 0, stdout);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('every option that --help names is taken, and has the environment variable it says', () => {
  const script = readFileSync(join(installer, 'install.sh'), 'utf8');
  const help = spawnSync('bash', [join(installer, 'install.sh'), '--help'], { encoding: 'utf8' });
  assert.is(help.status, 0);
  const options = [...help.stdout.matchAll(/^ {2}--([a-z0-9-]+)/gm)].map((match) => match[1]!);
  assert.ok(options.length >= 13, `${options}`);
  for (const option of options) assert.match(script, new RegExp(`--${option}(\\)| \\|)`), option);
  const variables = [...help.stdout.matchAll(/ROVERD_[A-Z0-9_]+/g)].map(([name]) => name);
  for (const name of variables) assert.match(script, new RegExp(`\\$\\{${name}[:-]`), name);
});

test.run();
