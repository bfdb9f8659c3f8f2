/**
 * Decides by policies as IAM does: an explicit Deny wins over every Allow, and what nobody allowed is not allowed.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */

export interface PolicyDocument {
  readonly Version?: string;
  readonly Statement: Statement | readonly Statement[];
}

type OneOrMore = string | readonly string[];

export interface Statement {
  readonly Sid?: string;
  readonly Effect: string;
  readonly Principal?: unknown;
  readonly Action?: OneOrMore;
  readonly NotAction?: OneOrMore;
  readonly Resource?: OneOrMore;
  readonly NotResource?: OneOrMore;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, OneOrMore>>>>;
}

export interface AccessRequest {
  /** As in `iot:Publish`. */
  readonly action: string;
  /** Its ARN. */
  readonly resource: string;
  /** Values of condition keys and policy variables, by name. */
  readonly context?: Readonly<Record<string, string>>;
}

/** `none`: no statement speaks of it, which means no. */
export type Decision = 'allow' | 'deny' | 'none';

type Operator = (asked: string, wanted: string) => boolean;

const is: Operator = (asked, wanted) => asked === wanted;
const isInAnyCase: Operator = (asked, wanted) => asked.toLowerCase() === wanted.toLowerCase();
const isLike: Operator = (asked, wanted) => glob(wanted).test(asked);
const not =
  (operator: Operator): Operator =>
  (asked, wanted) =>
    !operator(asked, wanted);

const OPERATORS: Readonly<Record<string, Operator>> = {
  StringEquals: is,
  StringNotEquals: not(is),
  StringEqualsIgnoreCase: isInAnyCase,
  StringNotEqualsIgnoreCase: not(isInAnyCase),
  StringLike: isLike,
  StringNotLike: not(isLike),
  ArnEquals: isLike,
  ArnLike: isLike,
  ArnNotEquals: not(isLike),
  ArnNotLike: not(isLike),
  Bool: isInAnyCase,
};

export function decide(documents: readonly PolicyDocument[], request: AccessRequest): Decision {
  const effects = documents
    .flatMap(statementsOf)
    .filter((statement) => applies(statement, request))
    .map(({ Effect }) => Effect);
  if (effects.includes('Deny')) return 'deny';
  return effects.includes('Allow') ? 'allow' : 'none';
}

export function statementsOf({ Statement }: PolicyDocument): readonly Statement[] {
  return [Statement].flat();
}

/** What a policy asks for that is not evaluated here. */
export function unsupportedIn(document: PolicyDocument): string[] {
  return statementsOf(document).flatMap(({ Condition = {}, Effect }) => [
    ...(Effect === 'Allow' || Effect === 'Deny' ? [] : [`the effect ${Effect}`]),
    ...Object.keys(Condition)
      .filter((name) => !Object.hasOwn(OPERATORS, name.replace(/IfExists$/, '')))
      .map((name) => `the condition ${name}`),
  ]);
}

/** @throws Error naming what of a policy is not evaluated here */
export function checkedPolicy(document: PolicyDocument): PolicyDocument {
  const found = unsupportedIn(document);
  if (found.length > 0) throw new Error(`${found.join(', ')} in a policy: not supported`);
  return document;
}

function applies(statement: Statement, { action, resource, context = {} }: AccessRequest): boolean {
  const matchesAction = (pattern: string) => glob(pattern.toLowerCase()).test(action.toLowerCase());
  const matchesResource = (pattern: string) => {
    const whole = substituted(pattern, context);
    return whole !== null && glob(whole).test(resource);
  };
  return (
    among(statement.Action, statement.NotAction, matchesAction) &&
    among(statement.Resource, statement.NotResource, matchesResource) &&
    Object.entries(statement.Condition ?? {}).every(([name, keys]) =>
      Object.entries(keys).every(([key, wanted]) => holds(name, context[key], [wanted].flat())),
    )
  );
}

function among(
  patterns: OneOrMore | undefined,
  exceptions: OneOrMore | undefined,
  matches: (pattern: string) => boolean,
): boolean {
  if (patterns !== undefined) return [patterns].flat().some(matches);
  return exceptions !== undefined && ![exceptions].flat().some(matches);
}

function holds(name: string, asked: string | undefined, wanted: readonly string[]): boolean {
  const operator = OPERATORS[name.replace(/IfExists$/, '')];
  if (!operator) throw new Error(`The condition ${name} is not supported`);
  const negative = /^(String|Arn)Not/.test(name);
  if (asked === undefined) return negative || name.endsWith('IfExists');
  return negative
    ? wanted.every((one) => operator(asked, String(one)))
    : wanted.some((one) => operator(asked, String(one)));
}

/** Puts policy variables in; null where one has no value, since such a statement applies to nothing. */
function substituted(pattern: string, context: Readonly<Record<string, string>>): string | null {
  let missing = false;
  const whole = pattern.replace(/\$\{([^}]+)\}/g, (_, name: string) => {
    if (context[name] === undefined) missing = true;
    return context[name] ?? '';
  });
  return missing ? null : whole;
}

/** `*`: any characters, slashes and colons among them; `?`: one. */
export function glob(pattern: string): RegExp {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's');
}
