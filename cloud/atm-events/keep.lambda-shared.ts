import { createHash } from 'node:crypto';
import { DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { type Environment, required } from '../common/environment.lambda-shared.ts';
import { KEPT_DAYS } from './constants.ts';

export type Kept = 'kept' | 'known';

export interface Keeper {
  /** Which of the consumers this is. */
  readonly consumer: string;
  /**
   * Keeps something once, however often it comes.
   * @param whole what tells one from another under the same id
   * @param fields what is stored of it: an item has room for 400 KB, an event for more
   * @throws Error when something else is kept under this id already
   */
  keep(id: string, whole: unknown, fields: object): Promise<Kept>;
}

/** One write is the work and the memory of it at once, so that nothing can come between the two. */
export function createKeeper(env: Environment, client = new DynamoDBClient({})): Keeper {
  const TableName = required(env, 'KEPT_TABLE');
  const consumer = required(env, 'CONSUMER');
  return {
    consumer,
    async keep(id, whole, fields) {
      const digest = createHash('sha256').update(canonical(whole)).digest('base64url');
      const detail = canonical(fields);
      const Key = { id: { S: id }, consumer: { S: consumer } };
      const expiresAt = Math.floor(Date.now() / 1000) + KEPT_DAYS * 86_400;
      try {
        await client.send(
          new PutItemCommand({
            TableName,
            Item: { ...Key, digest: { S: digest }, detail: { S: detail }, expiresAt: { N: `${expiresAt}` } },
            ConditionExpression: 'attribute_not_exists(id)',
          }),
        );
        return 'kept';
      } catch (error) {
        if ((error as Error).name !== 'ConditionalCheckFailedException') throw error;
      }
      const { Item } = await client.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }));
      if (Item?.digest?.S === digest) return 'known';
      throw new Error(`${id} came twice, and not with the same content`);
    },
  };
}

/** JSON with names in order: the same for what means the same. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
