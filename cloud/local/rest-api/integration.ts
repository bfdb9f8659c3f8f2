import type { Backend, Integration, IntegrationResponse, MappedIntegration } from './definition.ts';
import { isMapped } from './mapping.ts';
import { serviceIn } from './service-uri.ts';

type Texts = Readonly<Record<string, string>>;

export interface IntegrationProperties {
  readonly Type: string;
  readonly Uri?: string;
  readonly Credentials?: string;
  readonly TimeoutInMillis?: number;
  readonly ContentHandling?: string;
  readonly PassthroughBehavior?: MappedIntegration['passthrough'];
  readonly RequestParameters?: Texts;
  readonly RequestTemplates?: Texts;
  readonly CacheKeyParameters?: readonly string[];
  readonly CacheNamespace?: string;
  readonly IntegrationResponses?: readonly {
    readonly StatusCode: string;
    readonly SelectionPattern?: string;
    readonly ContentHandling?: string;
    readonly ResponseParameters?: Texts;
    readonly ResponseTemplates?: Texts;
  }[];
}

/** Acted on, or without a meaning for the types that there are here. */
const KNOWN = [
  'CacheKeyParameters',
  'CacheNamespace',
  'ContentHandling',
  'Credentials',
  'IntegrationHttpMethod',
  'IntegrationResponses',
  'PassthroughBehavior',
  'RequestParameters',
  'RequestTemplates',
  'TimeoutInMillis',
  'Type',
  'Uri',
];
/** API Gateway waits no longer, unless a quota is raised. */
const TIMEOUT_MS = 29_000;

/** @param properties as in the template, so that addresses and names may still be functions of it */
export function unsupportedInIntegration(integration: IntegrationProperties | undefined): string[] {
  if (!integration) return ['a method without integration'];
  const {
    Type,
    Uri,
    Credentials,
    ContentHandling,
    RequestParameters = {},
    IntegrationResponses = [],
  } = integration;
  if (!['AWS', 'AWS_PROXY', 'MOCK'].includes(Type)) return [`the integration ${Type}`];
  const binary = [ContentHandling, ...IntegrationResponses.map((one) => one.ContentHandling)];
  const mapped = [RequestParameters, ...IntegrationResponses.map((one) => one.ResponseParameters ?? {})];
  return [
    ...Object.keys(integration)
      .filter((name) => !KNOWN.includes(name))
      .map((name) => `the property ${name} of an integration`),
    ...(Type === 'AWS' ? serviceIn(Uri).unsupported : []),
    ...(Type === 'AWS_PROXY' && Credentials !== undefined ? ['Credentials of a proxy integration'] : []),
    ...(binary.includes('CONVERT_TO_BINARY') ? ['CONVERT_TO_BINARY'] : []),
    // Nothing that is called here takes a path or a query.
    ...Object.keys(RequestParameters).filter((name) => !name.startsWith('integration.request.header.')),
    ...mapped.flatMap((parameters) =>
      Object.entries(parameters)
        .filter(([, from]) => !isMapped(from))
        .map(([name, from]) => `${name} from ${JSON.stringify(from)}`),
    ),
  ];
}

export function integrationOf(properties: IntegrationProperties): Integration {
  const { Type, Uri = '', Credentials = null, TimeoutInMillis: timeoutMs = TIMEOUT_MS } = properties;
  if (Type === 'AWS_PROXY') return { type: 'AWS_PROXY', functionArn: functionIn(Uri), timeoutMs };
  return {
    type: 'MAPPED',
    backend: Type === 'MOCK' ? { kind: 'mock' } : backendIn(Uri),
    roleArn: Credentials,
    timeoutMs,
    passthrough: properties.PassthroughBehavior ?? 'WHEN_NO_MATCH',
    requestTemplates: properties.RequestTemplates ?? {},
    requestParameters: properties.RequestParameters ?? {},
    responses: (properties.IntegrationResponses ?? []).map(
      ({
        StatusCode,
        SelectionPattern = '',
        ResponseParameters = {},
        ResponseTemplates = {},
      }): IntegrationResponse => ({
        statusCode: String(StatusCode),
        selectionPattern: SelectionPattern === '' ? null : new RegExp(`^(?:${SelectionPattern})$`, 's'),
        parameters: ResponseParameters,
        templates: ResponseTemplates,
      }),
    ),
  };
}

function backendIn(uri: string): Backend {
  const { service, target } = serviceIn(uri);
  if (service === 'lambda') return { kind: 'function', functionArn: functionIn(uri) };
  return { kind: 'service', service, target };
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
