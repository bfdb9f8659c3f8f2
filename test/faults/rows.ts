import { browserRows } from './browser-rows.ts';
import { busRows } from './bus-rows.ts';
import { linkRows } from './link-rows.ts';
import type { AnyRow } from './row.ts';
import { guardianRows, runtimeRows } from './runtime-rows.ts';
import { surroundingsRows } from './surroundings-rows.ts';
import { videoRows } from './video-rows.ts';

/** The table, in its order. */
export const rows: readonly AnyRow[] = [
  ...browserRows,
  ...linkRows,
  ...runtimeRows,
  ...guardianRows,
  ...busRows,
  ...surroundingsRows,
  ...videoRows,
];
