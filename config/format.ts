import type convict from 'convict';

/**
 * One key of the configuration: a convict property with, besides default and help, what it expects in words,
 * its unit, and how it is read from text (environment, arguments).
 */
export interface Key<T> extends convict.SchemaObj<T> {
  default: T;
  doc: string;
  /** Completes "Expected <key> to be ...". */
  expects: string;
  /** Of the number, in the words of the key's name; empty where there is none. */
  unit: string;
  env: string;
  sensitive: boolean;
  /** @throws Error when the value is not as `expects` says */
  format: (value: unknown) => void;
  /** The value that a text stands for. Text that stands for none comes back as it is and fails `format`. */
  fromText: (text: string) => unknown;
}

interface Help {
  readonly default: unknown;
  readonly doc: string;
}

export function number(options: {
  readonly default: number;
  readonly min: number;
  readonly max: number;
  readonly unit?: string;
  readonly doc: string;
}): Key<number> {
  const { min, max, unit = '' } = options;
  const accepts = (value: unknown) => typeof value === 'number' && value >= min && value <= max;
  return key(options, `a number in ${min}..${max}${unit && ` ${unit}`}`, accepts, numberFromText, unit);
}

export function whole(options: {
  readonly default: number;
  readonly min: number;
  readonly max: number;
  /** The value is a multiple of this. */
  readonly step?: number;
  readonly unit?: string;
  readonly doc: string;
}): Key<number> {
  const { min, max, step = 1, unit = '' } = options;
  const accepts = (value: unknown) =>
    typeof value === 'number' &&
    Number.isInteger(value) &&
    value >= min &&
    value <= max &&
    value % step === 0;
  const kind = step === 1 ? 'a whole number' : `a multiple of ${step}`;
  return key(options, `${kind} in ${min}..${max}${unit && ` ${unit}`}`, accepts, numberFromText, unit);
}

export function flag(options: { readonly default: boolean; readonly doc: string }): Key<boolean> {
  const fromText = (text: string) => ({ true: true, 1: true, false: false, 0: false })[text] ?? text;
  return key(options, 'true or false', (value) => typeof value === 'boolean', fromText);
}

export function oneOf<const T extends string>(
  choices: readonly T[],
  options: { readonly default: NoInfer<T>; readonly doc: string },
): Key<T> {
  const accepts = (value: unknown) => (choices as readonly unknown[]).includes(value);
  const expects = choices.length === 1 ? `"${choices[0]}"` : `one of ${choices.join(', ')}`;
  return key<T>(options, expects, accepts, (text) => text);
}

export function text(options: {
  readonly default: string;
  readonly pattern?: RegExp;
  readonly expects: string;
  readonly sensitive?: boolean;
  readonly doc: string;
}): Key<string> {
  const { pattern = /^[^\0\r\n]*$/ } = options;
  const accepts = (value: unknown) => typeof value === 'string' && pattern.test(value);
  return key(options, options.expects, accepts, (value) => value, '', options.sensitive);
}

/** From text: a JSON array or, for a list of names, `a,b,c`. */
export function list<T>(options: {
  readonly default: readonly T[];
  readonly accepts: (item: unknown) => boolean;
  readonly expects: string;
  readonly maxItems: number;
  /** What an item of `a,b,c` stands for, where it is not its text. */
  readonly item?: (text: string) => unknown;
  readonly sensitive?: boolean;
  readonly doc: string;
}): Key<readonly T[]> {
  const accepts = (value: unknown) =>
    Array.isArray(value) && value.length <= options.maxItems && value.every(options.accepts);
  const expects = `at most ${options.maxItems} ${options.expects}`;
  const fromText = (text: string) => listFromText(text, options.item);
  return key(options, expects, accepts, fromText, '', options.sensitive);
}

export type JsonObject = Readonly<Record<string, unknown>>;

/** What another program takes, unseen by us. From text: JSON. */
export function jsonObject(options: { readonly default: JsonObject; readonly doc: string }): Key<JsonObject> {
  const accepts = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);
  return key(options, 'a JSON object', accepts, jsonFromText);
}

function key<T>(
  help: Help & { readonly default: T },
  expects: string,
  accepts: (value: unknown) => boolean,
  fromText: (text: string) => unknown,
  unit = '',
  sensitive = false,
): Key<T> {
  return {
    default: help.default,
    doc: help.doc,
    expects,
    unit,
    // Named after the key's path when the schema is put together.
    env: '',
    sensitive,
    format: (value) => {
      if (!accepts(value)) throw new Error(`Expected ${expects}`);
    },
    fromText,
  };
}

/** Strict, unlike parseFloat, which reads "400ms" and "4OO" as numbers. */
function numberFromText(text: string): unknown {
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : text;
}

function listFromText(text: string, item: (text: string) => unknown = (same) => same): unknown {
  if (text === '') return [];
  if (!text.trimStart().startsWith('[')) return text.split(',').map((part) => item(part.trim()));
  return jsonFromText(text);
}

function jsonFromText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
