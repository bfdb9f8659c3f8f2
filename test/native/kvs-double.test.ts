/**
 * The C++ of the KVS engine without the SDK: compiled against the double in kvs-double/, whose every call fails once,
 * and run under AddressSanitizer (with its leak check) and ThreadSanitizer.
 */
import { type ExecFileException, execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { packageRoot } from '../../config/paths.ts';

const root = packageRoot();
const double = join(root, 'test/native/kvs-double');
const native = join(root, 'native/kvs');
/** What speaks to JavaScript is tested with the addon. */
const WITH_NODE = ['exports.cc', 'session.cc', 'log_session.cc'];
const WRAPPED = ['usrsctp_socket', 'usrsctp_close'].map((name) => `-Wl,--wrap=${name}`);

const sources = (folder: string) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.cc') && !WITH_NODE.includes(name))
    .map((name) => join(folder, name));

function contents(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(cc|h)$/.test(name))
    .sort()
    .map((name) => `${name}\0${readFileSync(join(folder, name), 'utf8')}`);
}

interface Result {
  readonly code: number | string;
  readonly output: string;
}

function run(command: string, words: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Result> {
  return new Promise((resolve) => {
    const options = { cwd: root, env: { ...process.env, ...env }, timeout: 240_000, maxBuffer: 2 ** 24 };
    execFile(command, words, options, (error: ExecFileException | null, stdout, stderr) => {
      resolve({ code: error ? (error.code ?? error.signal ?? -1) : 0, output: `${stdout}${stderr}` });
    });
  });
}

async function compile(sanitizer: string): Promise<string> {
  const folder = join(root, 'build', 'kvs-double', sanitizer);
  const program = join(folder, 'checks');
  const stamp = join(folder, 'stamp');
  const flags = [
    '-std=c++17',
    '-g1',
    '-O1',
    '-fno-omit-frame-pointer',
    `-fsanitize=${sanitizer}`,
    '-pthread',
    '-Wall',
    '-Wextra',
    '-Werror',
    `-I${join(double, 'include')}`,
  ];
  const hash = createHash('sha256')
    .update(JSON.stringify([flags, contents(join(root, 'native')), contents(double)]))
    .digest('hex');
  if (existsSync(program) && existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return program;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const waiting = [...sources(native), ...sources(double)];
  const objects: string[] = [];
  const compileNext = async (): Promise<void> => {
    for (let source = waiting.shift(); source; source = waiting.shift()) {
      const object = join(folder, `${basename(join(source, '..'))}-${basename(source)}.o`);
      const { code, output } = await run('g++', [...flags, '-c', source, '-o', object]);
      assert.is(code, 0, output);
      objects.push(object);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, compileNext));
  const { code, output } = await run('g++', [...flags, ...WRAPPED, ...objects, '-o', program]);
  assert.is(code, 0, output);
  writeFileSync(stamp, hash);
  return program;
}

for (const [sanitizer, env] of [
  ['address', { ASAN_OPTIONS: 'detect_leaks=1:strict_string_checks=1' }],
  ['thread', { TSAN_OPTIONS: 'halt_on_error=1:second_deadlock_stack=1' }],
] as const) {
  test(`the KVS engine's C++ holds with every call failing, under the ${sanitizer} sanitizer`, async () => {
    const program = await compile(sanitizer);
    // ThreadSanitizer of GCC 12 can't place its memory where the kernel shuffles addresses by 32 bits.
    const checks = await run('setarch', ['-R', program], env);
    assert.is(checks.code, 0, checks.output);
    assert.match(checks.output, /^everything holds: \d+ viewers, \d+ frames\n$/);
    const exit = await run('setarch', ['-R', program, 'exit'], { ...env, LSAN_OPTIONS: 'detect_leaks=0' });
    assert.equal([exit.code, exit.output], [0, '']);
  });
}

test.run();
