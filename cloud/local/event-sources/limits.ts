import type { Properties } from '../template/template.ts';

export interface Limits {
  readonly min: number;
  readonly max: number;
  /** Where the template says nothing. */
  readonly other: number;
}

/** @throws Error naming what was expected */
export function numberIn(properties: Properties, name: string, { min, max, other }: Limits): number {
  const value = Number(properties[name] ?? other);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new Error(`Expected ${name} of ${min} to ${max} but received ${JSON.stringify(properties[name])}`);
}
