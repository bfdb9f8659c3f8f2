import type { Node } from 'constructs';
import { contextText } from '../common/context.ts';

/** What can be set by context (`-c name=value`); every value has a default. */
export interface AtmSettings {
  /** What the names of the buckets begin with; the rule takes any bucket of the account that is called so. */
  readonly bucketPrefix: string;
  /** What follows in the names of the buckets that are made, before account and region. */
  readonly buckets: readonly string[];
  readonly alarmEmail: string;
}

/** @throws Error naming the context value, what was expected and what came */
export function readSettings(node: Node): AtmSettings {
  const text = (name: string, fallback: string, pattern: RegExp, expected: string) =>
    contextText(node, name, fallback, pattern, expected);
  return {
    bucketPrefix: text(
      'atmBucketPrefix',
      'myapp-',
      /^[a-z0-9][a-z0-9-]{1,15}-$/,
      '3 to 17 characters of a bucket name, ending with -',
    ),
    buckets: text(
      'atmBuckets',
      'images,uploads,archive',
      /^[a-z0-9]{1,10}(,[a-z0-9]{1,10}){0,9}$/,
      '1 to 10 names of 1 to 10 small letters or digits',
    ).split(','),
    alarmEmail: text('alarmEmail', '', /^([^\s@]+@[^\s@]+)?$/, 'an e-mail address'),
  };
}
