/**
 * Mutation tests of what decides and what turns the motors, by Stryker:
 *
 *   npm run mutation [-- part of a path ...]
 *
 * Changes the sources one spot at a time and runs the tests of command/ and drive/ on each change. A change that no
 * test notices has to be explained in explained.json; the others are listed, and the exit code is 1.
 * Texts are left alone: codes are held by the type checker, and what an operator reads is judged by people.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path) => JSON.parse(readFileSync(`${root}${path}`, 'utf8'));

const wanted = process.argv.slice(2);
const { mutate } = read('test/mutation/stryker.config.json');
const chosen = wanted.length ? mutate.filter((path) => wanted.some((part) => path.includes(part))) : mutate;
if (chosen.length === 0) {
  console.error(`Expected part of one of these but received ${wanted.join(', ')}:\n${mutate.join('\n')}`);
  process.exit(1);
}
const stryker = ['node_modules/@stryker-mutator/core/bin/stryker.js', 'run'];
const { status } = spawnSync(
  process.execPath,
  [...stryker, 'test/mutation/stryker.config.json', '--mutate', chosen.join(',')],
  { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] },
);
if (status !== 0) process.exit(1);

const explained = read('test/mutation/explained.json');
const { files } = read('build/mutation/report.json');
const survivors = Object.entries(files).flatMap(([file, { source, mutants }]) =>
  mutants
    .filter(({ status }) => status === 'Survived' || status === 'NoCoverage')
    .map(({ mutatorName, replacement, location }) => ({
      file,
      line: source.split('\n')[location.start.line - 1].trim(),
      at: location.start.line,
      mutatorName,
      replacement,
    })),
);
const tested = Object.values(files).flatMap(({ mutants }) =>
  mutants.filter(({ status }) => status !== 'Ignored'),
);
const isExplained = (mutant) =>
  explained.some(
    ({ file, line, replacement }) =>
      file === mutant.file && line === mutant.line && replacement === mutant.replacement,
  );
const open = survivors.filter((mutant) => !isExplained(mutant));
for (const { file, at, line, mutatorName, replacement } of open) {
  console.log(
    `\nnot noticed: ${file}:${at} ${mutatorName}\n  ${line}\n  with ${JSON.stringify(replacement)}`,
  );
}
console.log(
  `\n${tested.length} changes, ${tested.length - survivors.length} noticed, ${survivors.length - open.length} explained, ${open.length} open`,
);
process.exit(open.length ? 1 : 0);
