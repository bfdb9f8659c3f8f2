/** An error that a service answers with. */
export interface Fault {
  /** As the service names it, `ThrottlingException`. */
  readonly code: string;
  readonly message: string;
  /** Of HTTP. */
  readonly status: number;
}

export interface FaultOptions {
  /** How many requests fail; default 1. */
  readonly times?: number;
  /** Only this one, `DetectSentiment`; default: any. */
  readonly operation?: string;
  readonly message?: string;
  /** Default 400, as of a throttled request; 500 and above: the service itself failed. */
  readonly status?: number;
}

/** Failures ordered for requests to come: how a stack bears a service that has a bad day. */
export class Faults {
  #ordered: { fault: Fault; operation: string | undefined; left: number }[] = [];

  failNext(
    code: string,
    { times = 1, operation, message = 'Ordered to fail', status = 400 }: FaultOptions = {},
  ): void {
    this.#ordered.push({ fault: { code, message, status }, operation, left: times });
  }

  /** Whether this request fails, which uses up one of the failures ordered. */
  take(operation: string): Fault | null {
    const found = this.#ordered.find((one) => one.operation === undefined || one.operation === operation);
    if (!found) return null;
    found.left -= 1;
    if (found.left <= 0) this.#ordered = this.#ordered.filter((one) => one !== found);
    return found.fault;
  }
}
