import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { DeskLog } from '../desk/log.ts';
import { type Tables, tableArn } from '../dynamodb/tables.ts';
import type { Principals } from '../iam/principals.ts';
import type { Rule, Value } from './rule-sql.ts';

export interface TableAction {
  readonly tableName: string;
  readonly roleArn: string;
}

export interface TopicRule {
  /** How it is called in the log. */
  readonly label: string;
  readonly rule: Rule;
  readonly actions: readonly TableAction[];
}

export interface RuleDeps {
  readonly principals: Principals;
  readonly tables: Tables;
  readonly log: DeskLog;
}

/** Runs one rule on one message: every action of it, whatever becomes of the others. Never rejects. */
export async function runRule(
  { label, rule, actions }: TopicRule,
  topic: string,
  payload: Buffer,
  deps: RuleDeps,
): Promise<void> {
  const { principals, tables, log } = deps;
  const item = rule.apply({ topic, payload: objectIn(payload), nowMs: Date.now() });
  if (!item) return;
  for (const { tableName, roleArn } of actions) {
    try {
      const resource = tableArn(tableName);
      if (principals.decide(roleArn, { action: 'dynamodb:PutItem', resource }) !== 'allow') {
        throw new Error(`${roleArn} is not authorized to perform: dynamodb:PutItem on resource: ${resource}`);
      }
      await tables.put(
        tableName,
        Object.fromEntries(Object.entries(item).map(([name, value]) => [name, attributeOf(value)])),
      );
    } catch (error) {
      log.line(label, `could not put an item into ${tableName}: ${(error as Error).message}`);
    }
  }
}

function objectIn(payload: Buffer): { readonly [name: string]: Value } {
  try {
    const value: unknown = JSON.parse(payload.toString());
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as { [name: string]: Value })
      : {};
  } catch {
    return {};
  }
}

/** https://docs.aws.amazon.com/iot/latest/developerguide/dynamodb-v2-rule-action.html: each value keeps its type. */
export function attributeOf(value: Value): AttributeValue {
  if (value === null) return { NULL: true };
  if (typeof value === 'boolean') return { BOOL: value };
  if (typeof value === 'number') return { N: `${value}` };
  if (typeof value === 'string') return { S: value };
  if (Array.isArray(value)) return { L: value.map((item: Value) => attributeOf(item)) };
  return { M: Object.fromEntries(Object.entries(value).map(([name, item]) => [name, attributeOf(item)])) };
}
