/** Why another try can't help: the object stays as it is, and is reported. */
export type Reason = 'malformed' | 'encoding' | 'compression' | 'archived';

/** What is wrong with an object, rather than with a service. */
export class Unprocessable extends Error {
  readonly reason: Reason;

  constructor(reason: Reason, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'Unprocessable';
    this.reason = reason;
  }
}
