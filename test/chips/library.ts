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
const built = new Map<string, string>();

/** The library of the chips to preload. */
export const chipsLibrary = (): string => preloadLibrary('chips');

/** A library to preload: what is in test/NAME/preload, compiled anew when its sources changed. */
export function preloadLibrary(name: string): string {
  const library = built.get(name) ?? build(name);
  built.set(name, library);
  return library;
}

function build(name: string): string {
  const sources = join(packageRoot(), `test/${name}/preload`);
  const files = readdirSync(sources).sort();
  const hash = createHash('sha256').update(FLAGS.join(' '));
  for (const file of files) hash.update(file).update(readFileSync(join(sources, file)));
  const folder = join(packageRoot(), `dist/test/${name}`);
  const library = join(folder, `${name}-${hash.digest('hex').slice(0, 16)}.so`);
  if (existsSync(library)) return library;
  mkdirSync(folder, { recursive: true });
  // Others may be building it as well: it appears whole, under a name that nobody else writes.
  const unfinished = `${library}.${process.pid}`;
  const inputs = files.filter((file) => file.endsWith('.c')).map((file) => join(sources, file));
  const { status, stderr, error } = spawnSync(
    'cc',
    [...FLAGS, '-o', unfinished, ...inputs, '-ldl', '-lpthread'],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`What is in ${sources} does not compile:\n${error ?? stderr}`);
  renameSync(unfinished, library);
  return library;
}
