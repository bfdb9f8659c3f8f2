import type { Faults } from './faults.ts';
import { refusal, type Service, type ServiceRequest, type ServiceResponse } from './services.ts';

export type Input = Readonly<Record<string, unknown>>;

export interface Operation {
  /** What the caller's role has to allow it on, as an ARN; default `*`: the service knows no resource for it. */
  readonly resource?: (input: Input) => string;
  /** Condition keys of the service. */
  readonly context?: (input: Input) => Readonly<Record<string, string>>;
  /** @throws ApiError for what the service refuses */
  run(input: Input, request: ServiceRequest): object | Promise<object>;
}

/** What a service answers in place of a result. */
export class ApiError extends Error {
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string, status = 400) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

/**
 * A service of the AWS JSON protocol: the operation stands in the header X-Amz-Target, its input is the body.
 * https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
 * @param prefix of its actions in policies
 */
export function jsonApi(
  prefix: string,
  operations: Readonly<Record<string, Operation>>,
  faults: Faults,
): Service {
  return async (request) => {
    const name = String(request.headers['x-amz-target']).split('.')[1] ?? '';
    const operation = Object.hasOwn(operations, name) ? operations[name]! : null;
    if (!operation) {
      return refusal(400, 'UnknownOperationException', `${prefix}:${name} is not supported on the desk`);
    }
    return answered(prefix, name, operation, JSON.parse(request.body.toString() || '{}') as Input, {
      request,
      faults,
    });
  };
}

/** Does one operation, once the caller's role allows it. */
export async function answered(
  prefix: string,
  name: string,
  operation: Operation,
  input: Input,
  { request, faults }: { readonly request: ServiceRequest; readonly faults: Faults },
): Promise<ServiceResponse> {
  const fault = faults.take(name);
  if (fault) return refusal(fault.status, fault.code, fault.message);
  try {
    const resource = operation.resource?.(input) ?? '*';
    if (request.decide(`${prefix}:${name}`, resource, operation.context?.(input)) !== 'allow') {
      const message = `User: ${request.caller} is not authorized to perform: ${prefix}:${name} on resource: ${resource}`;
      return refusal(400, 'AccessDeniedException', message);
    }
    const headers = { 'content-type': 'application/x-amz-json-1.1' };
    return { status: 200, headers, body: JSON.stringify(await operation.run(input, request)) };
  } catch (error) {
    if (error instanceof ApiError) return refusal(error.status, error.code, error.message);
    throw error;
  }
}

/** @throws ApiError (`code`) when the field is no text of this length */
export function textIn(input: Input, field: string, code: string, maxLength = Infinity): string {
  const value = input[field];
  if (typeof value === 'string' && value.length > 0 && value.length <= maxLength) return value;
  const length = maxLength === Infinity ? '' : ` of at most ${maxLength} characters`;
  throw new ApiError(code, `Expected ${field} to be text${length} but received ${JSON.stringify(value)}`);
}

/**
 * Refuses fields that an engine does not act on, by name.
 * @throws ApiError (`code`)
 */
export function onlyFields(input: Input, known: readonly string[], code: string): void {
  const unknown = Object.keys(input).filter((field) => input[field] !== null && !known.includes(field));
  if (unknown.length > 0) throw new ApiError(code, `${unknown.join(', ')}: not supported on the desk`);
}
