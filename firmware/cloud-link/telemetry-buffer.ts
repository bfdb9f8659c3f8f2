/** The newest `capacity` items by their numbers; what is beyond drops the oldest and counts it. */
export class DroppingBuffer<T extends { readonly number: number }> {
  readonly #capacity: number;
  readonly #items: T[] = [];
  #dropped = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#items.length;
  }

  get dropped(): number {
    return this.#dropped;
  }

  /** Mostly the newest; one that failed on its way takes its place among the others again. */
  put(item: T): void {
    const before = this.#items.findLastIndex(({ number }) => number < item.number);
    this.#items.splice(before + 1, 0, item);
    if (this.#items.length <= this.#capacity) return;
    this.#items.shift();
    this.#dropped += 1;
  }

  /** Takes out the oldest. */
  shift(): T | undefined {
    return this.#items.shift();
  }
}
