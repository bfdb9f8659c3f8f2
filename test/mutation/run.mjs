/**
 * Mutation tests of what decides and what turns the motors, by Stryker: see README.md.
 *
 *   npm run mutation [-- part of a path ...]
 *
 * A change that no test notices has to be explained in explained.json; the others are listed, and the exit code is 1.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { GROUPS } from './groups.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const FOLDER = 'build/mutation';
const CONFIG = `${FOLDER}/stryker.config.json`;
const REPORT = `${FOLDER}/report.json`;
const read = (path) => JSON.parse(readFileSync(`${root}${path}`, 'utf8'));

const wanted = process.argv.slice(2);
const chosen = GROUPS.map(({ sources, tests }) => ({
  sources: sources.filter((path) => !wanted.length || wanted.some((part) => path.includes(part))),
  tests,
})).filter(({ sources }) => sources.length > 0);
if (chosen.length === 0) {
  const known = GROUPS.flatMap(({ sources }) => sources).join('\n');
  console.error(`Expected part of one of these but received ${wanted.join(', ')}:\n${known}`);
  process.exit(1);
}

const explained = read('test/mutation/explained.json');
const results = chosen.flatMap((group) => filesOf(mutate(group)));
for (const { open, superfluous } of results) {
  for (const { file, at, line, mutatorName, replacement } of open) {
    console.log(
      `\nnot noticed: ${file}:${at} ${mutatorName}\n  ${line}\n  with ${JSON.stringify(replacement)}`,
    );
  }
  for (const { file, line, replacement } of superfluous) {
    console.log(`\nexplained, but noticed: ${file}\n  ${line}\n  with ${JSON.stringify(replacement)}`);
  }
}
console.log();
for (const { file, changes, survivors, open } of results) {
  console.log(
    `${file}: ${changes} changes, ${changes - survivors} noticed, ${survivors - open.length} explained, ${open.length} open`,
  );
}
process.exit(results.some(({ open, superfluous }) => open.length + superfluous.length > 0) ? 1 : 0);

/** Stryker's report on the sources of one group; ends the process when Stryker itself fails. */
function mutate({ sources, tests }) {
  const stage = (parts) => `node test/run.mjs ${parts.join(' ')} --bundled --bail --jobs 1`;
  mkdirSync(`${root}${FOLDER}`, { recursive: true });
  rmSync(`${root}${REPORT}`, { force: true });
  const config = {
    ...read('test/mutation/stryker.config.json'),
    mutate: sources,
    commandRunner: { command: tests.map(stage).join(' && ') },
    buildCommand: `node test/run.mjs ${tests.flat().join(' ')} --bundle-only`,
    jsonReporter: { fileName: REPORT },
    tempDirName: `${FOLDER}/sandbox`,
  };
  writeFileSync(`${root}${CONFIG}`, JSON.stringify(config));
  const { status } = spawnSync(
    process.execPath,
    ['node_modules/@stryker-mutator/core/bin/stryker.js', 'run', CONFIG],
    { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] },
  );
  if (status !== 0) process.exit(1);
  return read(REPORT).files;
}

function filesOf(report) {
  return Object.entries(report).map(([file, { source, mutants }]) => {
    const tested = mutants.filter(({ status }) => status !== 'Ignored');
    const survivors = tested
      .filter(({ status }) => status === 'Survived' || status === 'NoCoverage')
      .map(({ mutatorName, replacement, location }) => ({
        file,
        line: source.split('\n')[location.start.line - 1].trim(),
        at: location.start.line,
        mutatorName,
        replacement,
      }));
    const isSame = (a) => (b) => a.file === b.file && a.line === b.line && a.replacement === b.replacement;
    return {
      file,
      changes: tested.length,
      survivors: survivors.length,
      open: survivors.filter((mutant) => !explained.some(isSame(mutant))),
      superfluous: explained.filter((entry) => entry.file === file && !survivors.some(isSame(entry))),
    };
  });
}
