import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

const FOLDER = '/proc/sys/fs/binfmt_misc';
const NAME = 'roverd-test-aarch64';
const INTERPRETER = '/usr/bin/qemu-aarch64-static';
/** ELF, 64 bit, little endian, executable or shared object, machine 183. */
const MAGIC = '\\x7fELF\\x02\\x01\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x02\\x00\\xb7\\x00';
const MASK =
  '\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\x00\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xfe\\xff\\xff\\xff';

/**
 * Lets this machine run programs for arm64, by qemu-user; F: also within another root, which has no qemu of its own.
 * @returns what takes that back
 */
export function runArm64(): () => void {
  if (!existsSync(INTERPRETER)) throw new Error(`Expected ${INTERPRETER}: apt-get install qemu-user-static`);
  if (!existsSync(`${FOLDER}/register`)) spawnSync('mount', ['-t', 'binfmt_misc', 'none', FOLDER]);
  if (
    existsSync(`${FOLDER}/qemu-aarch64`) &&
    readFileSync(`${FOLDER}/qemu-aarch64`, 'utf8').includes('flags: F')
  )
    return () => undefined;
  writeFileSync(`${FOLDER}/register`, `:${NAME}:M::${MAGIC}:${MASK}:${INTERPRETER}:F`);
  return () => writeFileSync(`${FOLDER}/${NAME}`, '-1');
}
