import { beyondContext } from './context.ts';
import type { Integration } from './definition.ts';

type Texts = Readonly<Record<string, string>>;

export interface IntegrationProperties {
  readonly Type: string;
  readonly Uri?: string;
  readonly TimeoutInMillis?: number;
  readonly RequestTemplates?: Texts;
  readonly IntegrationResponses?: readonly {
    readonly StatusCode: string;
    readonly SelectionPattern?: string;
    readonly ResponseParameters?: Texts;
    readonly ResponseTemplates?: Texts;
  }[];
}

/** Acted on, or without a meaning for the two types that there are here. */
const KNOWN = [
  'ContentHandling',
  'IntegrationHttpMethod',
  'IntegrationResponses',
  'PassthroughBehavior',
  'RequestTemplates',
  'TimeoutInMillis',
  'Type',
  'Uri',
];
/** API Gateway waits no longer, unless a quota is raised. */
const TIMEOUT_MS = 29_000;

export function unsupportedInIntegration(integration: IntegrationProperties | undefined): string[] {
  if (!integration) return ['a method without integration'];
  const { Type, RequestTemplates = {}, IntegrationResponses = [] } = integration;
  if (Type !== 'AWS_PROXY' && Type !== 'MOCK') return [`the integration ${Type}`];
  const templates = [
    ...Object.values(RequestTemplates),
    ...IntegrationResponses.flatMap(({ ResponseTemplates = {} }) => Object.values(ResponseTemplates)),
  ];
  return [
    ...Object.keys(integration)
      .filter((name) => !KNOWN.includes(name))
      .map((name) => `the property ${name} of an integration`),
    ...templates
      .map((template) => beyondContext(String(template)))
      .filter((found) => found !== null)
      .map((found) => `${found} in a template`),
    ...IntegrationResponses.flatMap(({ ResponseParameters = {} }) => valuesNotFixed(ResponseParameters)),
  ];
}

export function integrationOf({
  Type,
  Uri = '',
  TimeoutInMillis,
  RequestTemplates = {},
  IntegrationResponses = [],
}: IntegrationProperties): Integration {
  if (Type === 'AWS_PROXY') {
    return { type: 'AWS_PROXY', functionArn: functionIn(Uri), timeoutMs: TimeoutInMillis ?? TIMEOUT_MS };
  }
  const [template = ''] = Object.values(RequestTemplates);
  return {
    type: 'MOCK',
    statusCode: /statusCode["']?\s*:\s*(\d{3})/.exec(template)?.[1] ?? '200',
    responses: IntegrationResponses.map(
      ({ StatusCode, SelectionPattern, ResponseParameters = {}, ResponseTemplates = {} }) => ({
        statusCode: String(StatusCode),
        selectionPattern: SelectionPattern ?? null,
        headers: headersIn(ResponseParameters, 'method.response.header.'),
        body: Object.values(ResponseTemplates)[0] ?? '',
      }),
    ),
  };
}

/** @throws Error when the address is not that of an invocation */
export function functionIn(uri: string): string {
  const found = /:lambda:path\/2015-03-31\/functions\/(.+)\/invocations$/.exec(uri)?.[1];
  if (found === undefined) throw new Error(`Expected the invocation of a function but received ${uri}`);
  return found;
}

/** Values of headers stand in single quotes; what does not is taken from elsewhere. */
export function valuesNotFixed(parameters: Texts): string[] {
  return Object.entries(parameters)
    .filter(([, value]) => !/^'.*'$/s.test(String(value)))
    .map(([name, value]) => `${name} from ${JSON.stringify(value)}`);
}

export function headersIn(parameters: Texts, prefix: string): Texts {
  return Object.fromEntries(
    Object.entries(parameters)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, value]) => [name.slice(prefix.length), value.slice(1, -1)]),
  );
}
