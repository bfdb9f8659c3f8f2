import {
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';

export interface OnceOptions {
  /** A table with the partition key `id` and items that expire by `expiresAt`. */
  readonly table: string;
  /** How long an attempt has, in s, before another one may begin: longer than the function's own time limit. */
  readonly leaseS: number;
  /** How long what was done is remembered, in s: longer than whatever brings it can bring it again. */
  readonly keepS: number;
}

/** Does the work named `id`, if it was not done before. @returns whether it was done by this call */
export type Once = (id: string, work: () => Promise<void>) => Promise<boolean>;

/**
 * For work that has no way of its own to be done once (a mail, an event) and is asked for at least once. An attempt puts down its
 * name before and says after that it is done; one that fails takes the name away. Who dies between the work and the word leaves
 * the name, and the work is done a second time once the lease is over: that case is left, and no other.
 */
export function createOnce(
  client: DynamoDBClient,
  options: OnceOptions,
  nowMs: () => number = Date.now,
): Once {
  const { table: TableName, leaseS, keepS } = options;
  return async (id, work) => {
    const nowS = Math.floor(nowMs() / 1000);
    const item = (state: 'begun' | 'done') => ({
      id: { S: id },
      state: { S: state },
      until: { N: `${nowS + leaseS}` },
      expiresAt: { N: `${nowS + keepS}` },
    });
    try {
      await client.send(
        new PutItemCommand({
          TableName,
          Item: item('begun'),
          ConditionExpression: 'attribute_not_exists(id) OR (#state = :begun AND #until < :now)',
          ExpressionAttributeNames: { '#state': 'state', '#until': 'until' },
          ExpressionAttributeValues: { ':begun': { S: 'begun' }, ':now': { N: `${nowS}` } },
        }),
      );
    } catch (error) {
      if ((error as Error).name !== 'ConditionalCheckFailedException') throw error;
      const { Item } = await client.send(
        new GetItemCommand({ TableName, Key: { id: { S: id } }, ConsistentRead: true }),
      );
      if (Item?.state?.S === 'done') return false;
      throw new Error(`${id} is under way elsewhere`, { cause: error });
    }
    try {
      await work();
    } catch (error) {
      await client.send(new DeleteItemCommand({ TableName, Key: { id: { S: id } } }));
      throw error;
    }
    await client.send(new PutItemCommand({ TableName, Item: item('done') }));
    return true;
  };
}
