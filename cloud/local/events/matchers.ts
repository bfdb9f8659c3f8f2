import { parseAddress, parseBlock } from './ip.ts';

/** What an event holds at the end of a path. */
export type Leaf = string | number | boolean | null;

/** Whether one value is wanted. `absent`: wanted is that there is none. */
export type Matcher = ((value: Leaf) => boolean) | 'absent';

/** Why a pattern is none, in the words of the service. */
export class PatternError extends Error {}

/** One element of the array that stands for a field: a value, or an object with one operator. */
export function matcherOf(element: unknown): Matcher {
  if (Array.isArray(element))
    throw new PatternError('Match value must be String, number, true, false, or null');
  if (typeof element === 'object' && element !== null) return operator(element as Record<string, unknown>);
  return exactly(element as Leaf);
}

/**
 * Numbers are compared by value. The user guide says that 300, 300.0 and 3.0e2 are not equal where a pattern names one
 * of them; the matching engine that AWS publishes takes them as equal, and so does this.
 */
function exactly(wanted: Leaf): Matcher {
  // Addresses may be written in several ways: ::1, 0:0:0:0:0:0:0:1.
  const address = typeof wanted === 'string' ? parseAddress(wanted) : null;
  if (!address) return (value) => value === wanted;
  return (value) => {
    const one = typeof value === 'string' ? parseAddress(value) : null;
    return one !== null && one.bits === address.bits && one.number === address.number;
  };
}

function operator(expression: Readonly<Record<string, unknown>>): Matcher {
  const [name, ...others] = Object.keys(expression);
  if (name === undefined) throw new PatternError('Match expression name not found');
  if (!Object.hasOwn(OPERATORS, name)) throw new PatternError(`Unrecognized match type ${name}`);
  const matcher = OPERATORS[name]!(expression[name]);
  if (others.length > 0) throw new PatternError('Only one key allowed in match expression');
  return matcher;
}

type Test = (value: string) => boolean;
const onStrings =
  (test: Test): Matcher =>
  (value) =>
    typeof value === 'string' && test(value);

const OPERATORS: Readonly<Record<string, (operand: unknown) => Matcher>> = {
  exactly: (operand) => {
    const wanted = string(operand, 'exact match');
    return (value) => value === wanted;
  },
  prefix: (operand) => onStrings(affix('prefix', operand)),
  suffix: (operand) => onStrings(affix('suffix', operand)),
  'equals-ignore-case': (operand) => onStrings(equalsIgnoreCase(string(operand, 'equals-ignore-case match'))),
  wildcard: (operand) => onStrings(wildcard(string(operand, 'wildcard match'))),
  numeric,
  exists: (operand) => {
    if (typeof operand !== 'boolean')
      throw new PatternError('exists match pattern must be either true or false.');
    return operand ? () => true : 'absent';
  },
  cidr: (operand) => {
    const text = string(operand, 'prefix match');
    const inside = spoken(() => parseBlock(text));
    return onStrings((value) => {
      const address = parseAddress(value);
      return address !== null && inside(address);
    });
  },
  'anything-but': anythingBut,
};

function string(operand: unknown, kind: string): string {
  if (typeof operand !== 'string') throw new PatternError(`${kind} pattern must be a string`);
  return operand;
}

const AFFIX = {
  prefix: (value: string, wanted: string) => value.startsWith(wanted),
  suffix: (value: string, wanted: string) => value.endsWith(wanted),
};

function affix(kind: 'prefix' | 'suffix', operand: unknown): Test {
  const holds = AFFIX[kind];
  if (typeof operand !== 'object' || operand === null || Array.isArray(operand)) {
    const wanted = string(operand, `${kind} match`);
    return (value) => holds(value, wanted);
  }
  const [name, ...others] = Object.keys(operand);
  const title = kind === 'prefix' ? 'Prefix' : 'Suffix';
  if (name === undefined) throw new PatternError(`${title} expression name not found`);
  if (name !== 'equals-ignore-case') throw new PatternError(`Unsupported ${kind} pattern: ${name}`);
  const wanted = string((operand as Record<string, unknown>)[name], `${name} match`).toLowerCase();
  if (others.length > 0) throw new PatternError('Only one key allowed in match expression');
  return (value) => holds(value.toLowerCase(), wanted);
}

function equalsIgnoreCase(wanted: string): Test {
  const lower = wanted.toLowerCase();
  return (value) => value.toLowerCase() === lower;
}

/** `*` stands for any characters; `\*` and `\\` for themselves. */
function wildcard(pattern: string): Test {
  const parts: string[] = [''];
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at]!;
    const next = pattern[at + 1];
    // The service counts from the quotation mark before the text.
    if (char === '*' && next === '*')
      throw new PatternError(`Consecutive wildcard characters at pos ${at + 1}`);
    if (char === '*') parts.push('');
    else if (char !== '\\') parts[parts.length - 1] += char;
    else if (next === '*' || next === '\\') {
      parts[parts.length - 1] += next;
      at++;
    } else throw new PatternError(`Invalid escape character at pos ${at + 1}`);
  }
  const [first = '', ...rest] = parts;
  const last = rest.pop();
  if (last === undefined) return (value) => value === first;
  return (value) => {
    if (value.length < first.length + last.length || !value.startsWith(first) || !value.endsWith(last))
      return false;
    let from = first.length;
    for (const part of rest) {
      const found = value.indexOf(part, from);
      if (found < 0) return false;
      from = found + part.length;
    }
    return from <= value.length - last.length;
  };
}

const COMPARED: Readonly<Record<string, (value: number, limit: number) => boolean>> = {
  '=': (value, limit) => value === limit,
  '<': (value, limit) => value < limit,
  '<=': (value, limit) => value <= limit,
  '>': (value, limit) => value > limit,
  '>=': (value, limit) => value >= limit,
};

/** One comparison, or two: from below (`>`, `>=`), then from above. */
function numeric(operand: unknown): Matcher {
  if (!Array.isArray(operand)) throw new PatternError('Value of numeric must be an array.');
  const [first, low, second, high, ...more] = operand as readonly unknown[];
  if (typeof first !== 'string') throw new PatternError(`Invalid member in numeric match: ${first ?? ']'}`);
  if (!Object.hasOwn(COMPARED, first))
    throw new PatternError(`Unrecognized numeric range operator: ${first}`);
  const bound = (name: string, value: unknown) => {
    if (typeof value === 'number') return value;
    throw new PatternError(`Value of ${name === '=' ? 'equals' : name} must be numeric`);
  };
  const bottom = bound(first, low);
  const holds = COMPARED[first]!;
  if (operand.length === 2) return (value) => typeof value === 'number' && holds(value, bottom);
  if (!first.startsWith('>')) throw new PatternError('Too many elements in numeric expression');
  if (typeof second !== 'string') throw new PatternError(`Bad value in numeric range: ${second}`);
  if (second !== '<' && second !== '<=') throw new PatternError(`Bad numeric range operator: ${second}`);
  const top = bound(second, high);
  if (more.length > 0) throw new PatternError('Too many terms in numeric range expression');
  if (bottom >= top) throw new PatternError('Bottom must be less than top');
  const holdsToo = COMPARED[second]!;
  return (value) => typeof value === 'number' && holds(value, bottom) && holdsToo(value, top);
}

/** What may stand in `{"anything-but": {"prefix": ...}}`: one text or several. */
const BUT: Readonly<Record<string, { readonly test: (wanted: string) => Test; readonly refused: string }>> = {
  prefix: {
    test: (wanted) => (value) => value.startsWith(wanted),
    refused: 'prefix/suffix match pattern must be a string',
  },
  suffix: {
    test: (wanted) => (value) => value.endsWith(wanted),
    refused: 'prefix/suffix match pattern must be a string',
  },
  'equals-ignore-case': {
    test: equalsIgnoreCase,
    refused: 'Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.',
  },
  wildcard: { test: wildcard, refused: 'wildcard match pattern must be a string' },
};

/** Any value that is there and is none of these, also one of another type. */
function anythingBut(operand: unknown): Matcher {
  if (typeof operand === 'object' && operand !== null && !Array.isArray(operand)) {
    const [name, ...others] = Object.keys(operand);
    if (name === undefined) throw new PatternError('Anything-But expression name not found');
    if (!Object.hasOwn(BUT, name)) throw new PatternError(`Unsupported anything-but pattern: ${name}`);
    const { test, refused } = BUT[name]!;
    const given = (operand as Record<string, unknown>)[name];
    if (!Array.isArray(given) && typeof given !== 'string' && typeof given !== 'number') {
      throw new PatternError('Value of anything-but must be an array or single string/number value.');
    }
    const tests = [given].flat().map((wanted: unknown) => {
      if (typeof wanted !== 'string') throw new PatternError(refused);
      if (wanted === '' && (name === 'prefix' || name === 'suffix')) {
        throw new PatternError('Null prefix/suffix not allowed');
      }
      return test(wanted);
    });
    if (others.length > 0) throw new PatternError('Too many elements in numeric expression');
    return (value) => typeof value !== 'string' || !tests.some((one) => one(value));
  }
  if (!Array.isArray(operand) && typeof operand !== 'string' && typeof operand !== 'number') {
    throw new PatternError('Value of anything-but must be an array or single string/number value.');
  }
  const values = [operand].flat() as readonly unknown[];
  if (values.some((value) => typeof value !== 'string' && typeof value !== 'number')) {
    throw new PatternError('Inside anything but list, start|null|boolean is not supported.');
  }
  if (new Set(values.map((value) => typeof value)).size !== 1) {
    throw new PatternError(
      'Inside anything but list, either all values are number or string, mixed type is not supported',
    );
  }
  return (value) => !values.includes(value);
}

function spoken<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new PatternError((error as Error).message);
  }
}
