/** A token bucket: `perS` a second in the long run, `burst` at once. Time is passed in. */
export class Bucket {
  readonly #perS: number;
  readonly #burst: number;
  #left: number;
  #filledMs: number;

  constructor(perS: number, burst: number, nowMs: number) {
    this.#perS = perS;
    this.#burst = burst;
    this.#left = burst;
    this.#filledMs = nowMs;
  }

  /** False when there is nothing left. */
  take(nowMs: number): boolean {
    const elapsedMs = Math.max(0, nowMs - this.#filledMs);
    this.#left = Math.min(this.#burst, this.#left + (elapsedMs * this.#perS) / 1000);
    this.#filledMs = nowMs;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}

/** One bucket a key, for at most `max` keys: the one unused for longest makes room. */
export class Buckets {
  readonly #make: (nowMs: number) => Bucket;
  readonly #max: number;
  readonly #byKey = new Map<string, Bucket>();

  constructor(perS: number, burst: number, max = 1024) {
    this.#make = (nowMs) => new Bucket(perS, burst, nowMs);
    this.#max = max;
  }

  take(key: string, nowMs: number): boolean {
    const bucket = this.#byKey.get(key) ?? this.#make(nowMs);
    this.#byKey.delete(key);
    this.#byKey.set(key, bucket);
    const oldest = this.#byKey.keys().next().value;
    if (this.#byKey.size > this.#max && oldest !== undefined) this.#byKey.delete(oldest);
    return bucket.take(nowMs);
  }
}
