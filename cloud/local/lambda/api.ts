import type { Faults } from '../services/faults.ts';
import { refusal, type Service } from '../services/services.ts';
import type { Functions } from './functions.ts';
import type { LaterInvocations } from './later.ts';

/** Lambda takes no larger event of those that nobody waits for. */
const MAX_LATER_BYTES = 1024 * 1024;

/**
 * Functions that invoke functions. https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
 */
export function lambdaApi(functions: Functions, later: LaterInvocations, faults: Faults): Service {
  return async ({ method, url, headers, body, decide, caller }) => {
    const path = /^\/2015-03-31\/functions\/([^/]+)\/invocations(\?.*)?$/.exec(url);
    if (method !== 'POST' || !path) {
      return refusal(404, 'UnknownOperationException', `${method} ${url} is not supported on the desk`);
    }
    const wanted = decodeURIComponent(path[1]!);
    const config = functions.all.find(({ name, arn }) =>
      [name, arn].includes(wanted.replace(/:\$LATEST$/, '')),
    );
    const resource = config?.arn ?? wanted;
    if (decide('lambda:InvokeFunction', resource) !== 'allow') {
      const message = `User: ${caller} is not authorized to perform: lambda:InvokeFunction on resource: ${resource}`;
      return refusal(403, 'AccessDeniedException', message);
    }
    if (!config) return refusal(404, 'ResourceNotFoundException', `Function not found: ${wanted}`);
    const fault = faults.take('Invoke');
    if (fault) return refusal(fault.status, fault.code, fault.message);
    const type = String(headers['x-amz-invocation-type'] ?? 'RequestResponse');
    if (type === 'DryRun') return { status: 204, body: '' };
    const payload = body.toString() || '{}';
    try {
      JSON.parse(payload);
    } catch {
      return refusal(400, 'InvalidRequestContentException', 'Could not parse request body into json');
    }
    if (type === 'Event') {
      if (body.length > MAX_LATER_BYTES)
        return refusal(413, 'RequestTooLargeException', `Expected at most ${MAX_LATER_BYTES} bytes`);
      later.accept(config.arn, payload);
      return { status: 202, body: '' };
    }
    const outcome = await functions.invoke(config.arn, JSON.parse(payload));
    if (!outcome.ok && outcome.error.errorType === 'TooManyRequestsException') {
      return refusal(429, 'TooManyRequestsException', outcome.error.errorMessage);
    }
    return {
      status: 200,
      headers: {
        'x-amz-executed-version': '$LATEST',
        ...(outcome.ok ? {} : { 'x-amz-function-error': 'Unhandled' }),
      },
      body: outcome.ok ? outcome.payload : JSON.stringify(outcome.error),
    };
  };
}
