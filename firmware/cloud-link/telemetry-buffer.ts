/** The newest `capacity` items; what is beyond drops the oldest and counts it. */
export class DroppingBuffer<T> {
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

  push(item: T): void {
    this.#items.push(item);
    this.#trim();
  }

  shift(): T | undefined {
    return this.#items.shift();
  }

  /** Puts back what `shift` gave. It is the oldest, so the first to go when the buffer has filled meanwhile. */
  unshift(item: T): void {
    this.#items.unshift(item);
    this.#trim();
  }

  #trim(): void {
    while (this.#items.length > this.#capacity) {
      this.#items.shift();
      this.#dropped += 1;
    }
  }
}
