import type { Samples } from './sensor.ts';

/** What samples can say against driving on; codes as in firmware/command/faults.ts. */
export type SampleFault = 'battery_low' | 'battery_empty' | 'wifi_weak';

interface Rule {
  readonly code: SampleFault;
  readonly sample: keyof Samples & string;
  /** Sets in below this ... */
  readonly below: number;
  /** ... and clears only above this, so that a value at the edge does not flicker. */
  readonly clearAbove: number;
}

export const RULES: readonly Rule[] = [
  { code: 'battery_low', sample: 'batteryRatio', below: 0.2, clearAbove: 0.25 },
  { code: 'battery_empty', sample: 'batteryRatio', below: 0.05, clearAbove: 0.1 },
  { code: 'wifi_weak', sample: 'wifiQualityRatio', below: 0.15, clearAbove: 0.2 },
];

/** The faults that hold by these samples, given those that held before. A missing sample keeps what was. */
export function judgeSamples(samples: Samples, before: ReadonlySet<SampleFault>): ReadonlySet<SampleFault> {
  return new Set(
    RULES.filter(({ code, sample, below, clearAbove }) => {
      const value = samples[sample];
      const held = before.has(code);
      return value === undefined ? held : value < (held ? clearAbove : below);
    }).map(({ code }) => code),
  );
}
