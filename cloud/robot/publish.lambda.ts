import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import { type CommandMessage, decodeCommand, isStop } from '../../firmware/command/message.ts';
import { writeLog, writeMetrics } from '../common/emf.lambda-shared.ts';
import { type Environment, listed, required } from '../common/environment.lambda-shared.ts';
import { createSignedClient } from '../common/signed-client.lambda-shared.ts';
import { answerTo, type Caller, callerOf } from './caller.lambda-shared.ts';
import { DEFAULT_TTL_MS, METRICS_NAMESPACE, PUBLISH_ATTEMPT_MS, PUBLISH_BUDGET_MS } from './constants.ts';

type Handler = (event: APIGatewayProxyEvent) => Promise<APIGatewayProxyResult>;

/**
 * `POST /publish` and `POST /robots/{name}/publish`: hands one command to the robot's topic.
 * 200 once the broker has it; 400, 401, 403, 404 with the robot's own `{code, message}`; 502 when the broker did not
 * take it.
 */
export function createPublish(env: Environment): Handler {
  const robots = listed(env, 'ROBOTS');
  const client = createSignedClient('iotdata', required(env, 'IOT_ENDPOINT'), env);

  return async (event) => {
    const startedMs = performance.now();
    const answer = answerTo(event, env);
    const caller = callerOf(event);
    const robot = event.pathParameters?.name ?? robots[0]!;
    const entry = { requestId: event.requestContext.requestId, robot, sub: caller.sub, role: caller.role };
    const refuse = (status: number, code: string, message: string) => {
      writeMetrics(METRICS_NAMESPACE, { Refused: 1 }, { level: 'INFO', message: 'refused', code, ...entry });
      return answer(status, { code, message });
    };

    if (!robots.includes(robot))
      return refuse(404, 'unknown_robot', `Expected a robot of this API but received ${robot}`);
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
    const attempt = () => client.post(requestFor(robot, message, caller));
    const lifeMs = stop ? PUBLISH_BUDGET_MS : Math.min(message.ttlMs, PUBLISH_BUDGET_MS);
    let outcome = await attempt().catch(failed);
    let retries = 0;
    if (mayRetry(outcome.status) && performance.now() - startedMs < lifeMs - PUBLISH_ATTEMPT_MS / 2) {
      retries = 1;
      outcome = await attempt().catch(failed);
    }
    const tookMs = Math.round(performance.now() - startedMs);
    if (outcome.status === 200) {
      writeMetrics(
        METRICS_NAMESPACE,
        { Published: 1, PublishMs: tookMs, Retries: retries },
        { level: 'INFO', message: 'published', ...entry },
      );
      return answer(200, { robot, accepted: true });
    }
    writeLog('ERROR', 'the broker did not take the command', { ...outcome, ...entry });
    writeMetrics(
      METRICS_NAMESPACE,
      { Failed: 1, PublishMs: tookMs, Retries: retries },
      { level: 'ERROR', message: 'not published', ...entry },
    );
    return answer(502, { code: 'not_published', message: 'The message broker did not take the command' });
  };
}

interface Outcome {
  /** Of HTTP; 0 when no answer came. */
  readonly status: number;
  readonly text: string;
}

function failed(error: unknown): Outcome {
  return { status: 0, text: String(error) };
}

function mayRetry(status: number): boolean {
  return status === 0 || status === 429 || status >= 500;
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
function requestFor(robot: string, message: ReturnType<typeof stamped>, { sub, name, role }: Caller) {
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
