import { concatMap, map, type Observable, type OperatorFunction, pairwise, scan, startWith } from 'rxjs';
import type { Config } from '../../config/schema.ts';
import type { Samples } from './sensor.ts';
import { judge, type Threshold, type ThresholdState, UNHELD } from './threshold.ts';

/** What samples can say against driving on; codes as in firmware/command/faults.ts. */
export type SampleFault =
  | 'battery_low'
  | 'battery_empty'
  | 'wifi_weak'
  | 'under_voltage'
  | 'cpu_hot'
  | 'cpu_slowed';

/** A fault that has come or gone. */
export interface FaultChange<Code extends string> {
  readonly code: Code;
  readonly active: boolean;
}

export interface SampleRule extends Threshold {
  readonly code: SampleFault;
  readonly value: (samples: Samples) => number | null;
}

export type RuleStates = Readonly<Partial<Record<SampleFault, ThresholdState>>>;

/** Degrees below `limits.cpuHotCelsius` at which a processor is no longer hot. */
const COOLED_BY_CELSIUS = 5;

/** The rules as the configuration has them. */
export function sampleRules(limits: Config['limits']): readonly SampleRule[] {
  const { hysteresisRatio, setAfterMs, clearAfterMs } = limits;
  const below = (code: SampleFault, sample: string, setAt: number): SampleRule => ({
    code,
    value: (samples) => samples[sample] ?? null,
    bad: 'below',
    setAt,
    clearAt: setAt * (1 + hysteresisRatio),
    setAfterMs,
    clearAfterMs,
  });
  /** Of samples that are 0 or 1. Told at once: the Pi has been measuring it for a while already. */
  const flagged = (code: SampleFault, ...names: readonly string[]): SampleRule => ({
    code,
    value: (samples) => most(names.map((name) => samples[name])),
    bad: 'above',
    setAt: 0.5,
    clearAt: 0.5,
    setAfterMs: 0,
    clearAfterMs,
  });
  return [
    below('battery_low', 'batteryRatio', limits.batteryLowRatio),
    below('battery_empty', 'batteryRatio', limits.batteryEmptyRatio),
    below('wifi_weak', 'wifiQualityRatio', limits.wifiWeakRatio),
    flagged('under_voltage', 'underVoltage'),
    flagged('cpu_slowed', 'throttled', 'frequencyCapped', 'temperatureLimited'),
    {
      code: 'cpu_hot',
      value: ({ cpuCelsius }) => cpuCelsius ?? null,
      bad: 'above',
      setAt: limits.cpuHotCelsius,
      clearAt: limits.cpuHotCelsius - COOLED_BY_CELSIUS,
      setAfterMs,
      clearAfterMs,
    },
  ];
}

/** One reading more. A missing sample keeps what was. */
export function judgeSamples(
  rules: readonly SampleRule[],
  before: RuleStates,
  samples: Samples,
  nowMs: number,
): RuleStates {
  return Object.fromEntries(
    rules.map((rule) => [rule.code, judge(rule, before[rule.code] ?? UNHELD, rule.value(samples), nowMs)]),
  );
}

/** What comes and goes as samples come in. */
export function sampleFaults(
  samples$: Observable<Samples>,
  limits: Config['limits'],
  nowMs: () => number,
): Observable<FaultChange<SampleFault>> {
  const rules = sampleRules(limits);
  return samples$.pipe(
    scan((states, samples) => judgeSamples(rules, states, samples, nowMs()), {} as RuleStates),
    map((states) => rules.map(({ code }) => code).filter((code) => states[code]?.held)),
    faultChanges(),
  );
}

/** Of sets of faults that hold: what came and what went. */
export function faultChanges<Code extends string>(): OperatorFunction<readonly Code[], FaultChange<Code>> {
  return (held$) =>
    held$.pipe(
      startWith<readonly Code[]>([]),
      pairwise(),
      concatMap(([before, after]) => {
        const came = after.filter((code) => !before.includes(code));
        const went = before.filter((code) => !after.includes(code));
        return [
          ...came.map((code) => ({ code, active: true })),
          ...went.map((code) => ({ code, active: false })),
        ];
      }),
    );
}

function most(values: readonly (number | undefined)[]): number | null {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? null : Math.max(...known);
}
