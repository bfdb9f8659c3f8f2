/** One thing wrong with the configuration. */
export interface ConfigFault {
  /** The key, the environment variable, or the file. */
  readonly key: string;
  /** Completes "Expected ...". */
  readonly expected: string;
  /** What came, fit to be shown: never the value of a sensitive key. */
  readonly received: string;
  /** Where it came from: a file's path, a variable's name, `arguments`. */
  readonly source: string;
}

/** All that is wrong with the configuration, in one error. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly faults: readonly ConfigFault[];
  constructor(faults: readonly ConfigFault[]) {
    const lines = faults.map(
      ({ key, expected, received, source }) =>
        `  ${key}: Expected ${expected} but received ${received} (${source})`,
    );
    super(
      `The configuration has ${faults.length} ${faults.length === 1 ? 'fault' : 'faults'}:\n${lines.join('\n')}`,
    );
    this.faults = faults;
  }
}

/** A value as it is shown: short, and masked where it is a secret. */
export function showValue(value: unknown, sensitive = false): string {
  if (sensitive) {
    return typeof value === 'string' ? `${value.length} characters (not shown)` : 'a value that is not shown';
  }
  const json = JSON.stringify(value) ?? String(value);
  return json.length > 80 ? `${json.slice(0, 77)}...` : json;
}
