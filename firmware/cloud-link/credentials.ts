import type { Agent } from 'node:https';
import { asyncScheduler, type SchedulerLike, type Subscription } from 'rxjs';
import * as z from 'zod/mini';
import type { Clock } from '../command/pipeline.ts';
import type { Logger } from '../telemetry/log.ts';
import type { AwsClock } from './aws-clock.ts';
import { backoffMs } from './backoff.ts';
import { requestJson } from './https-json.ts';

/** As the AWS packages take them. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiration: Date;
}

export interface Credentials {
  /**
   * A provider as the AWS packages take it. Credentials come from memory while they are valid.
   * @throws Error when there are none and none can be had
   */
  readonly provide: () => Promise<AwsCredentials>;
  close(): void;
}

export interface CredentialsOptions {
  /** Asks once. */
  readonly fetch: () => Promise<AwsCredentials>;
  readonly awsClock: Pick<AwsClock, 'wallMs'>;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly scheduler?: SchedulerLike;
  /** 0..1 */
  readonly random?: () => number;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
}

/** Renewed this long before they expire, or after three quarters of a life shorter than twenty minutes. */
const RENEW_BEFORE_MS = 5 * 60_000;
const RENEW_BEFORE_RATIO = 1 / 4;
/** What is signed in the last seconds may arrive too late. */
const LAST_USE_BEFORE_MS = 10_000;
const RETRY = { firstMs: 2000, longestMs: 60_000 } as const;

interface Held {
  readonly credentials: AwsCredentials;
  /** On the monotonic clock: a step of the wall clock makes nothing valid or stale. */
  readonly expiresMs: number;
}

/**
 * Keeps the robot's AWS credentials: fetched when first asked for, from then on renewed in the background before
 * they expire. While the provider can't be reached the last ones serve until they expire.
 */
export function createCredentials(options: CredentialsOptions): Credentials {
  const { clock, awsClock, logger } = options;
  const scheduler = options.scheduler ?? asyncScheduler;
  const random = options.random ?? Math.random;
  let held: Held | null = null;
  let renewing: Promise<AwsCredentials> | null = null;
  let next: Subscription | null = null;
  let failures = 0;
  let retryMs = Number.NEGATIVE_INFINITY;
  let lastError: unknown;
  let closed = false;

  function schedule(delayMs: number): void {
    next?.unsubscribe();
    if (closed) return;
    // Its failure is told by renewNow; who asks for credentials hears of it there.
    next = scheduler.schedule(() => void renew().catch(() => undefined), delayMs);
  }

  async function renewNow(): Promise<AwsCredentials> {
    try {
      const credentials = await options.fetch();
      const lifeMs = credentials.expiration.getTime() - awsClock.wallMs();
      if (!(lifeMs > LAST_USE_BEFORE_MS))
        throw new Error('Expected credentials that are valid but received expired ones');
      held = { credentials, expiresMs: clock.nowMs() + lifeMs };
      if (failures > 0) logger.info('AWS credentials are renewed again');
      failures = 0;
      retryMs = Number.NEGATIVE_INFINITY;
      schedule(lifeMs - Math.min(RENEW_BEFORE_MS, lifeMs * RENEW_BEFORE_RATIO));
      return credentials;
    } catch (error) {
      failures += 1;
      lastError = error;
      const waitMs = backoffMs(failures, random(), RETRY);
      retryMs = clock.nowMs() + waitMs;
      const leftS = held ? Math.max(0, Math.round((held.expiresMs - clock.nowMs()) / 1000)) : 0;
      logger.warn({ err: error, failures, leftS }, 'AWS credentials could not be renewed');
      schedule(waitMs);
      throw error;
    }
  }

  /** However many ask, one call is under way. */
  function renew(): Promise<AwsCredentials> {
    renewing ??= renewNow().finally(() => {
      renewing = null;
    });
    return renewing;
  }

  return {
    async provide() {
      if (closed) throw new Error('Expected an open source of credentials but it is closed');
      if (held && clock.nowMs() < held.expiresMs - LAST_USE_BEFORE_MS) return held.credentials;
      if (!renewing && clock.nowMs() < retryMs) throw lastError;
      return renew();
    },
    close() {
      closed = true;
      next?.unsubscribe();
    },
  };
}

const answerSchema = z.object({
  credentials: z.object({
    accessKeyId: z.string().check(z.minLength(1)),
    secretAccessKey: z.string().check(z.minLength(1)),
    sessionToken: z.string().check(z.minLength(1)),
    expiration: z.iso.datetime({ offset: true }),
  }),
});

export interface CredentialsEndpoint {
  /** Host, or host:port. */
  readonly endpoint: string;
  readonly roleAlias: string;
  readonly thingName: string;
  /** Shows the robot's certificate. */
  readonly agent: Agent;
  readonly awsClock: AwsClock;
}

/**
 * Asks AWS IoT's credential provider, which knows the robot by its certificate.
 * @throws Error with what to look at
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/authorizing-direct-aws.html
 */
export async function fetchCredentials(at: CredentialsEndpoint): Promise<AwsCredentials> {
  const url = new URL(`https://${at.endpoint}/role-aliases/${encodeURIComponent(at.roleAlias)}/credentials`);
  const headers = { 'x-amzn-iot-thingname': at.thingName };
  const answer = await requestJson(url, { method: 'GET', headers, agent: at.agent });
  at.awsClock.observe(answer.headers.date as string | undefined);
  if (answer.status !== 200) throw new Error(refusalOf(answer.status, answer.body, at));
  const read = answerSchema.safeParse(answer.body);
  if (!read.success) throw new Error(`Expected credentials from ${at.endpoint} but received something else`);
  const { expiration, ...keys } = read.data.credentials;
  return { ...keys, expiration: new Date(expiration) };
}

function refusalOf(
  status: number,
  body: unknown,
  { endpoint, roleAlias, thingName }: CredentialsEndpoint,
): string {
  const said = (body as { message?: unknown } | undefined)?.message;
  const detail = typeof said === 'string' ? `: ${said.slice(0, 200)}` : '';
  const look =
    status === 403
      ? ` Its certificate needs a policy with iot:AssumeRoleWithCertificate on role alias ${roleAlias}, and has to be attached to thing ${thingName}.`
      : status === 404
        ? ` Is there a role alias ${roleAlias}?`
        : '';
  return `${endpoint} refused credentials with ${status}${detail}.${look}`;
}
