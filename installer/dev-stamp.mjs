/** Remembers of what a made thing was made. A stamp is written last: what was broken off is made again. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** SHA-256 over names and contents of files, and over further words. */
export function hashOf(root, paths, ...words) {
  const hash = createHash('sha256');
  for (const path of [...paths].sort())
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(root, path)))
      .update('\0');
  return hash.update(words.join('\0')).digest('hex');
}

/** Files below a folder whose name ends in one of the endings; none when there is no such folder. */
export function filesBelow(root, folder, endings) {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && endings.some((ending) => entry.name.endsWith(ending)))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(root.length + 1));
}

/** Runs `make` unless the stamp file holds this hash. The stamp is gone while it runs. */
export async function unlessStamped(stampPath, hash, make) {
  if (existsSync(stampPath) && readFileSync(stampPath, 'utf8') === hash) return;
  rmSync(stampPath, { force: true });
  await make();
  writeFileSync(stampPath, hash);
}
