import { randomUUID } from 'node:crypto';
import type { DeskClock } from '../desk/clock.ts';
import type { DeskLog } from '../desk/log.ts';
import type { Delivered, Delivery, Targets } from '../desk/targets.ts';
import type { Principals } from '../iam/principals.ts';
import type { Functions } from './functions.ts';
import type { Outcome } from './instance.ts';

/** How a function is invoked by those who do not wait for its answer. */
export interface LaterConfig {
  /** 0 to 2. */
  readonly maxRetries: number;
  /** 60 to 21,600. */
  readonly maxAgeS: number;
  /** ARNs; null: nothing is told. */
  readonly onSuccess: string | null;
  readonly onFailure: string | null;
}

export interface LaterOptions {
  readonly functions: Functions;
  readonly targets: Targets;
  readonly principals: Principals;
  readonly clock: DeskClock;
  readonly log: DeskLog;
}

interface Event {
  readonly functionArn: string;
  readonly requestId: string;
  readonly payload: string;
  readonly acceptedMs: number;
  attempts: number;
  /** Of throttled tries, which are no attempts. */
  throttled: number;
}

const DEFAULTS: LaterConfig = { maxRetries: 2, maxAgeS: 21_600, onSuccess: null, onFailure: null };
/** A minute before the second try, two before the third. */
const RETRY_MS = [60_000, 120_000];
const THROTTLED_MS = { first: 1000, longest: 300_000 };

/**
 * Invocations that nobody waits for, as Lambda does them: tried again, and where that does not help, told to a
 * destination or put into the dead-letter queue.
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
 */
export class LaterInvocations {
  readonly #options: LaterOptions;
  readonly #configs = new Map<string, LaterConfig>();
  readonly #deadLetters = new Map<string, string>();
  #pending = 0;
  #planned = 0;

  constructor(options: LaterOptions) {
    this.#options = options;
  }

  configure(functionArn: string, config: Partial<LaterConfig>): void {
    this.#configs.set(functionArn, { ...DEFAULTS, ...config });
  }

  setDeadLetter(functionArn: string, targetArn: string): void {
    this.#deadLetters.set(functionArn, targetArn);
  }

  /** Events that were accepted and are not done with. */
  get pending(): number {
    return this.#pending;
  }

  /** Of these, those that wait for the time of their next try. */
  get planned(): number {
    return this.#planned;
  }

  /** Takes an event from another resource, if the function lets it or its role may. */
  async deliver(target: string, { principal, sourceArn, roleArn, payload }: Delivery): Promise<Delivered> {
    const { functions, principals } = this.#options;
    const functionArn = unqualified(target);
    const known = functions.all.some((one) => one.arn === functionArn);
    if (!known) {
      const message = `Function not found: ${target}`;
      return { ok: false, code: 'RESOURCE_NOT_FOUND', message, retryable: false };
    }
    const allowed =
      roleArn === null
        ? functions.permits(functionArn, { principal, sourceArn })
        : principals.decide(roleArn, { action: 'lambda:InvokeFunction', resource: target }) === 'allow';
    if (!allowed) {
      const message = `${roleArn ?? principal} is not authorized to perform: lambda:InvokeFunction on resource: ${functionArn}`;
      return { ok: false, code: 'NO_PERMISSIONS', message, retryable: false };
    }
    this.accept(functionArn, payload);
    return { ok: true };
  }

  /** @param payload JSON. @returns the request's id, at once */
  accept(functionArn: string, payload: string): string {
    const { clock } = this.#options;
    const event: Event = {
      functionArn,
      requestId: randomUUID(),
      payload,
      acceptedMs: clock.nowMs(),
      attempts: 0,
      throttled: 0,
    };
    this.#pending += 1;
    void this.#attempt(event);
    return event.requestId;
  }

  async #attempt(event: Event): Promise<void> {
    const { functions } = this.#options;
    const { maxRetries, maxAgeS } = this.#configOf(event);
    const outcome = await functions.invoke(event.functionArn, JSON.parse(event.payload), event.requestId);
    if (!outcome.ok && outcome.error.errorType === 'TooManyRequestsException') {
      event.throttled += 1;
      const waitMs = Math.min(THROTTLED_MS.longest, THROTTLED_MS.first * 2 ** (event.throttled - 1));
      return this.#again(event, waitMs, maxAgeS, outcome);
    }
    event.attempts += 1;
    if (outcome.ok) return this.#end(event, 'Success', outcome);
    if (event.attempts > maxRetries) return this.#end(event, 'RetriesExhausted', outcome);
    return this.#again(event, RETRY_MS[event.attempts - 1] ?? RETRY_MS.at(-1)!, maxAgeS, outcome);
  }

  #again(event: Event, waitMs: number, maxAgeS: number, outcome: Outcome): Promise<void> | void {
    const { clock } = this.#options;
    if (clock.nowMs() + waitMs - event.acceptedMs > maxAgeS * 1000) {
      return this.#end(event, 'EventAgeExceeded', outcome);
    }
    this.#planned += 1;
    clock.after(waitMs, () => {
      this.#planned -= 1;
      void this.#attempt(event);
    });
  }

  async #end(event: Event, condition: string, outcome: Outcome): Promise<void> {
    const { onSuccess, onFailure } = this.#configOf(event);
    const destination = condition === 'Success' ? onSuccess : onFailure;
    if (destination) await this.#tell(event, destination, this.#record(event, condition, outcome));
    const deadLetter = this.#deadLetters.get(event.functionArn);
    if (deadLetter && !outcome.ok) {
      await this.#hand(event, deadLetter, event.payload, {
        RequestID: event.requestId,
        ErrorCode: '200',
        ErrorMessage: outcome.error.errorMessage.slice(0, 1024),
      });
    }
    this.#pending -= 1;
  }

  /** https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html */
  #record(event: Event, condition: string, outcome: Outcome): object {
    return {
      version: '1.0',
      timestamp: new Date(this.#options.clock.nowMs()).toISOString(),
      requestContext: {
        requestId: event.requestId,
        functionArn: `${event.functionArn}:$LATEST`,
        condition,
        approximateInvokeCount: event.attempts,
      },
      requestPayload: JSON.parse(event.payload),
      responseContext: {
        statusCode: 200,
        executedVersion: '$LATEST',
        ...(outcome.ok ? {} : { functionError: 'Unhandled' }),
      },
      responsePayload: outcome.ok ? JSON.parse(outcome.payload) : outcome.error,
    };
  }

  /** A bus gets the record as the detail of an event, a function as its event, others as text. */
  #tell(event: Event, destination: string, record: object): Promise<void> {
    const isBus = destination.split(':')[2] === 'events';
    const failed = 'functionError' in (record as { responseContext: object }).responseContext;
    const payload = isBus
      ? {
          source: 'lambda',
          'detail-type': `Lambda Function Invocation Result - ${failed ? 'Failure' : 'Success'}`,
          resources: [`${event.functionArn}:$LATEST`, destination],
          detail: record,
        }
      : record;
    return this.#hand(event, destination, JSON.stringify(payload));
  }

  async #hand(
    { functionArn }: Event,
    target: string,
    payload: string,
    attributes: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    const { targets, functions, log } = this.#options;
    const { roleArn, label } = functions.config(functionArn);
    const delivered = await targets.deliver(target, {
      principal: 'lambda.amazonaws.com',
      sourceArn: functionArn,
      roleArn,
      payload,
      attributes,
    });
    if (!delivered.ok) log.line(label, `not delivered to ${target}: ${delivered.code} ${delivered.message}`);
  }

  #configOf({ functionArn }: Event): LaterConfig {
    return this.#configs.get(functionArn) ?? DEFAULTS;
  }
}

/** A function's ARN without version or alias. */
export function unqualified(functionArn: string): string {
  return functionArn.split(':').slice(0, 7).join(':');
}
