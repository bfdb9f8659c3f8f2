import { existsSync } from 'node:fs';
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
