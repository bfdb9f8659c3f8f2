/**
 * The part of AWS IoT SQL that the desk runs; what is beyond it is refused by name.
 * https://docs.aws.amazon.com/iot/latest/developerguide/iot-sql-reference.html
 *
 *   SELECT * | expression [AS name], ... FROM 'filter' [WHERE expression]
 *
 * Expressions: fields, literals, + - * / %, = <> < <= > >=, AND OR NOT, and the functions of FUNCTIONS.
 */

export type Value = null | boolean | number | string | readonly Value[] | { readonly [name: string]: Value };

/** Undefined stands for itself: what is not there, or can't be computed. */
type Result = Value | undefined;

export interface RuleInput {
  readonly topic: string;
  /** Of a message that is no JSON object: empty. */
  readonly payload: { readonly [name: string]: Value };
  readonly nowMs: number;
}

type Expression = (input: RuleInput) => Result;

export interface Rule {
  readonly filter: string;
  /** What the rule makes of a message; null when its WHERE does not hold. */
  apply(input: RuleInput): { readonly [name: string]: Value } | null;
}

const FUNCTIONS: Readonly<Record<string, (values: readonly Result[], input: RuleInput) => Result>> = {
  topic: ([level], { topic }) => (level === undefined ? topic : topic.split('/')[Number(level) - 1]),
  timestamp: (_, { nowMs }) => nowMs,
  floor: ([value]) => (typeof value === 'number' ? Math.floor(value) : undefined),
  ceil: ([value]) => (typeof value === 'number' ? Math.ceil(value) : undefined),
  abs: ([value]) => (typeof value === 'number' ? Math.abs(value) : undefined),
  isundefined: ([value]) => value === undefined,
};

const COMPARISONS: Readonly<Record<string, (a: number | string, b: number | string) => boolean>> = {
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

const ARITHMETIC: Readonly<Record<string, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '%': (a, b) => a % b,
};

const TOKEN = /\s*(?:('(?:[^']|'')*')|(\d+(?:\.\d+)?)|([A-Za-z_]\w*)|(<>|<=|>=|[-=<>+*/%(),.]))/y;

/** @throws Error naming what is not understood */
export function parseRule(sql: string): Rule {
  return new Parser(tokensOf(sql), sql).rule();
}

function tokensOf(sql: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  const end = sql.trimEnd().length;
  while (TOKEN.lastIndex < end) {
    const at = TOKEN.lastIndex;
    const found = TOKEN.exec(sql);
    if (!found) throw new Error(`"${sql.slice(at, at + 20).trim()}" in the rule is not supported`);
    tokens.push(found[0].trim());
  }
  return tokens;
}

class Parser {
  readonly #tokens: readonly string[];
  readonly #sql: string;
  #at = 0;

  constructor(tokens: readonly string[], sql: string) {
    this.#tokens = tokens;
    this.#sql = sql;
  }

  rule(): Rule {
    this.#expect('SELECT');
    const columns = [this.#column()];
    while (this.#take(',')) columns.push(this.#column());
    this.#expect('FROM');
    const filter = this.#text();
    const where = this.#take('WHERE') ? this.#or() : () => true;
    if (this.#at < this.#tokens.length) this.#fail();
    return {
      filter,
      apply(input) {
        if (where(input) !== true) return null;
        const entries = columns.flatMap((column) => column(input));
        return Object.fromEntries(
          entries.filter((entry): entry is [string, Value] => entry[1] !== undefined),
        );
      },
    };
  }

  #column(): (input: RuleInput) => [string, Result][] {
    if (this.#take('*')) return ({ payload }) => Object.entries(payload);
    const from = this.#at;
    const expression = this.#or();
    const last = this.#tokens[this.#at - 1]!;
    const named = this.#take('AS') ? this.#word() : null;
    if (named === null && !/^[A-Za-z_]/.test(last)) {
      throw new Error(
        `Expected a name (AS ...) for ${this.#tokens.slice(from, this.#at).join(' ')} in the rule`,
      );
    }
    return (input) => [[named ?? last, expression(input)]];
  }

  #or(): Expression {
    let left = this.#and();
    while (this.#take('OR')) left = either(left, this.#and(), true);
    return left;
  }

  #and(): Expression {
    let left = this.#not();
    while (this.#take('AND')) left = either(left, this.#not(), false);
    return left;
  }

  #not(): Expression {
    if (!this.#take('NOT')) return this.#comparison();
    const inner = this.#not();
    return (input) => {
      const value = inner(input);
      return typeof value === 'boolean' ? !value : undefined;
    };
  }

  #comparison(): Expression {
    const left = this.#sum();
    for (const operator of ['=', '<>']) {
      if (!this.#take(operator)) continue;
      const right = this.#sum();
      return (input) => {
        const [a, b] = [left(input), right(input)];
        if (a === undefined || b === undefined) return undefined;
        return (JSON.stringify(a) === JSON.stringify(b)) === (operator === '=');
      };
    }
    const operator = this.#oneOf(COMPARISONS);
    if (!operator) return left;
    const right = this.#sum();
    return (input) => {
      const [a, b] = [left(input), right(input)];
      const comparable = (typeof a === 'number' || typeof a === 'string') && typeof a === typeof b;
      return comparable ? operator(a, b as typeof a) : undefined;
    };
  }

  #sum(): Expression {
    return this.#chain(['+', '-'], () => this.#product());
  }

  #product(): Expression {
    return this.#chain(['*', '/', '%'], () => this.#primary());
  }

  #chain(operators: readonly string[], next: () => Expression): Expression {
    let left = next();
    for (let name = this.#peek(); operators.includes(name); name = this.#peek()) {
      this.#at += 1;
      const [a, b] = [left, next()];
      left = (input) => {
        const [x, y] = [a(input), b(input)];
        if (typeof x === 'number' && typeof y === 'number') return ARITHMETIC[name]!(x, y);
        return name === '+' && typeof x === 'string' && typeof y === 'string' ? x + y : undefined;
      };
    }
    return left;
  }

  #primary(): Expression {
    if (this.#take('(')) {
      const inner = this.#or();
      this.#expect(')');
      return inner;
    }
    const token = this.#peek();
    if (token.startsWith("'")) {
      const text = this.#text();
      return () => text;
    }
    if (/^\d/.test(token) || token === '-') {
      const negative = this.#take('-');
      const number = Number(this.#next()) * (negative ? -1 : 1);
      if (!Number.isFinite(number)) this.#fail();
      return () => number;
    }
    const word = this.#word();
    const literal = { TRUE: true, FALSE: false, NULL: null }[word.toUpperCase()];
    if (literal !== undefined) return () => literal;
    return this.#take('(') ? this.#call(word) : this.#field(word);
  }

  #call(name: string): Expression {
    const carryOut = FUNCTIONS[name.toLowerCase()];
    if (!carryOut) throw new Error(`the function ${name}() in the rule is not supported`);
    const values: Expression[] = [];
    while (!this.#take(')')) {
      if (values.length > 0) this.#expect(',');
      values.push(this.#or());
    }
    return (input) =>
      carryOut(
        values.map((value) => value(input)),
        input,
      );
  }

  #field(first: string): Expression {
    const path = [first];
    while (this.#take('.')) path.push(this.#word());
    return ({ payload }) => path.reduce<Result>((value, name) => memberOf(value, name), payload);
  }

  #oneOf<T>(table: Readonly<Record<string, T>>): T | null {
    const token = this.#peek();
    if (!Object.hasOwn(table, token)) return null;
    this.#at += 1;
    return table[token]!;
  }

  #text(): string {
    const token = this.#next();
    if (!token.startsWith("'")) this.#fail(token);
    return token.slice(1, -1).replaceAll("''", "'");
  }

  #word(): string {
    const token = this.#next();
    if (!/^[A-Za-z_]/.test(token)) this.#fail(token);
    return token;
  }

  #peek(): string {
    return this.#tokens[this.#at] ?? '';
  }

  #next(): string {
    this.#at += 1;
    return this.#tokens[this.#at - 1] ?? '';
  }

  #take(token: string): boolean {
    if (this.#peek().toUpperCase() !== token) return false;
    this.#at += 1;
    return true;
  }

  #expect(token: string): void {
    if (!this.#take(token)) this.#fail();
  }

  #fail(token = this.#peek()): never {
    throw new Error(`"${token || 'the end'}" in the rule is not supported there: ${this.#sql}`);
  }
}

/** OR (`decisive` true) and AND (`decisive` false). */
function either(left: Expression, right: Expression, decisive: boolean): Expression {
  return (input) => {
    const values = [left(input), right(input)];
    if (values.includes(decisive)) return decisive;
    return values.every((value) => typeof value === 'boolean') ? !decisive : undefined;
  };
}

function memberOf(value: Result, name: string): Result {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.hasOwn(value, name) ? (value as { readonly [name: string]: Value })[name] : undefined;
}
