/** Compiles native/kvs against the double of the SDK; what was compiled before and has not changed is kept. */
import { type ExecFileException, execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { packageRoot } from '../../config/paths.ts';

const root = packageRoot();
const double = join(root, 'test/native/kvs-double');
const native = join(root, 'native');
/** What speaks to JavaScript. */
const WITH_NODE = ['exports.cc', 'session.cc', 'log_session.cc'];
const WRAPPED = ['usrsctp_socket', 'usrsctp_close'].map((name) => `-Wl,--wrap=${name}`);
const COMMON = [
  '-std=c++17',
  '-g1',
  '-O1',
  '-pthread',
  '-Wall',
  '-Wextra',
  '-Werror',
  `-I${join(double, 'include')}`,
];

export interface Result {
  readonly code: number | string;
  readonly output: string;
}

export function run(command: string, words: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Result> {
  return new Promise((resolve) => {
    const options = { cwd: root, env: { ...process.env, ...env }, timeout: 240_000, maxBuffer: 2 ** 24 };
    execFile(command, words, options, (error: ExecFileException | null, stdout, stderr) => {
      resolve({ code: error ? (error.code ?? error.signal ?? -1) : 0, output: `${stdout}${stderr}` });
    });
  });
}

/** The checks in kvs-double/ as a program. @throws Error with what the compiler says */
export function compileChecks(sanitizer: string): Promise<string> {
  const sources = [
    ...sourcesIn(join(native, 'kvs')).filter((source) => !WITH_NODE.includes(basename(source))),
    ...sourcesIn(double),
  ];
  const flags = [...COMMON, '-fno-omit-frame-pointer', `-fsanitize=${sanitizer}`];
  return make(join('kvs-double', sanitizer, 'checks'), sources, flags, [...flags, ...WRAPPED]);
}

/**
 * The addon as it is with the SDK, with the double in its place. What has nothing to do with viewers is taken from
 * the addon's own build. @throws Error with what the compiler says
 */
export async function compileAddon(): Promise<string> {
  const config = readFileSync(join(root, 'build/config.gypi'), 'utf8').replace(/^#.*/, '');
  const { nodedir } = (JSON.parse(config) as { variables: { nodedir: string } }).variables;
  const napi = dirname(createRequire(join(root, 'package.json')).resolve('node-addon-api'));
  const built = join(root, 'build/Release/obj.target/roverd_native/native');
  const objects = readdirSync(built)
    .filter((name) => name.endsWith('.o') && name !== 'kvs_absent.o')
    .map((name) => join(built, name));
  const gstreamer = async (what: string) => {
    const { output } = await run('pkg-config', [what, 'gstreamer-1.0', 'gstreamer-app-1.0']);
    return output.trim().split(' ');
  };
  const flags = [
    ...COMMON,
    '-fPIC',
    // Beside the addon itself in one process, neither may see the other's.
    '-fvisibility=hidden',
    '-DNAPI_VERSION=8',
    '-DNAPI_CPP_EXCEPTIONS',
    `-isystem${join(nodedir, 'include/node')}`,
    `-isystem${napi}`,
    ...(await gstreamer('--cflags')),
  ];
  const link = [
    '-shared',
    '-pthread',
    '-Wl,-z,nodelete',
    ...WRAPPED,
    ...objects,
    ...(await gstreamer('--libs')),
  ];
  const sources = [
    ...sourcesIn(join(native, 'kvs')),
    ...['sdk.cc', 'usrsctp.cc'].map((name) => join(double, name)),
  ];
  return await make(join('kvs-double', 'addon', 'roverd_native.node'), sources, flags, link, objects);
}

function sourcesIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.cc'))
    .map((name) => join(folder, name));
}

function contents(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(cc|h)$/.test(name))
    .sort()
    .map((name) => `${name}\0${readFileSync(join(folder, name), 'utf8')}`);
}

async function make(
  name: string,
  sources: readonly string[],
  flags: readonly string[],
  link: readonly string[],
  linked: readonly string[] = [],
): Promise<string> {
  const made = join(root, 'build', name);
  const folder = dirname(made);
  const stamp = join(folder, 'stamp');
  const hash = createHash('sha256')
    .update(JSON.stringify([flags, link, contents(native), contents(double)]))
    .update(linked.map((file) => readFileSync(file, 'base64')).join(' '))
    .digest('hex');
  if (existsSync(made) && existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return made;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const waiting = [...sources];
  const objects: string[] = [];
  const compileNext = async (): Promise<void> => {
    for (let source = waiting.shift(); source; source = waiting.shift()) {
      const object = join(folder, `${basename(dirname(source))}-${basename(source)}.o`);
      await compiler([...flags, '-c', source, '-o', object]);
      objects.push(object);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, compileNext));
  await compiler(['-o', made, ...objects, ...link]);
  writeFileSync(stamp, hash);
  return made;
}

async function compiler(words: readonly string[]): Promise<void> {
  const { code, output } = await run('g++', words);
  if (code !== 0) throw new Error(output);
}
