/**
 * How often a property is tried: so many times, each time with other values. Under mutation tests, which ask the same
 * of a thousand changes, `PROPERTY_RUNS` says how often, and the values are always the same.
 */
export function runs(numRuns: number): { readonly numRuns: number; readonly seed?: number } {
  const few = process.env.PROPERTY_RUNS;
  return few ? { numRuns: Number(few), seed: 1 } : { numRuns };
}
