/** One measured figure. `target` in words, `met` null where there is no target. */
export interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly median: number;
  readonly p99: number;
  readonly target: string;
  readonly met: boolean | null;
}

/** The value below which the share `ratio` of the samples lies (nearest rank). */
export function quantile(samples: readonly number[], ratio: number): number {
  if (samples.length === 0) throw new Error('Expected at least one sample but received none');
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(ratio * sorted.length) - 1))]!;
}

/** @param limits the largest median and p99 (or p95) that meet the target */
export function figure(
  name: string,
  unit: string,
  samples: readonly number[],
  limits: { median?: number; p95?: number; p99?: number } = {},
): Figure {
  const target = Object.entries(limits).map(([key, value]) => `${key} <= ${value}`);
  const quantiles = {
    median: quantile(samples, 0.5),
    p95: quantile(samples, 0.95),
    p99: quantile(samples, 0.99),
  };
  const met = Object.entries(limits).every(
    ([key, value]) => quantiles[key as keyof typeof quantiles] <= value,
  );
  return {
    name,
    unit,
    median: quantiles.median,
    p99: quantiles.p99,
    target: target.join(', '),
    met: target.length ? met : null,
  };
}

export const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** CLOCK_MONOTONIC in ms: the same in every thread and process of the machine. */
export const monotonicMs = () => Number(process.hrtime.bigint()) / 1e6;
