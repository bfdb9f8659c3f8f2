import type { Config } from '../../config/schema.ts';
import { judge, type Threshold, type ThresholdState, UNHELD } from './threshold.ts';

/** What is known of the link of one operator. What is not, is null and speaks for the link. */
export interface LinkQuality {
  /** Of a message there and back. */
  readonly roundTripMs: number | null;
  /** Share of the picture's packets that were lost, 0..1. */
  readonly lossRatio: number | null;
  /** Age of the picture that the operator sees. */
  readonly videoAgeMs: number | null;
}

/** What a link can say against driving fast; codes as in firmware/command/faults.ts. */
export type LinkFaultCode = 'link_slow' | 'link_lossy' | 'video_late';

export interface LinkFault {
  readonly code: LinkFaultCode;
  /** The value, for people to read; coarse, so that it does not change all the time. */
  readonly detail: string;
}

export type LinkStates = Readonly<Partial<Record<LinkFaultCode, ThresholdState>>>;

interface LinkRule extends Threshold {
  readonly code: LinkFaultCode;
  readonly value: keyof LinkQuality;
  readonly say: (value: number) => string;
}

function linkRules(limits: Config['limits']): readonly LinkRule[] {
  const { hysteresisRatio, setAfterMs, clearAfterMs } = limits;
  const above = (
    code: LinkFaultCode,
    value: keyof LinkQuality,
    setAt: number,
    say: (value: number) => string,
  ): LinkRule => {
    const clearAt = setAt * (1 - hysteresisRatio);
    return { code, value, bad: 'above', setAt, clearAt, setAfterMs, clearAfterMs, say };
  };
  return [
    above('link_slow', 'roundTripMs', limits.roundTripMs, (ms) => `round trip ${duration(ms)}`),
    above('link_lossy', 'lossRatio', limits.lossRatio, (ratio) => `${step(ratio * 100, 5)} % lost`),
    above('video_late', 'videoAgeMs', limits.videoAgeMs, (ms) => `${duration(ms)} old`),
  ];
}

/** One report more: pure. */
export function judgeLink(
  limits: Config['limits'],
  before: LinkStates,
  quality: LinkQuality,
  nowMs: number,
): { readonly states: LinkStates; readonly faults: readonly LinkFault[] } {
  const judged = linkRules(limits).map((rule) => {
    const value = quality[rule.value] ?? 0;
    const { code } = rule;
    return { code, value, say: rule.say, state: judge(rule, before[code] ?? UNHELD, value, nowMs) };
  });
  return {
    states: Object.fromEntries(judged.map(({ code, state }) => [code, state])),
    faults: judged
      .filter(({ state }) => state.held)
      .map(({ code, value, say }) => ({ code, detail: say(value) })),
  };
}

function duration(ms: number): string {
  if (ms > 60_000) return 'over 60 s';
  return ms < 1000 ? `${step(ms, 20)} ms` : `${(step(ms, 500) / 1000).toFixed(1)} s`;
}

function step(value: number, size: number): number {
  return Math.round(value / size) * size;
}
