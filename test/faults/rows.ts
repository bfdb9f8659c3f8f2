import type { AnyRow } from './row.ts';
import { guardianRows, runtimeRows } from './runtime-rows.ts';

/** The table, in its order. */
export const rows: readonly AnyRow[] = [...runtimeRows, ...guardianRows];
