import type { DeskClock } from './clock.ts';
import type { DeskLog } from './log.ts';
import type { Delivered, Delivery, Targets } from './targets.ts';

/** How long a delivery is tried again. */
export interface RetryPolicy {
  /** 60 to 86400; counted from the first attempt. */
  readonly maxAgeS: number;
  /** 0 to 185 after the first. */
  readonly maxRetries: number;
}

export const DEFAULT_RETRY_POLICY: RetryPolicy = { maxAgeS: 86_400, maxRetries: 185 };

/** What befell a delivery that was given up. */
export interface GivenUp {
  readonly code: string;
  readonly message: string;
  readonly retries: number;
  /** Null: trying again could not have helped. */
  readonly exhausted: 'MaximumRetryAttempts' | 'MaximumEventAgeInSeconds' | null;
}

export interface DeliverOptions {
  readonly targets: Targets;
  readonly clock: DeskClock;
  /** Told when a delivery begins to wait for its next try, and when that wait is over. */
  readonly onWait?: (waiting: boolean) => void;
}

/** AWS tells only that it waits exponentially longer, with some of it left to chance. */
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 480_000;

/**
 * Delivers, and tries again what can be tried again, as long as the policy says.
 * @returns null when it arrived
 */
export async function deliverAgain(
  arn: string,
  delivery: Delivery,
  { maxAgeS, maxRetries }: RetryPolicy,
  { targets, clock, onWait = () => undefined }: DeliverOptions,
): Promise<GivenUp | null> {
  const startedMs = clock.nowMs();
  for (let retries = 0; ; retries++) {
    const delivered = await targets.deliver(arn, delivery);
    if (delivered.ok) return null;
    const { code, message, retryable } = delivered;
    const giveUp = (exhausted: GivenUp['exhausted']) => ({ code, message, retries, exhausted });
    if (!retryable) return giveUp(null);
    if (retries >= maxRetries) return giveUp('MaximumRetryAttempts');
    const waitMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** retries) * (0.5 + Math.random() / 2);
    if (clock.nowMs() + waitMs - startedMs > maxAgeS * 1000) return giveUp('MaximumEventAgeInSeconds');
    onWait(true);
    await new Promise<void>((resolve) => clock.after(waitMs, resolve));
    onWait(false);
  }
}

export interface DeadLetter {
  /** Null: there is none. */
  readonly queueArn: string | null;
  readonly principal: string;
  readonly sourceArn: string;
  readonly roleArn: string | null;
  readonly payload: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** Puts what was given up into the queue for it, or says that it is lost. */
export async function bury(
  letter: DeadLetter,
  givenUp: GivenUp,
  log: DeskLog,
  options: DeliverOptions,
): Promise<void> {
  const { queueArn, principal, sourceArn, roleArn, payload, attributes } = letter;
  const what = `${sourceArn}: ${givenUp.code} ${givenUp.message}`;
  const [service = principal] = principal.split('.');
  if (queueArn === null) return log.line(service, `lost, there is no queue for it: ${what}`);
  const delivery = {
    principal,
    sourceArn,
    roleArn,
    payload,
    attributes: {
      ...attributes,
      ERROR_CODE: codeOf(givenUp.code),
      ERROR_MESSAGE: givenUp.message,
      ...(givenUp.exhausted ? { EXHAUSTED_RETRY_CONDITION: givenUp.exhausted } : {}),
      RETRY_ATTEMPTS: `${givenUp.retries}`,
    },
  };
  const buried: Delivered = await options.targets.deliver(queueArn, delivery);
  if (!buried.ok) log.line(service, `lost, ${queueArn} took it not (${buried.message}): ${what}`);
}

/** As https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html names what the receivers here say. */
function codeOf(code: string): string {
  if (/NonExistent|NOT_FOUND|NotFound|INVALID_TARGET/.test(code)) return 'NO_RESOURCE';
  if (/AccessDenied|AuthorizationError/.test(code)) return 'NO_PERMISSIONS';
  if (/Throttl|TooManyRequests/i.test(code)) return 'THROTTLING';
  return /Parameter/.test(code) ? 'INVALID_PARAMETER' : code;
}
