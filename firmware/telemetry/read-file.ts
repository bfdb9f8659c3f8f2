import { readFile } from 'node:fs/promises';

/** Null when it is not there, may not be read, or its device is gone: all mean that there is no such reading. */
export function readOrNull(path: string): Promise<string | null> {
  return readFile(path, 'utf8').catch(() => null);
}
