import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import { arn, PLACE } from '../desk/place.ts';
import type { Credentials, Principals } from '../iam/principals.ts';
import type { Functions } from '../lambda/functions.ts';
import type { LaterInvocations } from '../lambda/later.ts';
import type { Services } from '../services/services.ts';
import type { Backend } from './definition.ts';
import { GatewayError } from './gateway-error.ts';
import type { ApiRequest } from './request.ts';

export interface BackendRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly roleArn: string | null;
}

export interface BackendResponse {
  readonly status: number;
  /** By name in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
  /** What patterns of responses are held against: a function's error, else the status; null: the function did well. */
  readonly outcome: string | null;
}

export interface BackendsOptions {
  readonly functions: Functions;
  readonly later: LaterInvocations;
  readonly services: Services;
  readonly principals: Principals;
}

const API_GATEWAY = 'apigateway.amazonaws.com';

/** What integrations of the type AWS call: functions, and services by the door that functions use too. */
export class Backends {
  readonly #options: BackendsOptions;
  readonly #credentials = new Map<string, Credentials>();

  constructor(options: BackendsOptions) {
    this.#options = options;
  }

  /** @throws GatewayError when API Gateway may not, or nothing answers */
  async call(
    backend: Exclude<Backend, { readonly kind: 'mock' }>,
    apiId: string,
    from: ApiRequest,
    request: BackendRequest,
  ): Promise<BackendResponse> {
    return backend.kind === 'function'
      ? this.#invoke(backend.functionArn, apiId, from, request)
      : this.#ask(backend.service, backend.target, request);
  }

  /** https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-custom-integrations.html */
  async #invoke(
    functionArn: string,
    apiId: string,
    { stage, httpMethod, route }: ApiRequest,
    { headers, body, roleArn }: BackendRequest,
  ): Promise<BackendResponse> {
    const { functions, principals, later } = this.#options;
    const sourceArn = arn('execute-api', `${apiId}/${stage}/${httpMethod}${route.resourcePath}`);
    const access = { action: 'lambda:InvokeFunction', resource: functions.config(functionArn).arn };
    if (roleArn !== null) this.#credentialsOf(roleArn);
    const allowed =
      roleArn === null
        ? functions.permits(functionArn, { principal: API_GATEWAY, sourceArn })
        : principals.decide(roleArn, access) === 'allow';
    if (!allowed) throw misconfigured('Invalid permissions on Lambda function');
    let event: unknown;
    try {
      event = JSON.parse(body === '' ? '{}' : body);
    } catch {
      return answered(400, '{"message":"Could not parse request body into json"}', '400');
    }
    const kind = Object.entries(headers).find(
      ([name]) => name.toLowerCase() === 'x-amz-invocation-type',
    )?.[1];
    if (kind === 'Event') {
      later.accept(functionArn, JSON.stringify(event));
      return answered(202, '', null);
    }
    const outcome = await functions.invoke(functionArn, event);
    if (outcome.ok) return answered(200, outcome.payload, null);
    return answered(200, JSON.stringify(outcome.error), outcome.error.errorMessage);
  }

  async #ask(
    service: string,
    target: string,
    { headers, body, roleArn }: BackendRequest,
  ): Promise<BackendResponse> {
    if (roleArn === null) throw misconfigured(`An integration with ${service} needs Credentials`);
    const url = new URL(this.#options.services.url);
    const signer = new SignatureV4({
      service,
      region: PLACE.region,
      credentials: this.#credentialsOf(roleArn),
      sha256: Sha256,
    });
    const signed = await signer.sign({
      method: 'POST',
      protocol: url.protocol,
      hostname: url.hostname,
      path: '/',
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': target,
        ...lowered(headers),
        host: url.host,
      },
      body,
    });
    let response: Response;
    try {
      const { host: _, ...sent } = signed.headers;
      response = await fetch(url, { method: 'POST', headers: sent, body });
    } catch (error) {
      throw new GatewayError('INTEGRATION_FAILURE', 'Internal server error', {
        details: (error as Error).message,
      });
    }
    return {
      status: response.status,
      headers: new Map(response.headers),
      body: await response.text(),
      outcome: `${response.status}`,
    };
  }

  /** @throws GatewayError when the role does not trust API Gateway */
  #credentialsOf(roleArn: string): Credentials {
    const known = this.#credentials.get(roleArn);
    if (known) return known;
    try {
      const credentials = this.#options.principals.assume(roleArn, API_GATEWAY);
      this.#credentials.set(roleArn, credentials);
      return credentials;
    } catch (error) {
      throw misconfigured((error as Error).message);
    }
  }
}

function answered(status: number, body: string, outcome: string | null): BackendResponse {
  return { status, body, outcome, headers: new Map([['content-type', 'application/json']]) };
}

function misconfigured(details: string): GatewayError {
  return new GatewayError('API_CONFIGURATION_ERROR', 'Internal server error', { details });
}

function lowered(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
