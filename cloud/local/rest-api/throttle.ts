import type { ThrottleSetting } from './definition.ts';
import { bestOf } from './settings.ts';

interface Bucket {
  tokens: number;
  filledMs: number;
}

/**
 * Token buckets of a stage, one for each method: a setting for all methods limits each of them for itself.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html
 */
export class Throttle {
  readonly #settings: readonly ThrottleSetting[];
  readonly #buckets = new Map<string, Bucket>();

  constructor(settings: readonly ThrottleSetting[]) {
    this.#settings = settings;
  }

  /** @param path as in the template, so that there are no more buckets than methods. @returns false: one too many */
  take(path: string, httpMethod: string, nowMs: number): boolean {
    const setting = bestOf(this.#settings, path, httpMethod);
    if (!setting) return true;
    const { perS, burst } = setting;
    const key = `${httpMethod} ${path}`;
    const { tokens, filledMs } = this.#buckets.get(key) ?? { tokens: burst, filledMs: nowMs };
    const filled = Math.min(burst, tokens + (Math.max(0, nowMs - filledMs) / 1000) * perS);
    this.#buckets.set(key, { tokens: filled < 1 ? filled : filled - 1, filledMs: nowMs });
    return filled >= 1;
  }
}
