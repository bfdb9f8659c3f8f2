import {
  DescribeArchiveCommand,
  DescribeReplayCommand,
  DescribeRuleCommand,
  DisableRuleCommand,
  EventBridgeClient,
  ListEventBusesCommand,
  PutEventsCommand,
  type PutEventsRequestEntry,
  StartReplayCommand,
  TestEventPatternCommand,
} from '@aws-sdk/client-eventbridge';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PLACE } from '../../../../cloud/local/desk/place.ts';
import type { BusEvent } from '../../../../cloud/local/events/event.ts';
import { openRig, writeStack } from '../rig.ts';

const TRUST = {
  Statement: [
    {
      Effect: 'Allow',
      Action: 'sts:AssumeRole',
      Principal: { Service: ['lambda.amazonaws.com', 'events.amazonaws.com'] },
    },
  ],
};
const role = (...Statement: object[]) => ({
  Type: 'AWS::IAM::Role',
  Properties: {
    AssumeRolePolicyDocument: TRUST,
    Policies: [
      {
        PolicyName: 'own',
        PolicyDocument: { Statement: Statement.map((one) => ({ Effect: 'Allow', ...one })) },
      },
    ],
  },
});
const arnOf = (name: string) => ({ 'Fn::GetAtt': [name, 'Arn'] });

// What a rule sends to the second bus is seen in that bus's archive.
const written = writeStack({
  Bus: { Type: 'AWS::Events::EventBus', Properties: { Name: 'first' } },
  Second: { Type: 'AWS::Events::EventBus', Properties: { Name: 'second' } },
  Role: role({ Action: 'events:*', Resource: '*' }),
  Narrow: role({
    Action: 'events:PutEvents',
    Resource: arnOf('Bus'),
    Condition: { StringEquals: { 'events:source': 'mine' } },
  }),
  Rule: {
    Type: 'AWS::Events::Rule',
    Properties: {
      Name: 'onward',
      EventBusName: { Ref: 'Bus' },
      EventPattern: { source: ['mine'] },
      Targets: [{ Id: 'a', Arn: arnOf('Second'), RoleArn: arnOf('Role') }],
    },
  },
  Archive: { Type: 'AWS::Events::Archive', Properties: { ArchiveName: 'first', SourceArn: arnOf('Bus') } },
  Arrived: {
    Type: 'AWS::Events::Archive',
    Properties: { ArchiveName: 'arrived', SourceArn: arnOf('Second'), EventPattern: { source: ['mine'] } },
  },
  Schema: {
    Type: 'AWS::EventSchemas::Schema',
    Properties: { RegistryName: 'r', SchemaName: 's', Type: 'JSONSchemaDraft4', Content: '{}' },
  },
});
const desk = await openRig(written.stack);
const as = (name: string) =>
  new EventBridgeClient({
    endpoint: desk.services.url,
    region: PLACE.region,
    maxAttempts: 1,
    credentials: desk.principals.assume(
      `arn:aws:iam::${PLACE.account}:role/small-${name}`,
      'lambda.amazonaws.com',
    ),
  });
const client = as('Role');
const narrow = as('Narrow');

const entry = (more: Partial<PutEventsRequestEntry> = {}): PutEventsRequestEntry => ({
  EventBusName: 'first',
  Source: 'mine',
  DetailType: 'thing',
  Detail: '{"n":1}',
  ...more,
});
const put = (...Entries: PutEventsRequestEntry[]) => client.send(new PutEventsCommand({ Entries }));
const arrived = () => desk.buses.archives.find('arrived')!.events as BusEvent[];
const nameOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'taken',
    (error: Error) => `${error.name}: ${error.message}`,
  );

test('entries get identifiers, and arrive where the rule sends them', async () => {
  const Time = new Date('2026-11-25T07:00:00.900Z');
  const { Entries = [], FailedEntryCount } = await put(
    entry({ Time, Resources: ['r'] }),
    entry({ Source: 'other' }),
  );
  assert.is(FailedEntryCount, 0);
  await desk.buses.settled();
  const [event] = arrived().splice(0);
  assert.equal(
    [event?.id, event?.time, event?.resources, event?.detail],
    [Entries[0]?.EventId, '2026-11-25T07:00:00Z', ['r'], { n: 1 }],
  );
  assert.is(new Set(Entries.map(({ EventId }) => EventId)).size, 2);
});

test('an entry that is refused has a code of its own; the others are taken', async () => {
  const { Entries = [], FailedEntryCount } = await put(
    entry(),
    entry({ Detail: 'no JSON' }),
    entry({ Detail: '[1]' }),
    entry({ Source: 'aws.s3' }),
    entry({ DetailType: undefined }),
    entry({ Detail: undefined }),
    entry({ EventBusName: 'gone' }),
  );
  assert.equal(
    Entries.map(({ ErrorCode }) => ErrorCode),
    [
      undefined,
      'MalformedDetail',
      'MalformedDetail',
      'NotAuthorizedForSourceException',
      'InvalidArgument',
      'InvalidArgument',
      'InvalidArgument',
    ],
  );
  assert.is(FailedEntryCount, 6);
  await desk.buses.settled();
  assert.is(arrived().splice(0).length, 1);
});

test('more than ten entries, none, or more than 1 MiB together are refused as a whole', async () => {
  assert.match(
    await nameOf(put(...Array.from({ length: 11 }, () => entry()))),
    /^ValidationException: 1 validation/,
  );
  assert.match(await nameOf(put()), /^ValidationException/);
  const big = (bytes: number) => entry({ Detail: JSON.stringify({ text: 'ä'.repeat(bytes / 2) }) });
  assert.match(
    await nameOf(put(big(600_000), big(600_000))),
    /^ValidationException: Total size of the entries/,
  );
  assert.is(await nameOf(put(big(600_000))), 'taken');
  await desk.buses.settled();
  assert.is(arrived().splice(0).length, 1);
});

test('failures that were ordered hit the next entries, and those only', async () => {
  desk.buses.failNext(2);
  const { Entries = [] } = await put(entry(), entry(), entry());
  assert.equal(
    Entries.map(({ ErrorCode }) => ErrorCode),
    ['ThrottlingException', 'ThrottlingException', undefined],
  );
  desk.buses.failNext(1, 'InternalFailure');
  assert.is((await put(entry())).Entries?.[0]?.ErrorCode, 'InternalFailure');
  await desk.buses.settled();
  assert.is(arrived().splice(0).length, 1);
});

test('a role may put what its policy says, onto the bus and from the source that it names', async () => {
  const from = (...Entries: PutEventsRequestEntry[]) =>
    nameOf(narrow.send(new PutEventsCommand({ Entries })));
  assert.is(await from(entry()), 'taken');
  assert.match(await from(entry({ Source: 'other' })), /^AccessDeniedException/);
  assert.match(await from(entry(), entry({ EventBusName: 'second' })), /^AccessDeniedException/);
  assert.match(await from(entry({ EventBusName: undefined })), /^AccessDeniedException/);
  assert.match(
    await nameOf(narrow.send(new DescribeRuleCommand({ Name: 'onward', EventBusName: 'first' }))),
    /^AccessDenied/,
  );
  await desk.buses.settled();
  arrived().splice(0);
});

test('a pattern can be tried', async () => {
  const Event = JSON.stringify({
    ...{
      id: '1',
      account: '1',
      source: 'mine',
      time: 't',
      region: 'r',
      resources: [],
      'detail-type': 'thing',
    },
    detail: { amount: 400 },
  });
  const tried = async (EventPattern: string, event = Event) =>
    (await client.send(new TestEventPatternCommand({ EventPattern, Event: event }))).Result;
  assert.is(await tried('{"detail":{"amount":[{"numeric":[">",300]}]}}'), true);
  assert.is(await tried('{"source":["other"]}'), false);
  assert.match(
    await nameOf(tried('{"source":"mine"}')),
    /^InvalidEventPatternException: Event pattern is not valid. Reason: "source" must be an object or an array/,
  );
  assert.match(await nameOf(tried('{"a":[1]}', '{"source":"mine"}')), /^ValidationException/);
});

test('what is archived can be put again', async () => {
  arrived().splice(0);
  const Time = new Date('2026-11-24T12:00:00Z');
  await put(entry({ Time, Detail: '{"n":7}' }), entry({ Time: new Date('2026-11-24T13:00:00Z') }));
  await desk.buses.settled();
  arrived().splice(0);
  const { EventCount, ArchiveArn, EventSourceArn } = await client.send(
    new DescribeArchiveCommand({ ArchiveName: 'first' }),
  );
  assert.ok(EventCount! >= 2);
  const replay = new StartReplayCommand({
    ReplayName: 'again',
    EventSourceArn: ArchiveArn,
    EventStartTime: Time,
    EventEndTime: new Date('2026-11-24T12:30:00Z'),
    Destination: { Arn: EventSourceArn },
  });
  assert.is((await client.send(replay)).State, 'STARTING');
  await desk.buses.settled();
  // What comes from a replay is in no archive: the rule's target is seen by what the second bus was given.
  assert.is(arrived().length, 0);
  assert.is((await client.send(new DescribeReplayCommand({ ReplayName: 'again' }))).State, 'COMPLETED');
  assert.match(await nameOf(client.send(replay)), /^ResourceAlreadyExistsException/);
});

test('a rule can be switched off; what has no engine is refused by name', async () => {
  await client.send(new DisableRuleCommand({ Name: 'onward', EventBusName: 'first' }));
  await put(entry());
  await desk.buses.settled();
  assert.is(arrived().length, 0);
  const { State, EventPattern } = await client.send(
    new DescribeRuleCommand({ Name: 'onward', EventBusName: 'first' }),
  );
  assert.equal([State, EventPattern], ['DISABLED', '{"source":["mine"]}']);
  assert.match(
    await nameOf(client.send(new DescribeRuleCommand({ Name: 'gone' }))),
    /^ResourceNotFoundException/,
  );
  assert.match(await nameOf(client.send(new ListEventBusesCommand({}))), /ListEventBuses is not supported/);
});

test.after(async () => {
  client.destroy();
  narrow.destroy();
  await desk.close();
  written.remove();
});

test.run();
