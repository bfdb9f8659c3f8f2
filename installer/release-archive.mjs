/** Archives that depend on nothing but what is in them, and their signatures. */
import { execFileSync } from 'node:child_process';
import { createHash, sign as signBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';

/** Packs a folder, under its own name, into a .tar.gz. @param {number} madeAtS seconds since 1970 */
export function pack(folder, archive, madeAtS) {
  const tar = [
    '--sort=name',
    `--mtime=@${madeAtS}`,
    '--owner=0',
    '--group=0',
    '--numeric-owner',
    '--mode=u=rwX,go=rX',
    '--format=gnu',
    '--use-compress-program=gzip -n6',
  ];
  execFileSync('tar', [...tar, '-cf', archive, '-C', dirname(folder), basename(folder)], {
    env: { ...process.env, LC_ALL: 'C' },
  });
}

/** Writes the line `HASH  NAME` into ARCHIVE.sha256 and its Ed25519 signature (RFC 8032) into ARCHIVE.sha256.sig. */
export function sign(archive, key) {
  const line = `${sha256Of(archive)}  ${basename(archive)}\n`;
  writeFileSync(`${archive}.sha256`, line);
  writeFileSync(`${archive}.sha256.sig`, signBytes(null, Buffer.from(line), key));
}

export function sha256Of(path) {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
