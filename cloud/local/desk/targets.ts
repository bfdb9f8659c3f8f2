/** Something that one resource hands to another: an event, a message, what failed. */
export interface Delivery {
  /** The service that hands it over, `events.amazonaws.com`, and the resource of it that does. */
  readonly principal: string;
  readonly sourceArn: string;
  /** As whom it acts, where it was given a role; null: the receiver's own policy has to let it. */
  readonly roleArn: string | null;
  /** What is delivered: JSON mostly, for a queue the body of the message. */
  readonly payload: string;
  /** Attributes of a message, as a queue or a topic keeps them. */
  readonly attributes?: Readonly<Record<string, string>>;
  /** Of a message in a FIFO queue or topic. */
  readonly groupId?: string;
  readonly deduplicationId?: string;
}

export type Delivered =
  | { readonly ok: true }
  /** `retryable`: another try can help (throttled, the service failed); not so where it was refused. */
  | { readonly ok: false; readonly code: string; readonly message: string; readonly retryable: boolean };

/** Takes what is delivered to one resource. Takes it over for good when it says so: what comes after is its own matter. */
export type Receiver = (arn: string, delivery: Delivery) => Promise<Delivered>;

/** Whatever can be delivered to, by the service in its ARN. */
export class Targets {
  readonly #receivers = new Map<string, Receiver>();

  /** @param service as in an ARN: `lambda`, `sqs`, `sns`, `events`, `logs` */
  provide(service: string, receiver: Receiver): void {
    this.#receivers.set(service, receiver);
  }

  /** Whether there is anything that takes deliveries to such a resource. */
  has(arn: string): boolean {
    return this.#receivers.has(serviceOf(arn));
  }

  /** Never rejects: a receiver that fails is one to try again. */
  async deliver(arn: string, delivery: Delivery): Promise<Delivered> {
    const receiver = this.#receivers.get(serviceOf(arn));
    if (!receiver) {
      const message = `Nothing on the desk takes deliveries to ${arn}`;
      return { ok: false, code: 'INVALID_TARGET', message, retryable: false };
    }
    try {
      return await receiver(arn, delivery);
    } catch (error) {
      return { ok: false, code: 'INTERNAL_ERROR', message: (error as Error).message, retryable: true };
    }
  }
}

function serviceOf(arn: string): string {
  return arn.split(':')[2] ?? '';
}
