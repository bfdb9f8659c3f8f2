import {
  CreateScheduleCommand,
  type CreateScheduleCommandInput,
  DeleteScheduleCommand,
  GetScheduleCommand,
  ListScheduleGroupsCommand,
  ListSchedulesCommand,
  type ListSchedulesCommandOutput,
  SchedulerClient,
  UpdateScheduleCommand,
} from '@aws-sdk/client-scheduler';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PLACE } from '../../../../cloud/local/desk/place.ts';
import { openRig, writeStack } from '../rig.ts';

const role = (service: string, ...Statement: object[]) => ({
  Type: 'AWS::IAM::Role',
  Properties: {
    AssumeRolePolicyDocument: {
      Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: service } }],
    },
    Policies: [
      {
        PolicyName: 'own',
        PolicyDocument: { Statement: Statement.map((one) => ({ Effect: 'Allow', ...one })) },
      },
    ],
  },
});
const arnOf = (name: string) => ({ 'Fn::GetAtt': [name, 'Arn'] });
const roleArn = (name: string) => `arn:aws:iam::${PLACE.account}:role/small-${name}`;
const queueArn = (name: string) => `arn:aws:sqs:${PLACE.region}:${PLACE.account}:${name}`;

const written = writeStack({
  Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'due' } },
  Dead: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'dead' } },
  Closed: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'closed' } },
  Acting: role('scheduler.amazonaws.com', {
    Action: 'sqs:SendMessage',
    Resource: [arnOf('Queue'), arnOf('Dead')],
  }),
  Putting: role('scheduler.amazonaws.com', { Action: 'events:PutEvents', Resource: '*' }),
  Planner: role(
    'lambda.amazonaws.com',
    { Action: 'scheduler:*', Resource: '*' },
    {
      Action: 'iam:PassRole',
      Resource: '*',
      Condition: { StringEquals: { 'iam:PassedToService': 'scheduler.amazonaws.com' } },
    },
  ),
  Helper: role('lambda.amazonaws.com', { Action: 'scheduler:*', Resource: '*' }),
  Group: { Type: 'AWS::Scheduler::ScheduleGroup', Properties: { Name: 'own' } },
  Archive: {
    Type: 'AWS::Events::Archive',
    Properties: {
      ArchiveName: 'put',
      SourceArn: `arn:aws:events:${PLACE.region}:${PLACE.account}:event-bus/default`,
    },
  },
  Daily: {
    Type: 'AWS::Scheduler::Schedule',
    Properties: {
      Name: 'declared',
      GroupName: { Ref: 'Group' },
      ScheduleExpression: 'rate(1 day)',
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: { Arn: arnOf('Queue'), RoleArn: arnOf('Acting'), Input: '{"from":"the template"}' },
    },
  },
});
const desk = await openRig(written.stack);
const as = (name: string) =>
  new SchedulerClient({
    endpoint: desk.services.url,
    region: PLACE.region,
    maxAttempts: 1,
    credentials: desk.principals.assume(roleArn(name), 'lambda.amazonaws.com'),
  });
const client = as('Planner');

const HOUR_MS = 3_600_000;
const inHours = (hours: number) => new Date(desk.clock.nowMs() + hours * HOUR_MS).toISOString().slice(0, 19);
const schedule = (
  Name: string,
  more: Partial<CreateScheduleCommandInput> = {},
  target: Partial<CreateScheduleCommandInput['Target']> = {},
): CreateScheduleCommandInput => ({
  Name,
  ScheduleExpression: `at(${inHours(1)})`,
  FlexibleTimeWindow: { Mode: 'OFF' },
  Target: { Arn: queueArn('due'), RoleArn: roleArn('Acting'), Input: `{"name":"${Name}"}`, ...target },
  ...more,
});
const create = (...given: Parameters<typeof schedule>) =>
  client.send(new CreateScheduleCommand(schedule(...given)));
const said = (promise: Promise<unknown>) =>
  promise.then(
    () => 'done',
    (error: Error) => `${error.name}: ${error.message}`,
  );
/** Lets hours pass, one after the other, and gives what arrived. */
async function pass(hours: number): Promise<string[]> {
  for (let hour = 0; hour < hours; hour++) {
    desk.clock.skip(HOUR_MS);
    await desk.schedules.settled();
  }
  const bodies = desk.queues.bodies('due');
  desk.queues.find(queueArn('due')).purge();
  return bodies;
}

test('a schedule made once is due once, and is gone if it should be', async () => {
  const { ScheduleArn } = await create('once', { ActionAfterCompletion: 'DELETE' });
  assert.is(ScheduleArn, `arn:aws:scheduler:${PLACE.region}:${PLACE.account}:schedule/default/once`);
  await create('kept');
  assert.equal((await pass(2)).sort(), ['{"name":"kept"}', '{"name":"once"}']);
  assert.equal(await pass(2), []);
  assert.match(
    await said(client.send(new GetScheduleCommand({ Name: 'once' }))),
    /^ResourceNotFoundException/,
  );
  const kept = await client.send(new GetScheduleCommand({ Name: 'kept' }));
  assert.equal(
    [kept.State, kept.ScheduleExpressionTimezone, kept.Target?.Arn],
    ['ENABLED', 'UTC', queueArn('due')],
  );
  assert.ok(kept.CreationDate instanceof Date);
});

test('one of the template is due as often as it says', async () => {
  const bodies = await pass(24 - 4 + 24);
  assert.equal(bodies, ['{"from":"the template"}', '{"from":"the template"}']);
});

test('changed, switched off, removed: the old time does nothing', async () => {
  await create('moved');
  await client.send(
    new UpdateScheduleCommand(schedule('moved', { ScheduleExpression: `at(${inHours(3)})` })),
  );
  await create('off');
  await client.send(new UpdateScheduleCommand(schedule('off', { State: 'DISABLED' })));
  await create('removed');
  await client.send(new DeleteScheduleCommand({ Name: 'removed' }));
  assert.equal(await pass(2), []);
  assert.equal(await pass(2), ['{"name":"moved"}']);
  assert.match(
    await said(client.send(new DeleteScheduleCommand({ Name: 'removed' }))),
    /^ResourceNotFoundException/,
  );
});

test('a rate keeps within its dates, a cron to its time zone', async () => {
  const [StartDate, EndDate] = [2, 4].map((hours) => new Date(desk.clock.nowMs() + hours * HOUR_MS));
  await create('rate', { ScheduleExpression: 'rate(1 hour)', StartDate, EndDate });
  assert.equal(await pass(8), ['{"name":"rate"}', '{"name":"rate"}']);
  await create('cron', {
    ScheduleExpression: 'cron(0 12 * * ? *)',
    ScheduleExpressionTimezone: 'Asia/Tokyo',
  });
  const { ScheduleExpressionTimezone } = await client.send(new GetScheduleCommand({ Name: 'cron' }));
  assert.is(ScheduleExpressionTimezone, 'Asia/Tokyo');
  assert.is((await pass(24)).filter((body) => body === '{"name":"cron"}').length, 1);
  await client.send(new DeleteScheduleCommand({ Name: 'cron' }));
});

test('the same request again is done once; another of the same name is refused', async () => {
  const again = new CreateScheduleCommand(schedule('token', { ClientToken: 'one' }));
  assert.is(await said(client.send(again)), 'done');
  assert.is(await said(client.send(new CreateScheduleCommand(again.input))), 'done');
  assert.match(await said(create('token')), /^ConflictException/);
  assert.equal(await pass(1), ['{"name":"token"}']);
});

test('what the target refuses, or what is tried too often, goes to the queue for it by the same role', async () => {
  await create('refused', {}, { Arn: queueArn('closed'), DeadLetterConfig: { Arn: queueArn('dead') } });
  await pass(1);
  const [message] = await desk.queues.receive(queueArn('dead'), { max: 1, waitMs: 0 });
  assert.is(message?.body, '{"name":"refused"}');
  const attribute = (name: string) => message?.messageAttributes[name]?.stringValue;
  assert.equal(['ERROR_CODE', 'RETRY_ATTEMPTS', 'TARGET_ARN', 'SCHEDULE_ARN'].map(attribute), [
    'NO_PERMISSIONS',
    '0',
    queueArn('closed'),
    `arn:aws:scheduler:${PLACE.region}:${PLACE.account}:schedule/default/refused`,
  ]);
});

test('the target gets what of the schedule its input names, and an event of its own without one', async () => {
  const dueAt = inHours(1);
  await create(
    'told',
    {},
    { Input: '{"at":"<aws.scheduler.scheduled-time>","by":"<aws.scheduler.schedule-arn>"}' },
  );
  await create('plain', {}, { Input: undefined });
  const bodies = (await pass(1)).map((body) => JSON.parse(body));
  const arn = `arn:aws:scheduler:${PLACE.region}:${PLACE.account}:schedule/default`;
  assert.equal(
    bodies.find(({ by }) => by),
    { at: `${dueAt}Z`, by: `${arn}/told` },
  );
  const { source, 'detail-type': type, resources, detail, time } = bodies.find((body) => body.source);
  assert.equal(
    [source, type, resources, detail, time],
    ['aws.scheduler', 'Scheduled Event', [`${arn}/plain`], '{}', `${dueAt}Z`],
  );
});

test('a bus gets an event', async () => {
  const Arn = `arn:aws:events:${PLACE.region}:${PLACE.account}:event-bus/default`;
  const EventBridgeParameters = { DetailType: 'due', Source: 'planner' };
  await create('event', {}, { Arn, RoleArn: roleArn('Putting'), EventBridgeParameters, Input: '{"n":1}' });
  await pass(1);
  const [event] = desk.buses.archives.find('put')!.events;
  assert.equal([event?.source, event?.['detail-type'], event?.detail], ['planner', 'due', { n: 1 }]);
});

test('schedules are listed page by page', async () => {
  for (const name of ['list-a', 'list-b', 'list-c'])
    await create(name, { ScheduleExpression: 'rate(9 days)' });
  const names: (string | undefined)[] = [];
  let NextToken: string | undefined;
  do {
    const page: ListSchedulesCommandOutput = await client.send(
      new ListSchedulesCommand({ NamePrefix: 'list-', MaxResults: 2, NextToken }),
    );
    names.push(...(page.Schedules ?? []).map(({ Name }) => Name));
    NextToken = page.NextToken;
  } while (NextToken);
  assert.equal(names, ['list-a', 'list-b', 'list-c']);
  const { Schedules } = await client.send(new ListSchedulesCommand({ GroupName: 'own' }));
  assert.equal(
    Schedules?.map(({ Name }) => Name),
    ['declared'],
  );
});

test('the caller needs the action, and to pass the role; the role has to trust the scheduler', async () => {
  const helper = as('Helper');
  assert.match(
    await said(helper.send(new CreateScheduleCommand(schedule('x')))),
    /^AccessDeniedException.*iam:PassRole/,
  );
  helper.destroy();
  assert.match(
    await said(create('x', {}, { RoleArn: roleArn('Planner') })),
    /^ValidationException.*does not let scheduler/,
  );
});

test('what has no engine is refused by name', async () => {
  const universal = 'arn:aws:scheduler:::aws-sdk:sqs:sendMessage';
  const rows: readonly (readonly [() => Promise<unknown>, RegExp])[] = [
    [
      () => create('x', {}, { Arn: universal }),
      /^ValidationException: Not supported on the desk: the universal target/,
    ],
    [
      () => create('x', { FlexibleTimeWindow: { Mode: 'FLEXIBLE', MaximumWindowInMinutes: 5 } }),
      /the mode FLEXIBLE of FlexibleTimeWindow/,
    ],
    [
      () => create('x', { KmsKeyArn: 'arn:aws:kms:eu-central-1:123456789012:key/1' }),
      /the property KmsKeyArn/,
    ],
    [
      () => create('x', {}, { KinesisParameters: { PartitionKey: 'a' } }),
      /the target's property KinesisParameters/,
    ],
    [
      () => create('x', {}, { Arn: 'arn:aws:states:eu-central-1:123456789012:stateMachine:a' }),
      /Nothing on the desk takes/,
    ],
    [
      () => create('x', { ScheduleExpression: 'hourly' }),
      /^ValidationException: Invalid Schedule Expression hourly/,
    ],
    [() => create('x', { GroupName: 'gone' }), /^ResourceNotFoundException: Schedule group gone/],
    [() => create('a b'), /^ValidationException: Expected a name/],
    [() => client.send(new ListScheduleGroupsCommand({})), /schedule-groups.* is not supported on the desk/],
  ];
  for (const [refused, expected] of rows) assert.match(await said(refused()), expected);
  assert.match(await said(client.send(new GetScheduleCommand({ Name: 'x' }))), /^ResourceNotFoundException/);
});

test('what is past already does nothing, and the log says so', async () => {
  await create('late', { ScheduleExpression: 'at(2020-01-01T00:00:00)' });
  assert.equal(await pass(1), []);
  assert.ok(desk.lines.some((line) => line.includes('late: at(2020-01-01T00:00:00) is past')));
});

test.after(async () => {
  client.destroy();
  await desk.close();
  written.remove();
});

test.run();
