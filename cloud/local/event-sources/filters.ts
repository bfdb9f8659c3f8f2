import { compilePattern } from '../events/pattern.ts';

export interface FilterCriteria {
  readonly Filters?: readonly { readonly Pattern?: string }[];
}

type Filter = (record: object) => boolean;

/** Lambda's quota. */
const MAX_FILTERS = 5;

/**
 * Which records of a stream a function gets: those that match one of the patterns, all where there are none.
 * https://docs.aws.amazon.com/lambda/latest/dg/with-ddb-filtering.html
 * @throws Error saying what is no filter
 */
export function streamFilter(criteria: FilterCriteria = {}): Filter {
  return anyOf(patternsIn(criteria).map((pattern) => compilePattern(pattern)));
}

/**
 * Which messages a function gets. Patterns speak of `body` alone. A pattern for fields of a body leaves out what is no
 * JSON, one for a text leaves out what is.
 * https://docs.aws.amazon.com/lambda/latest/dg/with-sqs-filtering.html
 * @throws Error saying what is no filter
 */
export function messageFilter(
  criteria: FilterCriteria = {},
): (message: { readonly body: string }) => boolean {
  const filters = patternsIn(criteria).map((pattern) => {
    const others = Object.keys(pattern).filter((name) => name !== 'body' && name !== '$or');
    if (others.length > 0) {
      throw new Error(`Expected a filter on the body of messages but received one on ${others.join(', ')}`);
    }
    const matches = compilePattern(pattern);
    const ofFields = pattern.body === undefined ? null : !Array.isArray(pattern.body);
    return ({ body }: { readonly body: string }) => {
      const parsed = objectIn(body);
      const isOfItsKind = ofFields === null || ofFields === (parsed !== null);
      return isOfItsKind && matches({ body: parsed ?? body });
    };
  });
  return filters.length === 0 ? () => true : (message) => filters.some((filter) => filter(message));
}

function anyOf(filters: readonly Filter[]): Filter {
  return filters.length === 0 ? () => true : (record) => filters.some((filter) => filter(record));
}

function patternsIn({ Filters = [] }: FilterCriteria): Readonly<Record<string, unknown>>[] {
  if (Filters.length > MAX_FILTERS) {
    throw new Error(`Expected at most ${MAX_FILTERS} filters but received ${Filters.length}`);
  }
  return Filters.map(({ Pattern = '' }) => {
    const pattern = objectIn(Pattern);
    if (!pattern) throw new Error(`Expected a pattern, a JSON object, but received ${Pattern}`);
    return pattern;
  });
}

function objectIn(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Readonly<Record<string, unknown>>) : null;
  } catch {
    return null;
  }
}
