import { arn } from '../desk/place.ts';
import { decide, type PolicyDocument } from '../iam/policy.ts';
import type { Functions } from '../lambda/functions.ts';
import type { TokenAuthorizer } from './definition.ts';
import { GatewayError } from './gateway-error.ts';
import type { ApiRequest } from './request.ts';

/** What an authorizer's function said of a token. */
interface Verdict {
  readonly principalId: string;
  readonly policy: PolicyDocument;
  readonly context: Readonly<Record<string, string>>;
}

/** `requestContext.authorizer` of what comes behind. */
export type AuthorizerContext = Readonly<Record<string, string>>;

const MAX_CACHED = 1000;

/**
 * TOKEN authorizers: the token has to look as the template says, then the function gives a policy, which is used for
 * every method of the stage as long as it is cached.
 */
export class Authorizers {
  readonly #functions: Functions;
  readonly #apiId: string;
  readonly #cache = new Map<string, { readonly verdict: Verdict; readonly untilMs: number }>();

  constructor(functions: Functions, apiId: string) {
    this.#functions = functions;
    this.#apiId = apiId;
  }

  /** @throws GatewayError when the request may not pass */
  async authorize(authorizer: TokenAuthorizer, request: ApiRequest): Promise<AuthorizerContext> {
    const token = request.header(authorizer.header);
    if (!token || (authorizer.validation && !authorizer.validation.test(token))) {
      throw new GatewayError('UNAUTHORIZED', 'Unauthorized');
    }
    const methodArn = arn(
      'execute-api',
      `${this.#apiId}/${request.stage}/${request.httpMethod}${request.path}`,
    );
    const { principalId, policy, context } = await this.#verdict(authorizer, token, methodArn);
    const decision = decide([policy], { action: 'execute-api:Invoke', resource: methodArn });
    if (decision === 'deny') {
      throw new GatewayError(
        'ACCESS_DENIED',
        'User is not authorized to access this resource with an explicit deny',
      );
    }
    if (decision === 'none') {
      throw new GatewayError('ACCESS_DENIED', 'User is not authorized to access this resource');
    }
    return { principalId, ...context };
  }

  async #verdict(authorizer: TokenAuthorizer, token: string, methodArn: string): Promise<Verdict> {
    const key = `${authorizer.id} ${token}`;
    const cached = this.#cache.get(key);
    if (cached && performance.now() < cached.untilMs) return cached.verdict;
    const verdict = await this.#ask(authorizer, token, methodArn);
    this.#cache.delete(key);
    if (authorizer.ttlS > 0) {
      const [oldest] = this.#cache.keys();
      if (this.#cache.size >= MAX_CACHED) this.#cache.delete(oldest!);
      this.#cache.set(key, { verdict, untilMs: performance.now() + authorizer.ttlS * 1000 });
    }
    return verdict;
  }

  async #ask(
    { id, functionArn }: TokenAuthorizer,
    authorizationToken: string,
    methodArn: string,
  ): Promise<Verdict> {
    const sourceArn = arn('execute-api', `${this.#apiId}/authorizers/${id}`);
    if (!this.#functions.permits(functionArn, { principal: 'apigateway.amazonaws.com', sourceArn })) {
      throw new GatewayError('AUTHORIZER_CONFIGURATION_ERROR', 'Internal server error');
    }
    const outcome = await this.#functions.invoke(functionArn, {
      type: 'TOKEN',
      authorizationToken,
      methodArn,
    });
    if (!outcome.ok) {
      // The one error that a function may refuse with.
      if (outcome.error.errorMessage === 'Unauthorized')
        throw new GatewayError('UNAUTHORIZED', 'Unauthorized');
      throw new GatewayError('AUTHORIZER_FAILURE', 'Internal server error');
    }
    const verdict = verdictIn(JSON.parse(outcome.payload));
    if (!verdict) throw new GatewayError('AUTHORIZER_CONFIGURATION_ERROR', 'Internal server error');
    return verdict;
  }
}

/** Null when it is not what an authorizer has to answer. Every value of the context becomes text. */
function verdictIn(answer: unknown): Verdict | null {
  const { principalId, policyDocument, context = {} } = (answer ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof principalId !== 'string' || principalId === '') return null;
  const { Statement } = (policyDocument ?? {}) as { readonly Statement?: unknown };
  if (typeof Statement !== 'object' || Statement === null) return null;
  const values = Object.entries((context ?? {}) as object);
  if (values.some(([, value]) => !['string', 'number', 'boolean'].includes(typeof value))) return null;
  return {
    principalId,
    policy: policyDocument as PolicyDocument,
    context: Object.fromEntries(values.map(([name, value]) => [name, String(value)])),
  };
}
