import { chmodSync, chownSync, existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { CommandLineError, EXIT } from './exit.ts';

type Content = Record<string, Record<string, unknown>>;

/**
 * Sets keys in a configuration file and keeps the rest of it, its owner and its mode. It is there whole at any
 * time: a robot that starts meanwhile reads the old or the new one.
 * @param values by key, `drive.invertLeft`
 * @throws CommandLineError when the file can't be read or written
 */
export function changeConfigFile(path: string, values: Readonly<Record<string, unknown>>): void {
  try {
    const content: Content = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {};
    for (const [key, value] of Object.entries(values)) {
      const [section = '', name = ''] = key.split('.');
      content[section] = { ...content[section], [name]: value };
    }
    const draft = `${path}.${process.pid}`;
    writeFileSync(draft, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
    // One that is made new goes to whom its folder belongs: the service's group has to read it.
    const isNew = !existsSync(path);
    const { uid, gid, mode } = statSync(isNew ? dirname(path) : path);
    if (process.getuid?.() === 0) chownSync(draft, uid, gid);
    chmodSync(draft, isNew ? 0o640 : mode & 0o777);
    renameSync(draft, path);
  } catch (cause) {
    throw new CommandLineError(EXIT.failed, `Can't change ${path}: ${(cause as Error).message}`, { cause });
  }
}
