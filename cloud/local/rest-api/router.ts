import type { ApiDefinition, ApiMethod } from './definition.ts';

export interface Route {
  /** As in the template: `/robots/{name}/publish`. */
  readonly resourcePath: string;
  readonly resourceId: string;
  readonly pathParameters: Readonly<Record<string, string>> | null;
  readonly method: ApiMethod;
}

export type Router = (httpMethod: string, path: string) => Route | null;

interface Node {
  readonly id: string;
  readonly path: string;
  readonly fixed: Map<string, Node>;
  variable: { readonly name: string; readonly node: Node } | null;
  /** `{name+}`: all the rest. */
  rest: { readonly name: string; readonly node: Node } | null;
}

/** Finds methods as API Gateway does: a fixed part goes before a variable one, and that before `{proxy+}`. */
export function createRouter(definition: ApiDefinition): Router {
  const { rootId, resources, methods } = definition;
  const nodes = new Map<string, Node>();
  const nodeOf = (id: string): Node => {
    const known = nodes.get(id);
    if (known) return known;
    const node: Node = { id, path: pathOf(definition, id), fixed: new Map(), variable: null, rest: null };
    nodes.set(id, node);
    const { parentId, pathPart } = resources.get(id)!;
    if (parentId === null) return node;
    const parent = nodeOf(parentId);
    const [, name, greedy] = /^\{(.+?)(\+?)\}$/.exec(pathPart) ?? [];
    if (name === undefined) parent.fixed.set(pathPart, node);
    else if (greedy) parent.rest = { name, node };
    else parent.variable = { name, node };
    return node;
  };
  for (const id of resources.keys()) nodeOf(id);
  const root = nodeOf(rootId);

  return (httpMethod, path) => {
    const parts = path.split('/').filter(Boolean);
    const found = match(root, parts, {});
    if (!found) return null;
    const own = methods.filter(({ resourceId }) => resourceId === found.node.id);
    const method =
      own.find((one) => one.httpMethod === httpMethod) ?? own.find((one) => one.httpMethod === 'ANY');
    if (!method) return null;
    return {
      resourcePath: found.node.path,
      resourceId: found.node.id,
      pathParameters: Object.keys(found.values).length > 0 ? found.values : null,
      method,
    };
  };
}

/** The path of a resource, as in the template: `/robots/{name}/publish`. */
export function pathOf({ resources }: ApiDefinition, id: string): string {
  const parts: string[] = [];
  for (let at = resources.get(id); at && at.parentId !== null; at = resources.get(at.parentId))
    parts.unshift(at.pathPart);
  return `/${parts.join('/')}`;
}

type Values = Readonly<Record<string, string>>;

function match(node: Node, parts: readonly string[], values: Values): { node: Node; values: Values } | null {
  const [part, ...others] = parts;
  if (part === undefined) return { node, values };
  const fixed = node.fixed.get(decoded(part));
  const found = fixed ? match(fixed, others, values) : null;
  if (found) return found;
  if (node.variable) {
    const { name, node: next } = node.variable;
    const further = match(next, others, { ...values, [name]: decoded(part) });
    if (further) return further;
  }
  return node.rest
    ? { node: node.rest.node, values: { ...values, [node.rest.name]: parts.map(decoded).join('/') } }
    : null;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
