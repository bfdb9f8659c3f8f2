import { type AttributeValue, BatchGetItemCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import { type Environment, listed, required } from '../common/environment.lambda-shared.ts';
import { answerTo, callerOf } from './caller.lambda-shared.ts';
import { type PresenceItem, presenceOf } from './presence.lambda-shared.ts';

type Handler = (event: APIGatewayProxyEvent) => Promise<APIGatewayProxyResult>;

const KINDS = ['status', 'connected', 'disconnected'];
/** BatchGetItem takes 100 keys. */
const KEYS_PER_READ = 99;
const MAX_READS = 20;

/** `GET /robots`: every robot of this API and whether it is there. */
export function createRobots(env: Environment, client = new DynamoDBClient({})): Handler {
  const robots = listed(env, 'ROBOTS');
  const table = required(env, 'PRESENCE_TABLE');
  return async (event) => {
    const answer = answerTo(event, env);
    if (Date.now() >= callerOf(event).expiresAtS * 1000) {
      return answer(401, { code: 'token_expired', message: 'Expected a token that has not expired' });
    }
    const items = await readAll(client, table, robots);
    return answer(200, {
      robots: robots.map((name) => ({ name, ...presenceOf(items.filter(({ robot }) => robot === name)) })),
    });
  };
}

/** @throws Error when the table goes on leaving keys unread */
async function readAll(
  client: DynamoDBClient,
  table: string,
  robots: readonly string[],
): Promise<PresenceItem[]> {
  let keys = robots.flatMap((robot) =>
    KINDS.map((kind) => ({ robot: { S: robot }, kind: { S: kind } }) as Record<string, AttributeValue>),
  );
  const items: PresenceItem[] = [];
  for (let read = 0; keys.length > 0; read++) {
    if (read >= MAX_READS) throw new Error(`${keys.length} keys of ${table} were left unread`);
    const { Responses, UnprocessedKeys } = await client.send(
      new BatchGetItemCommand({ RequestItems: { [table]: { Keys: keys.slice(0, KEYS_PER_READ) } } }),
    );
    for (const item of Responses?.[table] ?? []) {
      items.push({
        robot: item.robot?.S ?? '',
        kind: item.kind?.S ?? '',
        at: Number(item.at?.N),
        state: item.state?.S ?? '',
        session: item.sessionIdentifier?.S ?? '',
      });
    }
    keys = [...(UnprocessedKeys?.[table]?.Keys ?? []), ...keys.slice(KEYS_PER_READ)];
  }
  return items;
}

let list: Handler | undefined;
export const handler: Handler = (event) => {
  list ??= createRobots(process.env);
  return list(event);
};
