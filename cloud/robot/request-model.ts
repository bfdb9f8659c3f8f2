import type { JsonSchema } from 'aws-cdk-lib/aws-apigateway';
import { commandJsonSchema } from '../../firmware/command/message.ts';

type Schema = Readonly<Record<string, unknown>>;

/**
 * The schema of a command in draft 4, the only one that API Gateway reads: without `const`, and with exclusive limits
 * as a mark beside the limit.
 */
export function commandModel(): JsonSchema {
  const { $schema, ...schema } = commandJsonSchema() as Schema;
  return { schema: 'http://json-schema.org/draft-04/schema#', ...draft4(schema) } as unknown as JsonSchema;
}

export function draft4(schema: Schema): Schema {
  return Object.fromEntries(
    Object.entries(schema).flatMap(([key, value]): [string, unknown][] => {
      switch (key) {
        case 'const':
          return [['enum', [value]]];
        case 'exclusiveMinimum':
          return [
            ['minimum', value],
            [key, true],
          ];
        case 'exclusiveMaximum':
          return [
            ['maximum', value],
            [key, true],
          ];
        case 'properties':
          return [[key, mapValues(value as Record<string, Schema>, draft4)]];
        case 'anyOf':
        case 'oneOf':
        case 'allOf':
          return [[key, (value as Schema[]).map(draft4)]];
        case 'items':
          return [[key, draft4(value as Schema)]];
        default:
          return [[key, value]];
      }
    }),
  );
}

function mapValues<A, B>(values: Record<string, A>, change: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, change(value)]));
}
