import type { Rendered, Velocity } from '../vtl/velocity.ts';
import type { BackendResponse, Backends } from './backends.ts';
import type { Context } from './context.ts';
import type { IntegrationResponse, MappedIntegration, Stage } from './definition.ts';
import { GatewayError } from './gateway-error.ts';
import { type ApiResponse, within } from './lambda-proxy.ts';
import { mapped, type Sources } from './mapping.ts';
import { type ApiRequest, mediaType } from './request.ts';

type Texts = Readonly<Record<string, string>>;

export interface MappedCall {
  readonly apiId: string;
  readonly stage: Stage;
  readonly request: ApiRequest;
  /** Of the request; what is learned of the integration is added. */
  readonly context: Context;
  readonly integration: MappedIntegration;
  readonly backends: Backends;
  readonly velocity: Velocity;
}

const NOTHING: Omit<Rendered, 'output'> = { requestOverride: {}, responseOverride: {} };

/**
 * An integration without proxy: the request is mapped, the backend is called, one of the responses is chosen and mapped.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-data-transformations.html
 * @throws GatewayError when a template fails, the body has no template, or the backend does not answer
 */
export async function callMapped(call: MappedCall): Promise<ApiResponse> {
  const { apiId, request, context, integration, backends } = call;
  const { backend, roleArn, timeoutMs } = integration;
  const sources = sourcesOf(call);
  const { output: body, requestOverride } = await requestBody(call);
  if (Object.keys({ ...requestOverride.path, ...requestOverride.querystring }).length > 0) {
    throw failed('An override of path or query has no meaning for what the desk calls');
  }
  const headers = {
    ...(await mapped(integration.requestParameters, 'integration.request.header.', sources)),
    ...texts(requestOverride.header),
  };
  const startedMs = performance.now();
  const response =
    backend.kind === 'mock'
      ? mocked(body)
      : await within(timeoutMs, backends.call(backend, apiId, request, { headers, body, roleArn }));
  const latency = `${Math.round(performance.now() - startedMs)}`;
  context.integrationLatency = latency;
  context.integrationStatus = `${response.status}`;
  context.integration = {
    latency,
    integrationStatus: `${response.status}`,
    status: `${response.status}`,
    error: '',
  };
  const chosen = choose(integration.responses, response.outcome);
  if (!chosen) throw failed(`No response of the integration is for ${response.outcome ?? response.status}`);
  return responseOf(call, chosen, response, { ...sources, response });
}

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/integration-passthrough-behaviors.html */
async function requestBody(call: MappedCall): Promise<Rendered> {
  const { request, integration } = call;
  const { requestTemplates, passthrough } = integration;
  const template = requestTemplates[mediaType(request)];
  if (template !== undefined) return render(call, template, request.body);
  const none = Object.keys(requestTemplates).length === 0;
  if (passthrough === 'NEVER' || (passthrough === 'WHEN_NO_TEMPLATES' && !none)) {
    throw new GatewayError('UNSUPPORTED_MEDIA_TYPE', 'Unsupported Media Type');
  }
  return { output: request.body, ...NOTHING };
}

async function responseOf(
  call: MappedCall,
  { statusCode, parameters, templates }: IntegrationResponse,
  { body }: BackendResponse,
  sources: Sources,
): Promise<ApiResponse> {
  const [type = 'application/json', template] = templateFor(templates, call.request);
  const { output, responseOverride } =
    template === undefined ? { output: body, ...NOTHING } : await render(call, template, body);
  const headers = {
    'Content-Type': type,
    ...(await mapped(parameters, 'method.response.header.', sources)),
    ...texts(responseOverride.header),
  };
  const status = Number(responseOverride.status ?? statusCode);
  if (!Number.isInteger(status) || status < 100 || status > 599) {
    throw failed(`Expected a status but received ${responseOverride.status}`);
  }
  return { status, headers: Object.entries(headers), body: output };
}

async function render(
  { request, context, stage, velocity }: MappedCall,
  template: string,
  body: string,
): Promise<Rendered> {
  // Nothing in it that Velocity would look at.
  if (!/[$#\\]/.test(template)) return { output: template, ...NOTHING };
  const { headers, query, route } = request;
  const params = {
    path: route.pathParameters ?? {},
    querystring: Object.fromEntries(query),
    header: Object.fromEntries(headers),
  };
  try {
    return await velocity.render({ template, body, params, context, stageVariables: stage.variables ?? {} });
  } catch (error) {
    throw failed(`A template failed: ${(error as Error).message}`);
  }
}

function sourcesOf(call: MappedCall): Sources {
  const { request, context, stage } = call;
  const read = async (body: string, path: string) =>
    (await render(call, `$!input.path('${path}')`, body)).output;
  return { request, context, stage, response: null, read };
}

/** A mock answers with the status that its template names; API Gateway takes also what is not quite JSON. */
function mocked(body: string): BackendResponse {
  const status = body === '' ? '200' : /statusCode["']?\s*:\s*["']?(\d{3})/.exec(body)?.[1];
  if (status === undefined) throw failed('Expected statusCode from the template of a mock');
  return { status: Number(status), headers: new Map(), body: '', outcome: status };
}

function choose(
  responses: readonly IntegrationResponse[],
  outcome: string | null,
): IntegrationResponse | undefined {
  return (
    (outcome === null ? undefined : responses.find((one) => one.selectionPattern?.test(outcome))) ??
    responses.find(({ selectionPattern }) => selectionPattern === null)
  );
}

/** By what the client accepts, where it names a type; else the first one. */
function templateFor(templates: Texts, request: ApiRequest): readonly [type?: string, template?: string] {
  const accepted = (request.header('accept') ?? '').split(',').map((one) => one.split(';')[0]!.trim());
  const all = Object.entries(templates);
  return all.find(([type]) => accepted.includes(type)) ?? all[0] ?? [];
}

function texts(values: Readonly<Record<string, unknown>> = {}): Texts {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]));
}

function failed(details: string): GatewayError {
  return new GatewayError('API_CONFIGURATION_ERROR', 'Internal server error', { details });
}
