import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../config/paths.ts';

const FLAGS = [
  '-std=gnu11',
  '-O2',
  '-fPIC',
  '-shared',
  '-fvisibility=hidden',
  '-Wall',
  '-Wextra',
  '-Wconversion',
  '-Werror',
  '-Wl,-z,defs',
];
let built: string | null = null;

/** The library to preload, compiled anew when its sources changed. */
export function chipsLibrary(): string {
  built ??= build();
  return built;
}

function build(): string {
  const sources = join(packageRoot(), 'test/chips/preload');
  const names = readdirSync(sources).sort();
  const hash = createHash('sha256').update(FLAGS.join(' '));
  for (const name of names) hash.update(name).update(readFileSync(join(sources, name)));
  const folder = join(packageRoot(), 'dist/test/chips');
  const library = join(folder, `chips-${hash.digest('hex').slice(0, 16)}.so`);
  if (existsSync(library)) return library;
  mkdirSync(folder, { recursive: true });
  // Others may be building it as well: it appears whole, under a name that nobody else writes.
  const unfinished = `${library}.${process.pid}`;
  const inputs = names.filter((name) => name.endsWith('.c')).map((name) => join(sources, name));
  const { status, stderr, error } = spawnSync(
    'cc',
    [...FLAGS, '-o', unfinished, ...inputs, '-ldl', '-lpthread'],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`The emulation of the chips does not compile:\n${error ?? stderr}`);
  renameSync(unfinished, library);
  return library;
}
