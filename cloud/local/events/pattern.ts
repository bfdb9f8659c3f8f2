/**
 * The language of event patterns, as rules of EventBridge and the filters of Lambda's event source mappings have it:
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html and
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns-arrays.html
 * Reasons for a refusal are those of Event Ruler, the matching engine that AWS publishes, from where also comes what the
 * guide leaves open (arrays of objects, a field named twice). No npm package of those that exist knows all operators.
 * Left out: the service's limit on how intricate wildcards may be.
 */
import { type Leaf, type Matcher, matcherOf, PatternError } from './matchers.ts';

export { PatternError } from './matchers.ts';

/** Every way in which alternatives of `$or` can be combined counts. */
const MAX_COMBINATIONS = 1000;

/** What can't name a field inside `$or`. */
const RESERVED = new Set([
  ...[
    'exactly',
    'equals-ignore-case',
    'prefix',
    'suffix',
    'anything-but',
    'exists',
    'wildcard',
    'numeric',
    'cidr',
  ],
  ...['=', '<', '<=', '>', '>=', 'regex', 'not-wildcard', 'not-equals-ignore-case'],
  ...['date-after', 'date-on-or-after', 'date-before', 'date-on-or-before', 'in-date-range'],
  ...['ip-address-in-range', 'ip-address-not-in-range'],
]);

/** Fields, by path, that all have to match. */
type Alternative = ReadonlyMap<string, readonly Matcher[]>;

/**
 * @param pattern the pattern, parsed or as JSON
 * @returns whether an event, parsed, matches
 * @throws PatternError saying why it is no pattern
 */
export function compilePattern(pattern: unknown): (event: unknown) => boolean {
  const parsed = typeof pattern === 'string' ? parse(pattern) : pattern;
  if (!isObject(parsed)) throw new PatternError('Filter is not an object');
  const alternatives = alternativesOf(parsed, [], [new Map()], false);
  const used = new Set(alternatives.flatMap((one) => [...one.keys()]));
  return (event) => {
    const fields = fieldsOf(event, used);
    return alternatives.some((one) => matches(one, fields));
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new PatternError(`Not valid JSON: ${(error as Error).message}`);
  }
}

/** Multiplies what is there by what an object asks for: once for each alternative of `$or`. */
function alternativesOf(
  pattern: Readonly<Record<string, unknown>>,
  path: readonly string[],
  before: readonly Alternative[],
  insideOr: boolean,
): readonly Alternative[] {
  const names = Object.keys(pattern);
  if (names.length === 0) throw new PatternError('Empty objects are not allowed');
  return names.reduce((alternatives, name) => {
    const value = pattern[name];
    if (name === '$or') return eitherOf(value, path, alternatives);
    if (insideOr && RESERVED.has(name)) {
      throw new PatternError(`${name} is Ruler reserved fieldName which cannot be used inside $or.`);
    }
    if (isObject(value)) return alternativesOf(value, [...path, name], alternatives, insideOr);
    if (!Array.isArray(value)) throw new PatternError(`"${name}" must be an object or an array`);
    const matchers = value.map(matcherOf);
    if (matchers.length === 0) throw new PatternError('Empty arrays are not allowed');
    return alternatives.map((one) => new Map([...one, [[...path, name].join('.'), matchers]]));
  }, before);
}

function eitherOf(
  given: unknown,
  path: readonly string[],
  before: readonly Alternative[],
): readonly Alternative[] {
  if (!Array.isArray(given)) throw new PatternError('It must be an Array followed with $or.');
  const whole = given.flatMap((one: unknown) => {
    if (!isObject(one)) throw new PatternError('Only JSON object is allowed in array of $or relationship.');
    return alternativesOf(one, path, before, true);
  });
  if (given.length < 2) throw new PatternError('There must have at least 2 Objects in $or relationship.');
  if (whole.length > MAX_COMBINATIONS) {
    throw new PatternError(`More than ${MAX_COMBINATIONS} combinations of $or`);
  }
  return whole;
}

/** Which element of which array a value belongs to, by the array's number. */
type Membership = ReadonlyMap<number, number>;

interface Field {
  readonly value: Leaf;
  readonly within: Membership;
}

/** The values of an event by path; an array's elements all have the path of the array. */
function fieldsOf(event: unknown, used: ReadonlySet<string>): ReadonlyMap<string, readonly Field[]> {
  const fields = new Map<string, Field[]>();
  let arrays = 0;
  const visit = (value: unknown, path: string, within: Membership): void => {
    if (Array.isArray(value)) {
      const array = arrays++;
      for (const [index, element] of value.entries()) {
        const nested = typeof element === 'object' && element !== null;
        visit(element, path, nested ? new Map([...within, [array, index]]) : within);
      }
    } else if (isObject(value)) {
      for (const [name, inner] of Object.entries(value))
        visit(inner, path === '' ? name : `${path}.${name}`, within);
    } else if (used.has(path)) {
      const known = fields.get(path);
      if (known) known.push({ value: value as Leaf, within });
      else fields.set(path, [{ value: value as Leaf, within }]);
    }
  };
  if (isObject(event)) visit(event, '', new Map());
  return fields;
}

/**
 * Values that match have to belong together: from one array of objects not one field of the first and another of the
 * second. What must not be there is looked for last, among what belongs to the rest.
 */
function matches(alternative: Alternative, fields: ReadonlyMap<string, readonly Field[]>): boolean {
  const paths = [...alternative.keys()].sort((a, b) => Number(mayBeAbsent(a)) - Number(mayBeAbsent(b)));
  function mayBeAbsent(path: string): boolean {
    return alternative.get(path)!.includes('absent');
  }
  const from = (at: number, within: Membership): boolean => {
    const path = paths[at];
    if (path === undefined) return true;
    const there = (fields.get(path) ?? []).flatMap(({ value, within: own }) => {
      const together = joined(within, own);
      return together ? [{ value, together }] : [];
    });
    const matchers = alternative.get(path)!;
    if (there.length === 0) return mayBeAbsent(path) && from(at + 1, within);
    const tried = new Set<string>();
    return there.some(({ value, together }) => {
      if (!matchers.some((matcher) => matcher !== 'absent' && matcher(value))) return false;
      const key = JSON.stringify([...together]);
      if (tried.has(key)) return false;
      tried.add(key);
      return from(at + 1, together);
    });
  };
  return from(0, new Map());
}

/** Both memberships in one; null when they contradict each other. */
function joined(one: Membership, other: Membership): Membership | null {
  for (const [array, index] of other) if ((one.get(array) ?? index) !== index) return null;
  return other.size === 0 ? one : new Map([...one, ...other]);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
