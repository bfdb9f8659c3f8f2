import { type BatchGetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type PresenceItem, presenceOf } from '../../../cloud/robot/presence.lambda-shared.ts';
import { createRobots } from '../../../cloud/robot/robots.lambda.ts';
import { startDynamo } from '../dynamo.ts';
import { ofType, synthesize } from '../synthesized.ts';
import { apiEvent } from './events.ts';

const dynamo = await startDynamo();
const [, presenceTable] = ofType(synthesize('roverd-robot'), 'AWS::DynamoDB::Table').find(([name]) =>
  name.includes('Presence'),
)!;
await dynamo.create('presence', presenceTable);

type Told = Omit<PresenceItem, 'robot'>;
const status = (state: string, at: number): Told => ({ kind: 'status', state, at, session: '' });
const connected = (session: string, at: number): Told => ({ kind: 'connected', state: '', at, session });
const disconnected = (session: string, at: number): Told => ({
  ...connected(session, at),
  kind: 'disconnected',
});

const rows: [what: string, told: Told[], online: boolean, sinceMs: number | null][] = [
  ['nothing was ever told', [], false, null],
  ['it says so itself', [status('online', 5)], true, 5],
  ['its last will came', [status('offline', 6)], false, 6],
  ['the broker saw it come', [connected('a', 7)], true, 7],
  ['the broker saw it go', [connected('a', 7), disconnected('a', 9)], false, 9],
  ['it came back', [connected('b', 10), disconnected('a', 9)], true, 10],
  ['the end of the old connection is told late', [connected('b', 10), disconnected('a', 11)], true, 10],
  ['the last will of the old connection comes late', [status('offline', 12), connected('b', 10)], true, 10],
];
for (const [what, told, online, sinceMs] of rows) {
  test(`presence: ${what}`, () => {
    assert.equal(presenceOf(told.map((one) => ({ robot: 'r', ...one }))), { online, sinceMs });
  });
}

async function put(robot: string, { kind, state, at, session }: Told) {
  const Item = {
    robot: { S: robot },
    kind: { S: kind },
    at: { N: `${at}` },
    ...(state ? { state: { S: state } } : {}),
    ...(session ? { sessionIdentifier: { S: session } } : {}),
  };
  await dynamo.client.send(new PutItemCommand({ TableName: 'presence', Item }));
}

const list = async (names: string[], options = {}) => {
  const robots = createRobots(
    { ROBOTS: names.join(','), PRESENCE_TABLE: 'presence', ORIGINS: '' },
    dynamo.client,
  );
  const { statusCode, body } = await robots(apiEvent(null, { method: 'GET', role: 'viewer', ...options }));
  return { statusCode, body: JSON.parse(body) };
};

test('lists the robots of this API, in order, from the table', async () => {
  await put('sts-pi', connected('a', 7));
  await put('second', status('offline', 6));
  await put('foreign', status('online', 6));
  assert.equal(await list(['second', 'sts-pi', 'third']), {
    statusCode: 200,
    body: {
      robots: [
        { name: 'second', online: false, sinceMs: 6 },
        { name: 'sts-pi', online: true, sinceMs: 7 },
        { name: 'third', online: false, sinceMs: null },
      ],
    },
  });
});

test('fifty robots take more than one read, and keys left unread are asked for again', async () => {
  const names = Array.from({ length: 50 }, (_, i) => `robot-${i}`);
  for (const name of names) await put(name, status('online', 1));
  const reads: number[] = [];
  // DynamoDB may leave keys out of an answer when it is busy; dynalite never does.
  dynamo.client.middlewareStack.add(
    (next, context) => async (args) => {
      const output = await next(args);
      if (context.commandName === 'BatchGetItemCommand') {
        const { RequestItems } = args.input as BatchGetItemCommand['input'];
        const keys = RequestItems!.presence!.Keys!;
        reads.push(keys.length);
        const result = output.output as { Responses: Record<string, unknown[]>; UnprocessedKeys: object };
        if (reads.length === 1) {
          const left = keys.filter((key) => key.robot?.S === 'robot-0');
          result.UnprocessedKeys = { presence: { Keys: left } };
          result.Responses.presence = result.Responses.presence!.filter(
            (item) => (item as { robot: { S: string } }).robot.S !== 'robot-0',
          );
        }
      }
      return output;
    },
    { step: 'initialize', name: 'busy' },
  );
  const { body } = await list(names);
  dynamo.client.middlewareStack.remove('busy');
  assert.ok(body.robots.length === 50 && body.robots.every(({ online }: { online: boolean }) => online));
  assert.equal(reads, [99, 54]);
});

test('an expired token is refused; a table that is missing fails loudly', async () => {
  assert.is((await list(['sts-pi'], { expiresAtS: Math.floor(Date.now() / 1000) - 1 })).statusCode, 401);
  const robots = createRobots({ ROBOTS: 'sts-pi', PRESENCE_TABLE: 'nowhere' }, dynamo.client);
  const error = await robots(apiEvent(null)).then(
    () => null,
    (thrown: Error) => thrown,
  );
  assert.is(error?.name, 'ResourceNotFoundException');
});

test.after(() => dynamo.close());

test.run();
