/** For run.mjs, which has no types. */
export { rows } from './rows.ts';
export { bundleScripts } from './scripts.ts';
export { tryRow } from './trials.ts';
