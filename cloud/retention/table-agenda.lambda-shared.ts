import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { Agenda, Due } from './agenda.lambda-shared.ts';

/** The post's table: an item `path`, `ttl` for each object, which DynamoDB deletes when its time is up. */
export class TableAgenda implements Agenda {
  readonly #client: DynamoDBClient;
  readonly #table: string;

  constructor(client: DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  async add(due: Due): Promise<void> {
    await this.#client.send(new PutItemCommand({ TableName: this.#table, Item: itemOf(due) }));
  }

  async putBack(due: Due): Promise<void> {
    try {
      await this.#client.send(
        new PutItemCommand({
          TableName: this.#table,
          Item: itemOf(due),
          ConditionExpression: 'attribute_not_exists(#path)',
          ExpressionAttributeNames: { '#path': 'path' },
        }),
      );
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    }
  }
}

function itemOf({ path, etag, dueS, attempts }: Due): Record<string, AttributeValue> {
  return {
    path: { S: path },
    ttl: { N: String(dueS) },
    ...(etag === null ? {} : { etag: { S: etag } }),
    ...(attempts === 0 ? {} : { attempts: { N: String(attempts) } }),
  };
}

/**
 * What an item said that is gone. One that was put there by hand may have nothing but the path and the time.
 * @throws Error when it has no path
 */
export function dueOf(item: Readonly<Record<string, { readonly S?: string; readonly N?: string }>>): Due {
  const path = item.path?.S;
  if (!path) throw new Error(`Expected an item with a path but received ${JSON.stringify(item)}`);
  return {
    path,
    etag: item.etag?.S ?? null,
    dueS: Number(item.ttl?.N ?? 0),
    attempts: Number(item.attempts?.N ?? 0),
  };
}
