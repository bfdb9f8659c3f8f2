/** What an engine hands over in the background, and how much of it waits for its next try. */
export class Sending {
  readonly #all = new Set<Promise<void>>();
  #waiting = 0;

  /** @param work that does not reject */
  add(work: Promise<void>): void {
    this.#all.add(work);
    void work.finally(() => this.#all.delete(work));
  }

  /** For deliverAgain(): called before a wait and after it. */
  readonly onWait = (waiting: boolean): void => {
    this.#waiting += waiting ? 1 : -1;
  };

  /** Deliveries that have begun, without those that wait for their next try. */
  get underWay(): number {
    return this.#all.size - this.#waiting;
  }

  /** Waits until everything has arrived, or is given up. */
  async settled(): Promise<void> {
    while (this.#all.size > 0) await Promise.all(this.#all);
  }
}
