import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../config/paths.ts';

/** A mapping template beside this file. Names of the stack come to it as stage variables. */
export function template(name: string): string {
  return readFileSync(join(packageRoot(), 'cloud/url-shortener/templates', `${name}.vtl`), 'utf8');
}
