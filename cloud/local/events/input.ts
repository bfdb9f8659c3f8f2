/**
 * What a target gets in place of the event:
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
 */
import type { BusEvent } from './event.ts';

/** At most one of the three; none: the whole event. */
export interface TargetInput {
  /** JSON. */
  readonly Input?: string;
  readonly InputPath?: string;
  readonly InputTransformer?: {
    readonly InputPathsMap?: Readonly<Record<string, string>>;
    readonly InputTemplate: string;
  };
}

export interface InputContext {
  readonly ruleArn: string;
  readonly ruleName: string;
  /** ISO 8601. */
  readonly ingestedAt: string;
}

const MAX_VARIABLES = 100;
/** As in `$.detail.items[0].name`, `$.resources[*]`; the parts of it that the service knows. */
const PATH = /^\$(?:\.[\w\-/]+|\[(?:\d+|\*)\])*$/;

/** @throws Error saying what of it is wrong */
export function checkInput(input: TargetInput): void {
  const { Input, InputPath, InputTransformer } = input;
  if ([Input, InputPath, InputTransformer].filter((one) => one !== undefined).length > 1) {
    throw new Error('Expected only one of Input, InputPath and InputTransformer');
  }
  if (Input !== undefined) JSON.parse(Input);
  const { InputPathsMap = {}, InputTemplate } = InputTransformer ?? {};
  const paths = [...Object.values(InputPathsMap), ...(InputPath === undefined ? [] : [InputPath])];
  for (const path of paths) if (!PATH.test(path)) throw new Error(`The path ${path} is not supported`);
  const names = Object.keys(InputPathsMap);
  if (names.length > MAX_VARIABLES) throw new Error(`Expected at most ${MAX_VARIABLES} variables`);
  if (names.some((name) => name.startsWith('AWS') || name.startsWith('aws.events'))) {
    throw new Error('Expected variables not to begin with AWS');
  }
  const unknown = [...(InputTemplate ?? '').matchAll(VARIABLE)]
    .map(([, name]) => name!)
    .filter((name) => !names.includes(name) && !name.startsWith('aws.events.'));
  if (unknown.length > 0) throw new Error(`InputTemplate names ${unknown.join(', ')}, which no path gives`);
}

export function inputOf(event: BusEvent, input: TargetInput, context: InputContext): string {
  const { Input, InputPath, InputTransformer } = input;
  if (Input !== undefined) return Input;
  if (InputPath !== undefined) return JSON.stringify(valueAt(event, InputPath) ?? null);
  if (InputTransformer === undefined) return JSON.stringify(event);
  const { InputPathsMap = {}, InputTemplate } = InputTransformer;
  const values = new Map<string, unknown>(
    Object.entries(InputPathsMap).map(([name, path]) => [name, valueAt(event, path)]),
  );
  const { detail: _, ...envelope } = event;
  values.set('aws.events.rule-arn', context.ruleArn);
  values.set('aws.events.rule-name', context.ruleName);
  values.set('aws.events.event.ingestion-time', context.ingestedAt);
  values.set('aws.events.event', envelope);
  values.set('aws.events.event.json', event);
  return filledIn(InputTemplate, values);
}

const VARIABLE = /<([\w.-]+)>/g;

/**
 * A value beside quotation marks is put in as JSON, one within them as text. What is not in the event is left out: an
 * empty text.
 */
function filledIn(template: string, values: ReadonlyMap<string, unknown>): string {
  let quoted = false;
  let filled = '';
  for (let at = 0; at < template.length; at++) {
    const char = template[at]!;
    const name = char === '<' ? /^<([\w.-]+)>/.exec(template.slice(at))?.[1] : undefined;
    if (name !== undefined && values.has(name)) {
      filled += written(values.get(name), quoted);
      at += name.length + 1;
      continue;
    }
    if (char === '"') quoted = !quoted;
    filled += char;
    if (char === '\\') filled += template[++at] ?? '';
  }
  return filled;
}

function written(value: unknown, quoted: boolean): string {
  if (value === undefined) return quoted ? '' : '""';
  if (!quoted) return JSON.stringify(value);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return JSON.stringify(text).slice(1, -1);
}

export function valueAt(event: unknown, path: string): unknown {
  const steps = [...path.matchAll(/\.([\w\-/]+)|\[(\d+|\*)\]/g)].map(([, name, index]) => name ?? index!);
  return steps.reduce<unknown>((value, step) => {
    if (step === '*') return Array.isArray(value) ? value : undefined;
    if (typeof value !== 'object' || value === null) return undefined;
    return (value as Readonly<Record<string, unknown>>)[step];
  }, event);
}
