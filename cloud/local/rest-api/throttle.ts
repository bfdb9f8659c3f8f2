import type { ThrottleSetting } from './definition.ts';

interface Bucket {
  readonly setting: ThrottleSetting;
  tokens: number;
  filledMs: number;
}

/**
 * Token buckets of a stage, one for each setting. A request takes from the one that fits it best: path and method
 * before `/*` and `*`.
 */
export class Throttle {
  readonly #buckets: readonly Bucket[];

  constructor(settings: readonly ThrottleSetting[], nowMs: number) {
    this.#buckets = settings.map((setting) => ({ setting, tokens: setting.burst, filledMs: nowMs }));
  }

  /** @returns false when the request is one too many */
  take(path: string, httpMethod: string, nowMs: number): boolean {
    const [bucket] = this.#buckets
      .filter(({ setting }) => fits(setting.path, '/*', path) && fits(setting.httpMethod, '*', httpMethod))
      .sort((a, b) => exactness(b.setting) - exactness(a.setting));
    if (!bucket) return true;
    const { perS, burst } = bucket.setting;
    bucket.tokens = Math.min(burst, bucket.tokens + (Math.max(0, nowMs - bucket.filledMs) / 1000) * perS);
    bucket.filledMs = nowMs;
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }
}

function fits(wanted: string, any: string, value: string): boolean {
  return wanted === any || wanted === value;
}

function exactness({ path, httpMethod }: ThrottleSetting): number {
  return (path === '/*' ? 0 : 2) + (httpMethod === '*' ? 0 : 1);
}
