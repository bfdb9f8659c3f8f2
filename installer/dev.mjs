/**
 * From a bare Debian with Node to a running robot, its cloud on a desk, its tests, or its figures:
 *
 *   node installer/dev.mjs start [arguments of `roverd run`]
 *   node installer/dev.mjs desk  [arguments of cloud/local]
 *   node installer/dev.mjs test  [--node MAJOR] [arguments of test/run.mjs]
 *   node installer/dev.mjs test:installer [parts of paths]
 *   node installer/dev.mjs bench [arguments of test/bench/run.mjs]
 *   node installer/dev.mjs faults [arguments of test/faults/run.mjs]
 *   node installer/dev.mjs soak [arguments of test/faults/soak.mjs]
 *
 * What is there already is skipped in silence; what was broken off is done again.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  ensureAddon,
  ensureBundles,
  ensureNativePackages,
  ensureNpmPackages,
  otherNode,
  warmGstreamer,
} from './dev-project.mjs';
import { createSteps, SetupError } from './dev-steps.mjs';
import { ensurePackages } from './dev-system.mjs';

const SCRIPTS = {
  bench: 'test/bench/run.mjs',
  faults: 'test/faults/run.mjs',
  soak: 'test/faults/soak.mjs',
};
const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');
const steps = createSteps(root);
const [purpose, ...args] = process.argv.slice(2);
let child = null;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => end(signal));

// A killed npm does not tell what it runs: a robot that nobody can stop any more would stay behind.
if (process.env.npm_lifecycle_event !== undefined) {
  const starters = startedBy();
  const watch = setInterval(() => {
    if (startedBy() === starters) return;
    clearInterval(watch);
    end('SIGTERM');
  }, 250);
  watch.unref();
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`\n${error.message}`);
  process.exitCode = 1;
}

function end(signal) {
  if (child) child.kill(signal);
  else {
    steps.kill(signal);
    process.exit(128 + constants.signals[signal]);
  }
}

/** The process above this one and, where that is npm's shell, the npm above it. */
function startedBy() {
  const parent = process.ppid;
  try {
    // proc(5): pid (comm) state ppid
    const [, name, above] = /\((.*)\) \S (\d+)/.exec(readFileSync(`/proc/${parent}/stat`, 'utf8'));
    return ['sh', 'dash'].includes(name) ? `${parent} ${above}` : `${parent}`;
  } catch {
    return `${parent}`;
  }
}

async function main() {
  checkNode();
  switch (purpose) {
    case 'start':
      await setUp('run');
      return follow(process.execPath, ['dist/roverd.js', 'run', '--simulate', ...args]);
    case 'desk':
      await setUp('desk');
      return follow(process.execPath, ['cloud/local/run.mjs', ...args]);
    case 'test': {
      const { major, rest } = takeNodeOption(args);
      const node = await setUp('test', major);
      const failed = await failedChecks();
      return follow(node, ['test/run.mjs', ...rest, ...(failed ? ['--failed-checks', `${failed}`] : [])]);
    }
    case 'test:installer':
      await setUp('test');
      return follow(process.execPath, ['test/run.mjs', '--machines', '--verbose', ...args]);
    case 'bench':
    case 'faults':
    case 'soak':
      await setUp('test');
      return follow(process.execPath, [SCRIPTS[purpose], ...args]);
    default:
      throw new SetupError(
        'Expected start, desk, test, test:installer, bench, faults or soak: node installer/dev.mjs start',
      );
  }
}

/** @returns the path of the Node to go on with: this one, or that of the major version asked for */
async function setUp(forWhat, major = null) {
  await ensurePackages(steps, forWhat);
  await ensureNpmPackages(root, steps);
  const node = major === null ? process.execPath : await otherNode(root, steps, major);
  await ensureNativePackages(root, steps, node);
  await ensureAddon(root, steps);
  await warmGstreamer(root, steps);
  await ensureBundles(root, steps);
  return node;
}

function checkNode() {
  const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const [major, minor] = /(\d+)\.(\d+)/.exec(engines.node).slice(1).map(Number);
  const [ownMajor, ownMinor] = process.versions.node.split('.').map(Number);
  if (ownMajor > major || (ownMajor === major && ownMinor >= minor)) return;
  throw new SetupError(
    `Expected Node ${major}.${minor} or later but this is ${process.version}. https://nodejs.org/en/download has it.`,
  );
}

/** Checks types and style, prints what is wrong, and gives the number of checks that failed. */
async function failedChecks() {
  const checks = [
    ['types', ['node_modules/typescript/bin/tsc', '--noEmit']],
    ['style', ['node_modules/@biomejs/biome/bin/biome', 'check', '.']],
  ];
  let failed = 0;
  for (const [title, command] of checks) {
    try {
      await steps.step(title, ({ run }) => run(process.execPath, command));
    } catch (error) {
      console.error(`${error.message}\n`);
      failed += 1;
    }
  }
  return failed;
}

function takeNodeOption(list) {
  const at = list.findIndex((word) => word === '--node' || word.startsWith('--node='));
  if (at < 0) return { major: null, rest: list };
  const inOne = list[at].includes('=');
  const major = inOne ? list[at].split('=')[1] : list[at + 1];
  if (!/^\d+$/.test(major ?? ''))
    throw new SetupError('Expected --node to be followed by a major version, as in --node 24');
  return { major, rest: list.toSpliced(at, inOne ? 1 : 2) };
}

/** Runs the last command in the foreground, with this one's input, output, signals and exit code. */
function follow(node, command) {
  return new Promise((resolve, reject) => {
    child = spawn(node, command, {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ''}` },
    });
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  });
}
