import type { Node } from 'constructs';

/**
 * A setting by context (`-c name=value`) that is text.
 * @throws Error naming the setting, what was expected and what came
 */
export function contextText(
  node: Node,
  name: string,
  fallback: string,
  pattern: RegExp,
  expected: string,
): string {
  const value: unknown = node.tryGetContext(name) ?? fallback;
  if (typeof value === 'string' && pattern.test(value)) return value;
  throw new Error(`Expected ${name} to be ${expected} but received ${JSON.stringify(value)}`);
}
