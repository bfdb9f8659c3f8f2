/**
 * Runs every test file in a process of its own and counts what really ran.
 *
 *   node test/run.mjs [part of a path ...] [--jobs N] [--verbose] [--failed-checks N] [--bundle-only | --bundled] [--bail]
 *                    [--machines]
 *
 * `--machines` runs the files *.machine.test.ts, which boot whole machines and take minutes, instead of the others.
 * `--failed-checks` counts what failed before the tests (types, style) in with them. `--bundle-only` makes the
 * bundles and ends, `--bundled` takes those that are there, `--bail` ends with the first file that fails.
 *
 * uvu can exit 0 without testing (a rejection that is no Error, a forgotten test.run()), so a file passes
 * only when its process exits 0, its totals add up and its total is not zero.
 */
import { spawn } from 'node:child_process';
import { readdir, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values: options, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: {
    jobs: { type: 'string' },
    verbose: { type: 'boolean', default: false },
    'failed-checks': { type: 'string', default: '0' },
    'bundle-only': { type: 'boolean', default: false },
    bundled: { type: 'boolean', default: false },
    bail: { type: 'boolean', default: false },
    machines: { type: 'boolean', default: false },
  },
});

const FILE_TIMEOUT_MS = options.machines ? 1_200_000 : 300_000;

const files = (await listTests()).filter(
  (file) => !wanted.length || wanted.some((part) => file.includes(part)),
);
if (files.length === 0) {
  console.error(`No test file matches ${wanted.join(', ')}`);
  process.exit(1);
}
/** A file of this name has an I2C bus with chips of its own, and the emulation preloaded: see test/chips/. */
const withChips = (file) => file.endsWith('.chip.test.ts');
const CHIPS = 'test/chips/prepare.ts';
if (!options.bundled) await bundle(files.some(withChips) ? [...files, CHIPS] : files);
if (options['bundle-only']) process.exit(0);
const { prepareChips } = files.some(withChips) ? await import(pathToFileURL(scriptOf(CHIPS)).href) : {};

/** Browser and timing tests, and those that boot machines, have this one to themselves; the rest shares it. */
const alone = files.filter((file) => /\.(browser|alone|machine)\.test\.ts$/.test(file));
const shared = files.filter((file) => !alone.includes(file));
const jobs = Number(options.jobs ?? availableParallelism());

const results = [];
const running = new Set();
// A test file that goes on alone would keep its robots, browsers and network namespaces.
for (const [signal, code] of Object.entries({ SIGINT: 130, SIGTERM: 143 })) {
  process.once(signal, () => {
    for (const child of running) child.kill(signal);
    process.exit(code);
  });
}
await Promise.all(Array.from({ length: jobs }, () => drain(shared)));
await drain(alone);

const sum = (key) => results.reduce((total, result) => total + result[key], 0);
const skips = results.flatMap((result) => result.output.match(/^SKIP .*$/gm) ?? []);
if (skips.length) console.log(`\n${skips.join('\n')}`);
const broken = results.filter((result) => result.failed);
if (broken.length) console.log(`\nFailed files:\n${broken.map((result) => `  ${result.file}`).join('\n')}`);
const failed = sum('failed') + Number(options['failed-checks']);
console.log(`\n${sum('passed')} passed, ${failed} failed, ${sum('skipped')} skipped`);
process.exit(failed ? 1 : 0);

async function listTests() {
  const found = [];
  for (const entry of await readdir(`${root}test`, { recursive: true })) {
    const onMachine = entry.endsWith('.machine.test.ts');
    if (entry.endsWith('.test.ts') && onMachine === options.machines) found.push(`test/${entry}`);
  }
  return found.sort();
}

async function bundle(entryPoints) {
  if (wanted.length === 0) await rm(`${root}dist/test`, { recursive: true, force: true });
  const { bundleTests } = await import('../installer/bundle.mjs');
  await bundleTests(entryPoints, 'test', { sourcemap: 'inline', splitting: true });
}

async function drain(queue) {
  for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
    const result = await runFile(file);
    results.push(result);
    const mark = result.failed ? 'FAIL' : 'ok  ';
    console.log(
      `${mark} ${file}  ${result.passed} passed${result.skipped ? `, ${result.skipped} skipped` : ''}  ${(result.ms / 1000).toFixed(1)} s`,
    );
    if (result.failed || options.verbose) console.log(indent(result.output));
    if (result.failed) console.log(`     ${result.why}`);
    if (result.failed && options.bail) process.exit(1);
  }
}

function scriptOf(file) {
  return `${root}dist/${file.replace(/\.ts$/, '.js')}`;
}

function runFile(file) {
  const started = performance.now();
  const chips = withChips(file) ? prepareChips() : null;
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--enable-source-maps', scriptOf(file)], {
      cwd: root,
      env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0', ...chips?.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.add(child);
    let output = '';
    let timedOut = false;
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill('SIGKILL');
    }, FILE_TIMEOUT_MS);
    child.on('close', (exitCode, signal) => {
      clearTimeout(timer);
      running.delete(child);
      chips?.remove();
      resolve({
        file,
        output,
        ms: performance.now() - started,
        ...judge(output, exitCode, signal, timedOut),
      });
    });
  });
}

function judge(output, exitCode, signal, timedOut) {
  const count = (name) => Number(output.match(new RegExp(`^\\s*${name}:\\s+(\\d+)`, 'm'))?.[1] ?? 0);
  const total = count('Total');
  const passed = count('Passed');
  const skipped = count('Skipped');
  const why = timedOut
    ? `did not end within ${FILE_TIMEOUT_MS / 1000} s (a handle left open keeps a test alive)`
    : signal
      ? `ended by ${signal}`
      : exitCode !== 0
        ? `exited with ${exitCode}`
        : total + skipped === 0
          ? 'ran no test: is test.run() missing?'
          : total !== passed
            ? `${total} tests, but only ${passed} passed`
            : null;
  return { passed, skipped, failed: why ? Math.max(1, total - passed) : 0, why };
}

function indent(text) {
  return text.replace(/^/gm, '     ');
}
