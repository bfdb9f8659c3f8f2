import Draft04, { type ValidateFunction } from 'ajv-draft-04';
import type { ApiDefinition, ApiMethod } from './definition.ts';
import { GatewayError } from './gateway-error.ts';
import { type ApiRequest, mediaType } from './request.ts';

/** @throws GatewayError when the request is not as the method's validator wants it */
export type Validate = (method: ApiMethod, request: ApiRequest) => void;

/**
 * Holds requests against parameters and models. A body of a content type that has no model is not looked at; one
 * without a content type counts as JSON, as in API Gateway.
 * @throws Error when a model is no schema of draft 4
 */
export function createValidate({ models, validators }: ApiDefinition): Validate {
  const ajv = new Draft04.default({ allErrors: true, strict: false });
  const schemas = new Map<string, ValidateFunction>();
  for (const [name, schema] of models) schemas.set(name, ajv.compile(schema));

  return ({ validatorId, requestModels, requestParameters }, request) => {
    const validator = validatorId === null ? null : validators.get(validatorId);
    if (!validator) return;
    if (validator.parameters) checkParameters(requestParameters, request);
    if (!validator.body) return;
    const type = mediaType(request);
    const model = requestModels[type] ?? requestModels.$default;
    const validate = model === undefined ? undefined : schemas.get(model);
    if (!validate) return;
    const problem = problemOf(request.body, validate);
    if (problem !== null) {
      throw new GatewayError('BAD_REQUEST_BODY', 'Invalid request body', { details: problem });
    }
  };
}

function problemOf(body: string, validate: ValidateFunction): string | null {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return '[Unable to parse the body as JSON]';
  }
  if (validate(value)) return null;
  const errors = validate.errors ?? [];
  return `[${errors.map(({ instancePath, message }) => `${instancePath || 'body'} ${message}`).join(', ')}]`;
}

function checkParameters(parameters: Readonly<Record<string, boolean>>, request: ApiRequest): void {
  const missing = Object.entries(parameters)
    .filter(([name, required]) => required && !request.parameter(name))
    .map(([name]) => name.split('.').at(-1));
  if (missing.length > 0) {
    throw new GatewayError(
      'BAD_REQUEST_PARAMETERS',
      `Missing required request parameters: [${missing.join(', ')}]`,
    );
  }
}
