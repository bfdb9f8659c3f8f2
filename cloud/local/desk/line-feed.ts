export interface Line {
  readonly atMs: number;
  readonly source: string;
  readonly text: string;
}

/** Lines beyond these are of interest to the console only. */
const KEPT = 500;

/** What was logged last, for those who come later, and what is logged from then on. */
export class LineFeed {
  readonly #kept: Line[] = [];
  readonly #listeners = new Set<(line: Line) => void>();

  add(line: Line): void {
    this.#kept.push(line);
    if (this.#kept.length > KEPT) this.#kept.shift();
    for (const listener of this.#listeners) listener(line);
  }

  /** Gives what is kept, then what comes. @returns what ends it */
  follow(listener: (line: Line) => void): () => void {
    for (const line of this.#kept) listener(line);
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}
