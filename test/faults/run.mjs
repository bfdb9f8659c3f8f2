/**
 * The fault table: drives at full speed on an emulated motor chip, brings a fault about, and measures until the
 * chip's outputs are off.
 *
 *   npm run faults [-- part of a fault ...] [--trials N] [--json FILE [--resume]] [--readme]
 *
 * `--trials` sets the number for every fault, `--resume` goes on where the run that wrote FILE ended, `--readme` writes
 * the table into the project's README. Exits with 1 when a fault missed its bound, left the motors on, or could not be
 * tried.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { replaceBetween } from '../documents.mjs';
import { loadTable } from './load.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { values: options, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: {
    trials: { type: 'string' },
    json: { type: 'string' },
    resume: { type: 'boolean', default: false },
    readme: { type: 'boolean', default: false },
  },
});

const { rows, tryRow } = await loadTable();

const chosen = rows.filter(({ fault }) => !wanted.length || wanted.some((part) => fault.includes(part)));
const earlier = options.resume ? JSON.parse(await readFile(options.json, 'utf8')) : [];
const results = [];
let failures = 0;
for (const row of chosen) {
  const known = earlier.find(({ fault }) => fault === row.fault);
  if (known) {
    take(known);
    continue;
  }
  const missing = row.missing?.() ?? null;
  if (missing !== null) {
    failures += 1;
    console.error(`${row.fault}: can't be tried, ${missing}`);
    continue;
  }
  try {
    take(await tryRow(row, Number(options.trials ?? row.trials)));
    if (options.json) await writeResults();
  } catch (error) {
    failures += 1;
    console.error(`${row.fault}: failed`, error);
  }
}
if (chosen.length === 0) {
  failures += 1;
  console.error(`No fault matches ${wanted.join(', ')}`);
}
if (options.json) await writeResults();
if (options.readme) {
  const where = `Measured by \`npm run faults\` on ${cpus().length} cores of an ${cpus()[0].model}, Node ${process.versions.node}, in ms.`;
  await replaceBetween(`${root}README.md`, 'faults', `${where}\n\n${table(results)}`);
}
process.exit(failures ? 1 : 0);

function take(result) {
  results.push(result);
  if (!isKept(result)) failures += 1;
  console.log(line(result));
}

function writeResults() {
  return writeFile(options.json, `${JSON.stringify(results, null, 2)}\n`);
}

function isKept({ maxMs, boundMs, stopped }) {
  return stopped && maxMs <= boundMs;
}

function line(result) {
  const { fault, trials, medianMs, p99Ms, maxMs, boundMs, stopped } = result;
  const verdict = stopped ? (isKept(result) ? 'kept' : 'MISSED') : 'MOTORS ON';
  const ms = (value) => show(value).padStart(6);
  return `${fault.padEnd(56)} ${String(trials).padStart(5)} trials  median ${ms(medianMs)}  p99 ${ms(p99Ms)}  max ${ms(maxMs)}  bound ${boundMs} ms  ${verdict}`;
}

function table(all) {
  const cells = (result) => {
    const { fault, measured, trials, medianMs, p99Ms, maxMs, boundMs, stopped } = result;
    const bound = isKept(result) ? `${boundMs}` : `${boundMs}, missed`;
    return `| ${fault} | ${measured} | ${trials} | ${show(medianMs)} | ${show(p99Ms)} | ${show(maxMs)} | ${bound} | ${stopped ? 'yes' : 'NO'} |`;
  };
  return [
    '| fault | measured | trials | median | p99 | max | bound | stopped |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    ...all.map(cells),
  ].join('\n');
}

function show(value) {
  return value < 10 ? value.toFixed(1) : value.toFixed(0);
}
