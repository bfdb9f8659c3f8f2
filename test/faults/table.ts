/** For run.mjs, which has no types. */
export { rows } from './rows.ts';
export { tryRow } from './trials.ts';
