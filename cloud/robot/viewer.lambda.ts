import { randomUUID } from 'node:crypto';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import { writeMetrics } from '../common/emf.lambda-shared.ts';
import { type Environment, listed, required } from '../common/environment.lambda-shared.ts';
import { answerTo, callerOf } from './caller.lambda-shared.ts';
import { METRICS_NAMESPACE, VIEWER_URL_S } from './constants.ts';
import { createKvsViewers } from './kvs.lambda-shared.ts';

type Handler = (event: APIGatewayProxyEvent) => Promise<APIGatewayProxyResult>;

/**
 * `GET /robots/{name}/viewer`: lets the caller, who has no credentials of AWS, watch one robot: the signed address of
 * a viewer's socket for a client id made here, and the relays. Driving over that connection takes the caller's token
 * once more, shown to the robot itself.
 * 200; 401, 404 with `{code, message}`; 502 when Kinesis Video Streams did not do its part.
 */
export function createViewer(env: Environment, nowMs: () => number = Date.now): Handler {
  const robots = listed(env, 'ROBOTS');
  const region = required(env, 'AWS_REGION');
  const kvs = createKvsViewers(env, nowMs);

  return async (event) => {
    const startedMs = nowMs();
    const answer = answerTo(event, env);
    const { sub, role, expiresAtS } = callerOf(event);
    const robot = event.pathParameters?.name ?? '';
    const entry = { requestId: event.requestContext.requestId, robot, sub, role };
    if (!robots.includes(robot)) {
      const message = `Expected a robot of this API but received ${robot}`;
      return answer(404, { code: 'unknown_robot', message });
    }
    if (startedMs >= expiresAtS * 1000) {
      return answer(401, { code: 'token_expired', message: 'Expected a token that has not expired' });
    }
    const clientId = randomUUID();
    try {
      const admitted = await kvs.admit(robot, clientId);
      const endMs = nowMs();
      writeMetrics(
        METRICS_NAMESPACE,
        { ViewersAdmitted: 1, ViewerMs: endMs - startedMs },
        { level: 'INFO', message: 'viewer admitted', clientId, ...entry },
      );
      const expiresAtMs = endMs + VIEWER_URL_S * 1000;
      return answer(200, { robot, role, region, clientId, nowMs: endMs, expiresAtMs, ...admitted });
    } catch (error) {
      writeMetrics(
        METRICS_NAMESPACE,
        { ViewersFailed: 1 },
        { level: 'ERROR', message: 'viewer not admitted', reason: String(error), ...entry },
      );
      return answer(502, {
        code: 'no_signaling',
        message: 'The signaling service did not answer as expected',
      });
    }
  };
}

let view: Handler | undefined;
export const handler: Handler = (event) => {
  view ??= createViewer(process.env);
  return view(event);
};
