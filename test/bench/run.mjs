/**
 * Runs every benchmark under test/bench/ one after the other and prints what they measured.
 *
 *   npm run bench [-- part of a name ...] [--json FILE] [--readme]
 *
 * A benchmark exports bench(): Promise<Figure[]>, see figure.ts. `--readme` writes what was measured into
 * test/bench/README.md, and the figures with a target into the project's README; of a run of some, the others stay.
 */
import { readdir, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { bundleTests } from '../../installer/bundle.mjs';
import { replaceBetween } from '../documents.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { values: options, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'string' }, readme: { type: 'boolean', default: false } },
});

const sources = (await readdir(`${root}test/bench`)).filter((name) => name.endsWith('.ts'));
await bundleTests(
  sources.map((name) => `test/bench/${name}`),
  'bench',
  { splitting: true },
);

const figures = [];
let failures = 0;
for (const name of sources.map((source) => source.replace(/\.ts$/, '')).sort()) {
  if (wanted.length && !wanted.some((part) => name.includes(part))) continue;
  const { bench } = await import(pathToFileURL(`${root}dist/test/bench/${name}.js`).href);
  if (!bench) continue;
  console.error(`${name} ...`);
  try {
    for (const figure of await bench()) {
      figures.push(figure);
      console.log(line(figure));
    }
  } catch (error) {
    failures += 1;
    console.error(`${name} failed:`, error);
  }
}
if (figures.length === 0) {
  console.error('No benchmark gave a figure');
  process.exit(1);
}
if (options.json) await writeFile(options.json, `${JSON.stringify(figures, null, 2)}\n`);
if (options.readme && failures === 0) {
  const where = `Measured by \`npm run bench\` on ${cpus().length} cores of an ${cpus()[0].model}, Node ${process.versions.node}, with headless Chromium on the same machine.`;
  const withTarget = figures.filter(({ met }) => met !== null);
  await replaceBetween(`${root}README.md`, 'figures', (before) => `${where}\n\n${table(withTarget, before)}`);
  await replaceBetween(
    `${root}test/bench/README.md`,
    'figures',
    (before) => `${where}\n\n${table(figures, before)}`,
  );
}
process.exit(failures ? 1 : 0);

/** @param before the table so far: of a run of some, what was not measured stays as it was */
function table(rows, before) {
  const line = ({ name, unit, median, p99, target, met }) =>
    `| ${name} | ${show(median).trim()} ${unit} | ${show(p99).trim()} ${unit} | ${target.replaceAll('<=', '≤')}${met === false ? ', missed' : ''} |`;
  const nameOf = (text) => text.split(' | ')[0];
  const kept = new Map();
  if (wanted.length > 0) {
    for (const text of before.match(/^\| [^|-].* \|$/gm) ?? []) kept.set(nameOf(text), text);
  }
  for (const row of rows) kept.set(nameOf(line(row)), line(row));
  return ['| | median | p99 | target |', '| --- | --- | --- | --- |', ...kept.values()].join('\n');
}

function line({ name, unit, median, p99, target, met }) {
  const verdict = met === null ? '' : met ? 'met' : 'MISSED';
  return `${name.padEnd(58)} median ${show(median)}  p99 ${show(p99)} ${unit.padEnd(8)} ${target.padEnd(22)} ${verdict}`;
}

function show(value) {
  return (value < 10 ? value.toFixed(2) : value.toFixed(value < 100 ? 1 : 0)).padStart(7);
}
