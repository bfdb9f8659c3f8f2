import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import { type CommandMessage, decodeCommand, isStop } from '../../firmware/command/message.ts';
import { writeMetrics } from '../common/emf.lambda-shared.ts';
import { type Environment, listed, required } from '../common/environment.lambda-shared.ts';
import {
  createSignedClient,
  type SignedClient,
  type SignedRequest,
} from '../common/signed-client.lambda-shared.ts';
import { answerTo, type Caller, callerOf } from './caller.lambda-shared.ts';
import {
  DEFAULT_TTL_MS,
  METRICS_NAMESPACE,
  PUBLISH_ATTEMPT_MS,
  PUBLISH_BUDGET_MS,
  RETRY_DRIVE_MS,
} from './constants.ts';

type Handler = (event: APIGatewayProxyEvent) => Promise<APIGatewayProxyResult>;

/** Monotonic, in ms. */
type Clock = () => number;

/**
 * `POST /publish` and `POST /robots/{name}/publish`: hands one command to the robot's topic.
 * 200 once the broker has it; 400, 401, 403, 404 with the robot's own `{code, message}`; 502 when the broker did not
 * take it.
 */
export function createPublish(env: Environment, nowMs: Clock = () => performance.now()): Handler {
  const robots = listed(env, 'ROBOTS');
  const client = createSignedClient('iotdata', required(env, 'IOT_ENDPOINT'), env);

  return async (event) => {
    const startedMs = nowMs();
    const answer = answerTo(event, env);
    const caller = callerOf(event);
    const robot = event.pathParameters?.name ?? robots[0]!;
    const entry = { requestId: event.requestContext.requestId, robot, sub: caller.sub, role: caller.role };
    const refuse = (status: number, code: string, message: string) => {
      writeMetrics(METRICS_NAMESPACE, { Refused: 1 }, { level: 'INFO', message: 'refused', code, ...entry });
      return answer(status, { code, message });
    };

    if (!robots.includes(robot)) {
      return refuse(404, 'unknown_robot', `Expected a robot of this API but received ${robot}`);
    }
    const body = event.body ?? '';
    const decoded = decodeCommand(event.isBase64Encoded ? Buffer.from(body, 'base64') : body);
    if (!decoded.ok) return refuse(400, decoded.code, decoded.message);
    const stop = isStop(decoded.value);
    // A stop is worth more than the order of the papers: it passes for every role, and with a token just expired.
    if (!stop && caller.role !== 'operator') {
      return refuse(
        403,
        'viewers_may_only_stop',
        'Expected a stop from a viewer but received another command',
      );
    }
    if (!stop && Date.now() >= caller.expiresAtS * 1000) {
      return refuse(401, 'token_expired', 'Expected a token that has not expired');
    }

    const message = stamped(decoded.value, event.requestContext.requestTimeEpoch);
    const request = requestFor(robot, message, caller);
    const { status, reason, retries } = await deliver(client, request, retryWithinMs(decoded.value), nowMs);
    const figures = { PublishMs: Math.round(nowMs() - startedMs), Retries: retries };
    if (status === 200) {
      writeMetrics(
        METRICS_NAMESPACE,
        { Published: 1, ...figures },
        { level: 'INFO', message: 'published', ...entry },
      );
      return answer(200, { robot, accepted: true });
    }
    writeMetrics(
      METRICS_NAMESPACE,
      { Failed: 1, ...figures },
      { level: 'ERROR', message: 'not published', status, reason, ...entry },
    );
    return answer(502, { code: 'not_published', message: 'The message broker did not take the command' });
  };
}

interface Delivery {
  /** Of HTTP; 0 when no answer came. */
  readonly status: number;
  readonly reason: string;
  readonly retries: number;
}

/**
 * How long after the first attempt a second may begin. The first may have arrived all the same, and others may have
 * spoken since: a stop does no harm then; a command to drive might follow the stop that took it back, and a reset
 * release an emergency stop that came after it.
 */
function retryWithinMs(message: CommandMessage): number {
  if (isStop(message)) return PUBLISH_BUDGET_MS - PUBLISH_ATTEMPT_MS;
  return 'reset' in message ? 0 : RETRY_DRIVE_MS;
}

/** Tries a second time when the first failed for a passing reason, and early enough. */
async function deliver(
  client: SignedClient,
  request: SignedRequest,
  withinMs: number,
  nowMs: Clock,
): Promise<Delivery> {
  const startedMs = nowMs();
  for (let retries = 0; ; retries++) {
    const { status, text } = await client
      .post(request)
      .catch((error: unknown) => ({ status: 0, text: String(error) }));
    const passing = status === 0 || status === 429 || status >= 500;
    if (!passing || retries === 1 || nowMs() - startedMs >= withinMs) {
      return { status, reason: text.slice(0, 500), retries };
    }
  }
}

/**
 * Makes every command mortal. The robot judges age by wall clocks; the caller's clock is unknown, so a command without
 * a time gets that of its arrival at the API.
 */
function stamped(message: CommandMessage, arrivedMs: number) {
  const { issuedAtMs = arrivedMs, ttlMs = DEFAULT_TTL_MS } = message;
  return { ...message, issuedAtMs, ttlMs };
}

/** https://docs.aws.amazon.com/iot/latest/apireference/API_iotdata_Publish.html */
function requestFor(robot: string, message: ReturnType<typeof stamped>, caller: Caller): SignedRequest {
  const { sub, name, role } = caller;
  const properties = [{ sub }, { name }, { role }];
  return {
    path: `/topics/${encodeURIComponent(`${robot}/action`)}`,
    query: {
      contentType: 'application/json',
      messageExpiry: `${Math.max(1, Math.ceil(message.ttlMs / 1000))}`,
      qos: '1',
    },
    headers: {
      'content-type': 'application/octet-stream',
      'x-amz-mqtt5-payload-format-indicator': 'UTF8_DATA',
      'x-amz-mqtt5-user-properties': Buffer.from(JSON.stringify(properties)).toString('base64'),
    },
    body: JSON.stringify(message),
    timeoutMs: PUBLISH_ATTEMPT_MS,
  };
}

let publish: Handler | undefined;
export const handler: Handler = (event) => {
  publish ??= createPublish(process.env);
  return publish(event);
};
