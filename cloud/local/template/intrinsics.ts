/**
 * The functions of CloudFormation's templates:
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
 */

/** What the names in a template stand for. Each may throw when it knows no such name. */
export interface Scope {
  reference(name: string): unknown;
  attribute(name: string, attribute: string): unknown;
  condition(name: string): boolean;
  mapping(map: string, first: string, second: string): unknown;
  imported(name: string): unknown;
}

/** `AWS::NoValue`: takes the property or item that it stands for away. */
export const NO_VALUE = Symbol('AWS::NoValue');

type Arguments = readonly unknown[];

/** `${Name}`, `${Name.Attribute}` and `${!Literal}` in Fn::Sub. */
const SUBSTITUTION = /\$\{(!?)([^}]+)\}/g;

const FUNCTIONS: Readonly<Record<string, (argument: unknown, scope: Scope) => unknown>> = {
  Ref: (argument, scope) => scope.reference(String(argument)),
  Condition: (argument, scope) => scope.condition(String(argument)),
  'Fn::GetAtt': (argument, scope) => scope.attribute(...attributeOf(argument)),
  'Fn::Join': (argument, scope) => {
    const [separator, parts] = listOf(argument, 2);
    return itemsOf(resolve(parts, scope)).map(text).join(text(separator));
  },
  'Fn::Select': (argument, scope) => {
    const [index, list] = listOf(argument, 2).map((part) => resolve(part, scope));
    const items = itemsOf(list);
    const at = Number(index);
    if (!(at in items))
      throw new Error(`Fn::Select: expected an index below ${items.length} but received ${index}`);
    return items[at];
  },
  'Fn::Split': (argument, scope) => {
    const [separator, whole] = listOf(argument, 2).map((part) => resolve(part, scope));
    return text(whole).split(text(separator));
  },
  'Fn::Sub': (argument, scope) => {
    const [template, values = {}] = Array.isArray(argument) ? argument : [argument];
    const own = values as Readonly<Record<string, unknown>>;
    return text(template).replace(SUBSTITUTION, (_, literal: string, name: string) => {
      if (literal) return `\${${name}}`;
      if (Object.hasOwn(own, name)) return text(resolve(own[name], scope));
      return text(name.includes('.') ? scope.attribute(...attributeOf(name)) : scope.reference(name));
    });
  },
  'Fn::If': (argument, scope) => {
    const [condition, then, otherwise] = listOf(argument, 3);
    return resolve(scope.condition(text(condition)) ? then : otherwise, scope);
  },
  'Fn::Equals': (argument, scope) => {
    const [a, b] = listOf(argument, 2).map((part) => resolve(part, scope));
    return JSON.stringify(a) === JSON.stringify(b);
  },
  'Fn::Not': (argument, scope) => !truth(listOf(argument, 1)[0], scope),
  'Fn::And': (argument, scope) => itemsOf(argument).every((part) => truth(part, scope)),
  'Fn::Or': (argument, scope) => itemsOf(argument).some((part) => truth(part, scope)),
  'Fn::FindInMap': (argument, scope) => {
    const [map, first, second] = listOf(argument, 3).map((part) => text(resolve(part, scope)));
    return scope.mapping(map!, first!, second!);
  },
  'Fn::ImportValue': (argument, scope) => scope.imported(text(resolve(argument, scope))),
  'Fn::Base64': (argument, scope) => Buffer.from(text(resolve(argument, scope))).toString('base64'),
};

/**
 * A value of a template as it is once every function in it has been carried out.
 * @throws Error when a function is unknown, has other arguments than it takes, or names what is not there
 */
export function resolve(value: unknown, scope: Scope): unknown {
  if (Array.isArray(value))
    return value.map((item) => resolve(item, scope)).filter((item) => item !== NO_VALUE);
  if (!isObject(value)) return value;
  const call = callIn(value);
  if (call) {
    const carryOut = FUNCTIONS[call.name];
    if (!carryOut) throw new Error(`${call.name} is not supported`);
    return carryOut(call.argument, scope);
  }
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, item]) => [key, resolve(item, scope)] as const)
      .filter(([, item]) => item !== NO_VALUE),
  );
}

/** The names that a value refers to: resources, parameters and pseudo parameters. */
export function referencesIn(value: unknown): Set<string> {
  const found = new Set<string>();
  walk(value, ({ name, argument }) => {
    if (name === 'Ref') found.add(String(argument));
    if (name === 'Fn::GetAtt') found.add(attributeOf(argument)[0]);
    if (name !== 'Fn::Sub') return;
    const [template, values = {}] = Array.isArray(argument) ? argument : [argument];
    for (const [, literal, inside] of text(template).matchAll(SUBSTITUTION)) {
      if (!literal && !Object.hasOwn(values, inside!)) found.add(inside!.split('.')[0]!);
    }
  });
  return found;
}

/** Functions in a value that nobody here carries out. */
export function unknownFunctionsIn(value: unknown): Set<string> {
  const found = new Set<string>();
  walk(value, ({ name }) => {
    if (!Object.hasOwn(FUNCTIONS, name)) found.add(name);
  });
  return found;
}

interface Call {
  readonly name: string;
  readonly argument: unknown;
}

function callIn(value: Readonly<Record<string, unknown>>): Call | null {
  const [entry, more] = Object.entries(value);
  if (!entry || more) return null;
  const [name, argument] = entry;
  const named =
    name === 'Ref' || (name === 'Condition' && typeof argument === 'string') || name.startsWith('Fn::');
  return named ? { name, argument } : null;
}

function walk(value: unknown, visit: (call: Call) => void): void {
  if (Array.isArray(value)) for (const item of value) walk(item, visit);
  if (!isObject(value)) return;
  const call = callIn(value);
  if (call) visit(call);
  for (const item of Object.values(value)) walk(item, visit);
}

function attributeOf(argument: unknown): [name: string, attribute: string] {
  const [name, ...rest] = Array.isArray(argument) ? argument.map(String) : text(argument).split('.');
  return [name!, rest.join('.')];
}

function listOf(argument: unknown, length: number): Arguments {
  const items = itemsOf(argument);
  if (items.length !== length)
    throw new Error(`Expected ${length} arguments but received ${JSON.stringify(argument)}`);
  return items;
}

function itemsOf(value: unknown): Arguments {
  if (!Array.isArray(value)) throw new Error(`Expected a list but received ${JSON.stringify(value)}`);
  return value;
}

function truth(value: unknown, scope: Scope): boolean {
  return resolve(value, scope) === true;
}

function text(value: unknown): string {
  if (['string', 'number', 'boolean'].includes(typeof value)) return String(value);
  throw new Error(`Expected text but received ${JSON.stringify(value)}`);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
