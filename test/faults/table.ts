/** For run.mjs and soak.mjs, which have no types. */
export { rows } from './rows.ts';
export { bundleScripts } from './scripts.ts';
export { soak } from './soak.ts';
export { tryRow } from './trials.ts';
