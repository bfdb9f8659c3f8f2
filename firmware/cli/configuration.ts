import { existsSync, readFileSync } from 'node:fs';
import { ConfigError } from '../../config/error.ts';
import { type LoadedConfig, loadConfig } from '../../config/load.ts';
import { CommandLineError, EXIT } from './exit.ts';

export interface ConfigArguments {
  readonly config?: string;
  /** `key=value` each. */
  readonly set?: readonly string[];
}

export const INSTALLED_FILE = '/etc/roverd/config.json';

/** The configuration file that counts, if there is one. */
export function configFileOf(options: ConfigArguments): string | undefined {
  const installed = existsSync(INSTALLED_FILE) ? INSTALLED_FILE : undefined;
  return options.config ?? (process.env.ROVERD_CONFIG || installed);
}

/**
 * The configuration as a command sees it. `named` are options of their own (`--port`), over `--set`.
 * @throws ConfigError, or CommandLineError for a `--set` without `=`
 */
export function configurationOf(
  options: ConfigArguments,
  named: Readonly<Record<string, unknown>> = {},
): LoadedConfig {
  return loadConfig({
    file: configFileOf(options),
    env: process.env,
    overrides: { ...assignments(options.set ?? []), ...withoutUndefined(named) },
  });
}

/** `robot.stateDir`, also of a configuration that is broken elsewhere: a stop must not depend on the rest of it. */
export function stateDirOf(options: ConfigArguments): string {
  try {
    return configurationOf(options).config.robot.stateDir;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
  }
  const { env } = process;
  const key = 'robot.stateDir';
  const named = assignments(options.set ?? [])[key] ?? env.ROVERD_ROBOT_STATE_DIR;
  const stateDir = named ?? stateDirInFile(options.config ?? (env.ROVERD_CONFIG || INSTALLED_FILE));
  return loadConfig({ overrides: { [key]: stateDir } }).config.robot.stateDir;
}

function stateDirInFile(path: string): string | undefined {
  try {
    const stateDir: unknown = JSON.parse(readFileSync(path, 'utf8'))?.robot?.stateDir;
    return typeof stateDir === 'string' ? stateDir : undefined;
  } catch {
    return undefined;
  }
}

function assignments(texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf('=');
      if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
      throw new CommandLineError(EXIT.usage, `Expected --set key=value but received --set ${text}`);
    }),
  );
}

function withoutUndefined(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
