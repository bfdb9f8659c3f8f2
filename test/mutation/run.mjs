/**
 * Mutation tests of what decides and what turns the motors, by Stryker: see README.md.
 *
 *   npm run mutation [-- part of a path ...] [-- --again]
 *
 * A change that no test notices has to be explained in explained.json; the others are listed, and the exit code is 1.
 * `--again` asks about those alone that the last run on a source has not seen noticed in time.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { GROUPS } from './groups.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const FOLDER = 'build/mutation';
const read = (path) => JSON.parse(readFileSync(`${root}${path}`, 'utf8'));
const write = (path, value) => writeFileSync(`${root}${path}`, JSON.stringify(value));
/** What belongs to one source, so that several can be asked about at the same time. */
const fileOf = (source, what) => `${FOLDER}/${source.replace('firmware/', '').replace(/\W/g, '-')}.${what}`;
/** What is known of all its changes. */
const reportOf = (source) => fileOf(source, 'json');

const { values: options, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: { again: { type: 'boolean', default: false } },
});
const chosen = GROUPS.flatMap(({ sources, tests }) => sources.map((source) => ({ source, tests }))).filter(
  ({ source }) => !wanted.length || wanted.some((part) => source.includes(part)),
);
if (chosen.length === 0) {
  const known = GROUPS.flatMap(({ sources }) => sources).join('\n');
  console.error(`Expected part of one of these but received ${wanted.join(', ')}:\n${known}`);
  process.exit(1);
}

const explained = read('test/mutation/explained.json');
mkdirSync(`${root}${FOLDER}`, { recursive: true });
const summary = [];
let failed = false;
for (const { source, tests } of chosen) {
  const { changes, noticed, timedOut, survivors, open, superfluous } = judge(source, mutate(source, tests));
  for (const { at, line, mutatorName, replacement } of open) {
    const what = JSON.stringify(replacement);
    console.log(`\nnot noticed: ${source}:${at} ${mutatorName}\n  ${line}\n  with ${what}`);
  }
  for (const { line, replacement } of superfluous) {
    console.log(`\nexplained, but noticed: ${source}\n  ${line}\n  with ${JSON.stringify(replacement)}`);
  }
  const known = survivors - open.length;
  summary.push(
    `${source}: ${changes} changes, ${noticed} noticed, ${timedOut} timed out, ${known} explained, ${open.length} open`,
  );
  failed ||= open.length + superfluous.length > 0;
}
console.log(`\n${summary.join('\n')}`);
process.exit(failed ? 1 : 0);

/** What is known of all changes of a source after this run; ends the process when Stryker itself fails. */
function mutate(source, tests) {
  const text = readFileSync(`${root}${source}`, 'utf8');
  const kept = options.again && existsSync(`${root}${reportOf(source)}`) ? read(reportOf(source)) : null;
  const before = kept?.source === text ? kept : null;
  const asked = before?.mutants.filter(({ status }) => isOpen(status) || status === 'Timeout');
  if (asked?.length === 0) return before;
  const { mutants } = stryker(
    source,
    asked?.map(({ location }) => rangeOf(source, location)) ?? [source],
    tests,
  );
  const sameAs = (a) => (b) => nameOf(a) === nameOf(b);
  const all = before ? before.mutants.map((mutant) => mutants.find(sameAs(mutant)) ?? mutant) : mutants;
  write(reportOf(source), { source: text, mutants: all });
  return { source: text, mutants: all };
}

function stryker(source, ranges, tests) {
  const [config, latest] = [fileOf(source, 'config.json'), fileOf(source, 'latest.json')];
  const stage = (parts) => `node test/run.mjs ${parts.join(' ')} --bundled --bail --jobs 1`;
  rmSync(`${root}${latest}`, { force: true });
  write(config, {
    ...read('test/mutation/stryker.config.json'),
    mutate: ranges,
    commandRunner: { command: tests.map(stage).join(' && ') },
    buildCommand: `node test/run.mjs ${tests.flat().join(' ')} --bundle-only`,
    jsonReporter: { fileName: latest },
    tempDirName: fileOf(source, 'sandbox'),
  });
  const { status } = spawnSync(
    process.execPath,
    ['node_modules/@stryker-mutator/core/bin/stryker.js', 'run', config],
    { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, PROPERTY_RUNS: '100' } },
  );
  if (status !== 0) process.exit(1);
  return Object.values(read(latest).files)[0];
}

function judge(source, { source: text, mutants }) {
  const tested = mutants.filter(({ status }) => status !== 'Ignored');
  const survivors = tested
    .filter(({ status }) => isOpen(status))
    .map(({ mutatorName, replacement, location }) => ({
      line: text.split('\n')[location.start.line - 1].trim(),
      at: `${location.start.line}:${location.start.column}`,
      mutatorName,
      replacement,
    }));
  const entries = explained.filter(({ file }) => file === source);
  const isSame = (a) => (b) => a.line === b.line && a.replacement === b.replacement;
  return {
    changes: tested.length,
    noticed: tested.filter(({ status }) => !isOpen(status) && status !== 'Timeout').length,
    timedOut: tested.filter(({ status }) => status === 'Timeout').length,
    survivors: survivors.length,
    open: survivors.filter((mutant) => !entries.some(isSame(mutant))),
    superfluous: entries.filter((entry) => !survivors.some(isSame(entry))),
  };
}

function isOpen(status) {
  return status === 'Survived' || status === 'NoCoverage';
}

function nameOf({ mutatorName, replacement, location }) {
  return JSON.stringify([mutatorName, replacement, location]);
}

/** Columns count from 1 in a report, from 0 where Stryker is asked. */
function rangeOf(source, { start, end }) {
  return `${source}:${start.line}:${start.column - 1}-${end.line}:${end.column - 1}`;
}
