import type { Context } from './context.ts';
import type { Stage } from './definition.ts';
import type { ApiRequest } from './request.ts';

type Texts = Readonly<Record<string, string>>;

/** What values can be taken from. */
export interface Sources {
  readonly request: ApiRequest;
  readonly context: Context;
  readonly stage: Stage;
  /** Of the backend, once it has answered. */
  readonly response: { readonly headers: ReadonlyMap<string, string>; readonly body: string } | null;
  /** Reads a JSONPath, `$.a[0].b`, from a body; empty when it leads nowhere. */
  readonly read: (body: string, path: string) => Promise<string>;
}

const REQUEST = /^method\.request\.((multivalue)?(header|querystring)|path)\.[\w$.-]+$/;
/** Without quotes: the path stands in a template. */
const BODY = /^(method\.request|integration\.response)\.body(\.[\w.[\]*@-]+)?$/;

/**
 * Whether parameters can be mapped from there.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-parameter-mapping.html
 */
export function isMapped(from: unknown): boolean {
  if (typeof from !== 'string') return true;
  return (
    /^'.*'$/s.test(from) ||
    (REQUEST.test(from) && !from.includes('.multivalue')) ||
    BODY.test(from) ||
    /^(context|stageVariables)(\.[\w-]+)+$/.test(from) ||
    /^integration\.response\.header\.[\w-]+$/.test(from)
  );
}

/** @returns the value, or undefined: the parameter is left out then */
export async function taken(from: string, sources: Sources): Promise<string | undefined> {
  const { request, context, stage, response, read } = sources;
  if (from.startsWith("'")) return from.slice(1, -1);
  if (from.startsWith('context.')) return inContext(context, from.split('.').slice(1));
  if (from.startsWith('stageVariables.')) return stage.variables?.[from.slice('stageVariables.'.length)];
  const [whole, source, path = ''] = BODY.exec(from) ?? [];
  if (whole !== undefined) {
    const body = source === 'method.request' ? request.body : (response?.body ?? '');
    const found = path === '' ? body : await read(body, `$${path}`);
    return found === '' ? undefined : found;
  }
  const header = /^integration\.response\.header\.(.+)$/.exec(from)?.[1];
  return header === undefined ? request.parameter(from) : response?.headers.get(header.toLowerCase());
}

/** Values of all parameters of one place, such as `integration.request.header.`, by their names. */
export async function mapped(
  parameters: Texts,
  place: string,
  sources: Sources,
): Promise<Record<string, string>> {
  const result: Record<string, string> = {};
  for (const [name, from] of Object.entries(parameters)) {
    if (!name.startsWith(place)) continue;
    const value = await taken(from, sources);
    if (value !== undefined) result[name.slice(place.length)] = value;
  }
  return result;
}

function inContext(context: Context, path: readonly string[]): string | undefined {
  let value: string | Context | undefined = context;
  for (const name of path) value = typeof value === 'object' ? value[name] : undefined;
  return typeof value === 'string' ? value : undefined;
}
