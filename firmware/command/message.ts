import * as z from 'zod/mini';

/** Bytes of UTF-8; a longer message is refused unread. */
export const MAX_MESSAGE_BYTES = 1024;

export const ACTIONS = ['forward', 'backwards', 'left', 'right', 'stop'] as const;
export type Action = (typeof ACTIONS)[number];

const ratio = z.number().check(z.minimum(-1), z.maximum(1));

/** Carried by every message: order (`seq`) and age (`issuedAtMs` by the sender's clock, `ttlMs` of life). */
const envelope = {
  seq: z.optional(z.int().check(z.nonnegative())),
  issuedAtMs: z.optional(z.number().check(z.nonnegative())),
  ttlMs: z.optional(z.int().check(z.minimum(1), z.maximum(60_000))),
};

const kinds = {
  action: z.strictObject({ action: z.enum(ACTIONS), ...envelope }),
  drive: z.strictObject({ drive: z.strictObject({ linear: ratio, angular: ratio }), ...envelope }),
  estop: z.strictObject({ estop: z.literal(true), ...envelope }),
  reset: z.strictObject({ reset: z.literal(true), ...envelope }),
} as const;
const KIND_NAMES = Object.keys(kinds) as (keyof typeof kinds)[];

export type ActionMessage = z.infer<typeof kinds.action>;
export type DriveMessage = z.infer<typeof kinds.drive>;
export type EstopMessage = z.infer<typeof kinds.estop>;
export type ResetMessage = z.infer<typeof kinds.reset>;
/** What a robot obeys, on every link. Linear: 1 is full speed ahead. Angular: 1 is full turn to the left. */
export type CommandMessage = ActionMessage | DriveMessage | EstopMessage | ResetMessage;

/** A stop is accepted from anyone authenticated, in any order and at any age. */
export function isStop(message: CommandMessage): boolean {
  return 'estop' in message || ('action' in message && message.action === 'stop');
}

export interface Refusal {
  readonly code: string;
  readonly message: string;
}
export type Decoded<T> = { readonly ok: true; readonly value: T } | ({ readonly ok: false } & Refusal);

/** Reads one message as it came off a link. Never throws; a refusal names field, expectation and what came. */
export function decodeCommand(text: string | Uint8Array): Decoded<CommandMessage> {
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_MESSAGE_BYTES) {
    return refuse('too_large', `Expected at most ${MAX_MESSAGE_BYTES} bytes but received ${bytes}`);
  }
  const parsed = parseJson(text);
  return parsed.ok ? checkCommand(parsed.value) : parsed;
}

/** Checks a value that is JSON already. */
export function checkCommand(value: unknown): Decoded<CommandMessage> {
  return checkOneOf(kinds, KIND_NAMES, value);
}

/** JSON Schema (2020-12) of a message, for request models and other languages. */
export function commandJsonSchema(): object {
  return z.toJSONSchema(z.union([kinds.action, kinds.drive, kinds.estop, kinds.reset]));
}

export function parseJson(text: string | Uint8Array): Decoded<unknown> {
  try {
    const source = typeof text === 'string' ? text : utf8.decode(text);
    return { ok: true, value: JSON.parse(source) };
  } catch {
    return refuse('not_json', 'Expected a JSON object in UTF-8 but received something else');
  }
}
const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Checks a value against the one schema whose name is among the value's keys, so that a refusal speaks of
 * the message that was meant and not of every message there is.
 */
export function checkOneOf<S extends Record<string, z.ZodMiniType>, K extends keyof S & string>(
  schemas: S,
  names: readonly K[],
  value: unknown,
): Decoded<z.infer<S[K]>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return refuse('not_an_object', `Expected a JSON object but received ${show(value)}`);
  }
  const present = names.filter((name) => Object.hasOwn(value, name));
  const name = present[0];
  if (name === undefined || present.length > 1) {
    const came = Object.keys(value);
    return refuse(
      'unknown_message',
      `Expected exactly one of ${names.join(', ')} but received ${came.length ? clip(came.join(', ')) : 'no field'}`,
    );
  }
  const result = z.safeParse(schemas[name] as S[K], value);
  if (result.success) return { ok: true, value: result.data };
  const issue = result.error.issues[0];
  return issue === undefined ? refuse('bad_field', 'Not a valid message') : describeIssue(issue, value);
}

function describeIssue(issue: z.core.$ZodIssue, value: unknown): Decoded<never> {
  const field = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    const names = issue.keys.map((key) => (field ? `${field}.${key}` : key)).join(', ');
    return refuse('unknown_field', `Expected no field ${clip(names)} but received it`);
  }
  let came: unknown = value;
  for (const key of issue.path) came = (came as Record<PropertyKey, unknown>)[key];
  return refuse('bad_field', `Expected ${field} to be ${expectation(issue)} but received ${show(came)}`);
}

function expectation(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_value': {
      const values = issue.values.map((value) => JSON.stringify(value)).join(', ');
      return issue.values.length > 1 ? `one of ${values}` : values;
    }
    case 'too_small':
      return `at least ${issue.minimum}`;
    case 'too_big':
      return `at most ${issue.maximum}`;
    case 'invalid_type':
      if (issue.expected === 'int') return 'a whole number';
      return `${/^[aeiou]/.test(issue.expected) ? 'an' : 'a'} ${issue.expected}`;
    default:
      return 'a valid value';
  }
}

function refuse(code: string, message: string): { ok: false } & Refusal {
  return { ok: false, code, message };
}

function show(value: unknown): string {
  return value === undefined ? 'nothing' : clip(JSON.stringify(value) ?? String(value));
}

function clip(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
