import { compilePattern } from '../events/pattern.ts';
import type { TopicMessage } from './message.ts';

/**
 * Whether a subscription wants a message. Operators are those of event patterns, of which SNS knows the most:
 * https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html
 * @param policy null: every message
 * @throws PatternError when it is none
 */
export function createFilter(
  policy: object | null,
  scope: 'MessageAttributes' | 'MessageBody',
): (message: TopicMessage) => boolean {
  if (policy === null) return () => true;
  const matches = compilePattern(policy);
  return (message) => {
    const subject = scope === 'MessageBody' ? bodyOf(message) : attributesOf(message);
    return subject !== null && matches(subject);
  };
}

/** Null: it is no JSON, and matches nothing. */
function bodyOf({ text }: TopicMessage): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

/** Binary attributes take no part. */
function attributesOf({ attributes }: TopicMessage): object {
  return Object.fromEntries(
    Object.entries(attributes).flatMap(([name, { dataType, value }]) => {
      if (dataType.startsWith('Binary')) return [];
      if (dataType === 'Number') return [[name, Number(value)]];
      return [[name, dataType === 'String.Array' ? listIn(value) : value]];
    }),
  );
}

function listIn(value: string): unknown {
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}
