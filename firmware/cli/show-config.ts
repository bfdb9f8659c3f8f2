import { maskedConfig } from '../../config/load.ts';
import { type ConfigArguments, configurationOf } from './configuration.ts';
import { alignedTable } from './table.ts';

/** Prints every key with its value and where that came from; secrets are masked. */
export function showConfig(options: ConfigArguments & { readonly json?: boolean }): void {
  const { config, sources } = configurationOf(options);
  const shown = maskedConfig(config);
  if (options.json) {
    console.log(JSON.stringify({ config: shown, sources }, null, 2));
    return;
  }
  const rows = Object.entries(shown).flatMap(([section, values]) =>
    Object.entries(values).map(([name, value]) => {
      const key = `${section}.${name}`;
      return [key, JSON.stringify(value), sources[key] ?? ''];
    }),
  );
  console.log(alignedTable(['KEY', 'VALUE', 'FROM'], rows));
}
