import type { DeskClock } from '../desk/clock.ts';
import type { ApiMethod, CacheSetting } from './definition.ts';
import type { ApiResponse } from './lambda-proxy.ts';
import type { ApiRequest } from './request.ts';
import { bestOf } from './settings.ts';

interface Kept {
  readonly response: ApiResponse;
  readonly untilMs: number;
}

/** As documented; a longer answer is not kept. */
const MAX_BYTES = 1_048_576;
/** The desk's own: API Gateway's depends on the size that is rented. */
const MAX_KEPT = 5000;

/**
 * Cache of a stage: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-caching.html
 * A setting for all methods means GET alone; one for a method means that method. The documentation does not say that
 * any status is left out, so none is; `Cache-Control` of an answer is for the client and changes nothing here.
 */
export class StageCache {
  readonly #settings: readonly CacheSetting[];
  readonly #clock: DeskClock;
  readonly #kept = new Map<string, Kept>();

  constructor(settings: readonly CacheSetting[], clock: DeskClock) {
    this.#settings = settings;
    this.#clock = clock;
  }

  /** Null where nothing is kept for such a request. */
  keyOf({
    route,
    httpMethod,
    parameter,
  }: ApiRequest): { readonly key: string; readonly ttlS: number } | null {
    const setting = bestOf(this.#settings, route.resourcePath, httpMethod);
    if (!setting?.enabled || setting.ttlS === 0) return null;
    if (setting.httpMethod === '*' && httpMethod !== 'GET') return null;
    const { namespace, keyParameters }: ApiMethod['cache'] = route.method.cache;
    const values = keyParameters.map((name) => parameter(name) ?? null);
    return { key: JSON.stringify([namespace ?? route.resourceId, httpMethod, values]), ttlS: setting.ttlS };
  }

  take(key: string): ApiResponse | null {
    const kept = this.#kept.get(key);
    return kept && this.#clock.nowMs() < kept.untilMs ? kept.response : null;
  }

  keep(key: string, ttlS: number, response: ApiResponse): void {
    if (Buffer.byteLength(response.body) > MAX_BYTES) return;
    this.#kept.delete(key);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size >= MAX_KEPT) this.#kept.delete(oldest!);
    this.#kept.set(key, { response, untilMs: this.#clock.nowMs() + ttlS * 1000 });
  }
}

/**
 * Whether a client asks for a fresh answer. That needs `execute-api:InvalidateCache`, which only signed requests can
 * have; by default others get what is kept, with a warning.
 */
export function wantsFresh(request: ApiRequest): boolean {
  return /(^|,)\s*max-age=0\s*(,|$)/i.test(request.header('cache-control') ?? '');
}

/** The header is documented, its words are the desk's. */
export const NOT_INVALIDATED = ['Warning', '199 - "Cache-Control was ignored: not authorized"'] as const;
