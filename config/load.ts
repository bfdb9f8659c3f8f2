import { accessSync, constants, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import convict from 'convict';
import { ConfigError, type ConfigFault, showValue } from './error.ts';
import { certificatePaths, type Entry, fromOriginal, ORIGINAL_KEYS } from './original.ts';
import { packageRoot } from './paths.ts';
import { brokenRules } from './rules.ts';
import { type Config, keys, schema } from './schema.ts';

/** Variables with the prefix that are no keys: the command line reads them. */
export const OTHER_VARIABLES: readonly string[] = ['ROVERD_CONFIG', 'ROVERD_URL', 'ROVERD_TOKEN'];

const PATH_KEYS = [
  'robot.stateDir',
  'teleop.tlsCert',
  'teleop.tlsKey',
  'video.file',
  'cloud.certificate',
  'cloud.privateKey',
  'cloud.ca',
] as const;

export interface ConfigOptions {
  /** A JSON file; it must be there. Without one, no file is read. */
  readonly file?: string | undefined;
  /** Usually process.env. Only `ROVERD_*` counts; an unknown one is a fault. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** By key (`teleop.port`); text is read as in the environment, other values are taken as they are. */
  readonly overrides?: Readonly<Record<string, unknown>> | undefined;
}

export interface LoadedConfig {
  readonly config: Config;
  /** Per key: `default`, the file's path, the variable's name, or `arguments`. */
  readonly sources: Readonly<Record<string, string>>;
}

/**
 * Puts the configuration together: default < file < environment < arguments.
 * @throws ConfigError with everything that is wrong, wherever it came from
 */
export function loadConfig(options: ConfigOptions = {}): LoadedConfig {
  const faults: ConfigFault[] = [];
  const entries = [
    ...fromFile(options.file, faults),
    ...fromEnvironment(options.env ?? {}, faults),
    ...fromArguments(options.overrides ?? {}, faults),
  ];
  // Environment and arguments are read above, strictly: convict itself takes "400ms" for 400 and "no" for true.
  const properties = convict<Config>(schema, { env: {}, args: [] });
  const sources = Object.fromEntries([...keys.keys()].map((key) => [key, 'default']));
  for (const { key, value, source } of entries) {
    const property = keys.get(key)!;
    try {
      property.format(value);
    } catch {
      const received = showValue(value, property.sensitive);
      faults.push({ key, expected: property.expects, received, source });
      continue;
    }
    properties.set(key, value);
    sources[key] = source;
  }
  for (const key of PATH_KEYS) {
    const path = properties.get(key);
    if (path !== '') properties.set(key, resolve(path));
  }
  if (properties.get('cloud.endpoint') !== '' || properties.get('cloud.credentialsEndpoint') !== '') {
    for (const [key, path] of certificatePaths(options.file)) {
      if (properties.get(key) === '') properties.set(key, path);
    }
  }
  if (properties.get('robot.stateDir') === '') properties.set('robot.stateDir', defaultStateDir());

  const config = properties.getProperties();
  const faulty = new Set(faults.map((fault) => fault.key));
  faults.push(...brokenRules(config, sources).filter((fault) => !faulty.has(fault.key)));
  if (faults.length > 0) throw new ConfigError(faults);
  properties.validate({ allowed: 'strict' });
  return { config: deepFreeze(config), sources };
}

/** The configuration as it may be shown: secrets masked. */
export function maskedConfig(config: Config): Record<string, Record<string, unknown>> {
  const shown: Record<string, Record<string, unknown>> = {};
  for (const [section, values] of Object.entries(config)) {
    shown[section] = Object.fromEntries(
      Object.entries(values).map(([name, value]) => [name, mask(`${section}.${name}`, value)]),
    );
  }
  return shown;
}

function mask(key: string, value: unknown): unknown {
  const empty = value === '' || (Array.isArray(value) && value.length === 0);
  return keys.get(key)?.sensitive && !empty ? '********' : value;
}

function fromFile(file: string | undefined, faults: ConfigFault[]): Entry[] {
  if (file === undefined) return [];
  const fault = (key: string, expected: string, received: string) =>
    faults.push({ key, expected, received, source: file });
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const readable = error instanceof SyntaxError;
    // The parser's message quotes the file, which may hold a token.
    const received = readable ? jsonFaultAt(error.message) : (error as Error).message;
    fault('configuration file', readable ? 'JSON' : 'a readable file', received);
    return [];
  }
  if (!isObject(content)) {
    fault('configuration file', 'a JSON object', showValue(content));
    return [];
  }
  const entries: Entry[] = fromOriginal(content, file);
  for (const [section, values] of Object.entries(content)) {
    // For the schema's address, so that an editor checks the file.
    if (section === '$schema' || ORIGINAL_KEYS.has(section)) continue;
    if (!Object.hasOwn(schema, section)) {
      fault(section, `a section (${Object.keys(schema).join(', ')})`, 'an unknown one');
    } else if (!isObject(values)) {
      fault(section, 'an object', showValue(values, true));
    } else {
      for (const [name, value] of Object.entries(values)) {
        const key = `${section}.${name}`;
        if (keys.has(key)) entries.push({ key, value, source: file });
        else fault(key, 'a known key', 'an unknown one');
      }
    }
  }
  return entries;
}

function fromEnvironment(env: NonNullable<ConfigOptions['env']>, faults: ConfigFault[]): Entry[] {
  const entries: Entry[] = [];
  const names = new Map([...keys].map(([key, property]) => [property.env, key]));
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith('ROVERD_') || OTHER_VARIABLES.includes(variable) || text === undefined) continue;
    const key = names.get(variable);
    if (key !== undefined) entries.push({ key, value: keys.get(key)!.fromText(text), source: variable });
    else
      faults.push({
        key: variable,
        expected: 'a known variable',
        received: 'an unknown one',
        source: 'environment',
      });
  }
  return entries;
}

function fromArguments(overrides: Readonly<Record<string, unknown>>, faults: ConfigFault[]): Entry[] {
  const source = 'arguments';
  const entries: Entry[] = [];
  for (const [key, value] of Object.entries(overrides)) {
    const property = keys.get(key);
    if (value === undefined) continue;
    if (property === undefined)
      faults.push({ key, expected: 'a known key', received: 'an unknown one', source });
    else entries.push({ key, value: typeof value === 'string' ? property.fromText(value) : value, source });
  }
  return entries;
}

function defaultStateDir(): string {
  const installed = '/var/lib/roverd';
  try {
    accessSync(installed, constants.W_OK | constants.X_OK);
    return installed;
  } catch {
    return join(packageRoot(), '.roverd');
  }
}

/** Where in the file, without quoting it. */
function jsonFaultAt(message: string): string {
  const position = /position \d+(?: \(line \d+ column \d+\))?/.exec(message);
  return position ? `a syntax error at ${position[0]}` : 'text that is not JSON';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}
