/** What tests and benchmarks write into the documentation: text between `<!-- name -->` and `<!-- /name -->`. */
import { readFile, writeFile } from 'node:fs/promises';

/**
 * @param text what is to stand there, or a function that makes it of what stands there
 * @throws Error when the file has no such pair of marks
 */
export async function replaceBetween(file, name, text) {
  const before = await readFile(file, 'utf8');
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [from, to] = [before.indexOf(open), before.indexOf(close)];
  if (from < 0 || to < from) throw new Error(`Expected ${open} and ${close} in ${file}`);
  const made = typeof text === 'function' ? text(before.slice(from + open.length, to)) : text;
  await writeFile(file, `${before.slice(0, from + open.length)}\n${made}\n${before.slice(to)}`);
}
