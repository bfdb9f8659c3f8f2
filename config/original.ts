import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { keys } from './schema.ts';

/** Keys of config.json in aws-samples/aws-serverless-telepresence-robot, flat, and what each is called here. */
export const ORIGINAL_KEYS: ReadonlyMap<string, string> = new Map([
  ['IOT_THINGNAME', 'cloud.thingName'],
  ['IOT_CORE_ENDPOINT', 'cloud.endpoint'],
  ['IOT_GET_CREDENTIAL_ENDPOINT', 'cloud.credentialsEndpoint'],
  ['ROLE_ALIAS', 'cloud.roleAlias'],
  ['AWS_DEFAULT_REGION', 'cloud.region'],
]);

/** A value that some source gives a key. */
export interface Entry {
  readonly key: string;
  readonly value: unknown;
  readonly source: string;
}

/**
 * The original's settings among a file's content. Its installer leaves them blank until they are filled in, so a
 * blank one sets nothing.
 */
export function fromOriginal(content: Readonly<Record<string, unknown>>, file: string): Entry[] {
  const entries: Entry[] = [];
  for (const [name, key] of ORIGINAL_KEYS) {
    const value = content[name];
    if (!Object.hasOwn(content, name) || value === '') continue;
    entries.push({ key, value, source: `${file} (${name})` });
  }
  const thing = entries.find((entry) => entry.key === 'cloud.thingName');
  if (thing) {
    if (fits('robot.name', thing.value)) entries.push({ ...thing, key: 'robot.name' });
    entries.push({ key: 'cloud.topics', value: 'original', source: thing.source });
  }
  return entries;
}

/** Where certificates are looked for: `certs` beside the configuration file, as in the original, else installed ones. */
export function certificatePaths(
  file: string | undefined,
): [key: 'cloud.certificate' | 'cloud.privateKey' | 'cloud.ca', path: string][] {
  const folders = [
    ...(file === undefined ? [] : [join(dirname(resolve(file)), 'certs')]),
    '/etc/roverd/certs',
  ];
  const find = (name: string) => {
    const paths = folders.map((folder) => join(folder, name));
    return paths.find((path) => existsSync(path)) ?? paths[0]!;
  };
  return [
    ['cloud.certificate', find('certificate.pem')],
    ['cloud.privateKey', find('private.pem.key')],
    ['cloud.ca', find('cacert.pem')],
  ];
}

function fits(key: string, value: unknown): boolean {
  try {
    keys.get(key)!.format(value);
    return true;
  } catch {
    return false;
  }
}
