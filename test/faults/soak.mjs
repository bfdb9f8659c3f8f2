/**
 * Drives a robot at random through random faults, and sees that the motors stand after each, that its memory stays
 * flat and that no handle is leaked.
 *
 *   npm run soak [-- --minutes 10] [--seed N] [--json FILE]
 *
 * Exits with 1 when something moved, grew or leaked.
 */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { loadTable } from './load.mjs';

/** MiB of resident memory that a flat run may differ by; a heap that holds on to things grows without end. */
const MAX_RESIDENT_GROWTH_MIB = 8;
const MAX_HEAP_GROWTH_MIB = 2;

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    json: { type: 'string' },
  },
});
const [minutes, seed] = [Number(options.minutes), Number(options.seed)];
if (!(minutes > 0) || !Number.isInteger(seed)) {
  console.error(
    `Expected minutes above 0 and a whole seed but received ${options.minutes} and ${options.seed}`,
  );
  process.exit(2);
}

const { soak } = await loadTable();
console.log(`seed ${seed}, ${minutes} min`);
const result = await soak({ minutes, seed, say: (line) => console.log(line) });
if (options.json) await writeFile(options.json, `${JSON.stringify(result, null, 2)}\n`);

const complaints = [
  ...result.failed.map((name) => `after "${name}" the motors did not stand`),
  ...grown('resident memory', result.residentMiB, MAX_RESIDENT_GROWTH_MIB, 'MiB'),
  ...grown('heap', result.heapMiB, MAX_HEAP_GROWTH_MIB, 'MiB'),
  ...grown('open files', result.files, 0, ''),
  ...grown('handles', result.handles, 0, ''),
];
for (const [name, count] of Object.entries(result.faults).sort()) console.log(`${name.padEnd(24)} ${count}`);
for (const key of ['residentMiB', 'heapMiB', 'files', 'handles']) {
  console.log(`${key.padEnd(24)} ${result[key].map((value) => value.toFixed(1)).join(' -> ')}`);
}
for (const complaint of complaints) console.error(complaint);
console.log(complaints.length ? 'FAILED' : 'ok');
process.exit(complaints.length ? 1 : 0);

function grown(what, [early, late], byMost, unit) {
  return late - early > byMost ? [`${what} grew from ${early.toFixed(1)} to ${late.toFixed(1)} ${unit}`] : [];
}
