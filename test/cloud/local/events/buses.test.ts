import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createClock } from '../../../../cloud/local/desk/clock.ts';
import { createLog } from '../../../../cloud/local/desk/log.ts';
import { type Delivered, type Delivery, Targets } from '../../../../cloud/local/desk/targets.ts';
import { Buses } from '../../../../cloud/local/events/buses.ts';
import type { BusEvent } from '../../../../cloud/local/events/event.ts';
import type { TargetProperties } from '../../../../cloud/local/events/rule.ts';
import { Principals } from '../../../../cloud/local/iam/principals.ts';

const START_MS = Date.parse('2026-11-25T07:00:00Z');
const TARGET = 'arn:aws:lambda:eu-central-1:123456789012:function:one';
const QUEUE = 'arn:aws:sqs:eu-central-1:123456789012:dead';
const RULE = 'arn:aws:events:eu-central-1:123456789012:rule/r';
const THROTTLED = { ok: false, code: 'THROTTLING', message: 'too many', retryable: true } as const;

/** Buses whose targets answer as told. */
function open(
  answer: (arn: string, delivery: Delivery, attempt: number) => Delivered = () => ({ ok: true }),
) {
  const clock = createClock(() => START_MS);
  const lines: string[] = [];
  const log = createLog((source, text) => lines.push(`${source} ${text}`));
  const targets = new Targets();
  const principals = new Principals();
  const buses = new Buses({ clock, log, targets, principals });
  const taken: (Delivery & { readonly arn: string; readonly atMs: number })[] = [];
  for (const service of ['lambda', 'sqs']) {
    targets.provide(service, async (arn, delivery) => {
      const answered = answer(arn, delivery, taken.filter((one) => one.arn === arn).length);
      taken.push({ ...delivery, arn, atMs: clock.nowMs() - START_MS });
      return answered;
    });
  }
  targets.provide('events', (arn, delivery) => buses.receive(arn, delivery));
  const rule = (EventPattern: unknown, ...Targets: Partial<TargetProperties>[]) =>
    buses.addRule({
      Name: 'r',
      EventBusName: 'default',
      State: 'ENABLED',
      EventPattern,
      Targets: Targets.map((target, index) => ({ Id: `${index}`, Arn: TARGET, ...target })),
    });
  const put = async (detail: unknown = {}) => {
    const event = buses.put({ source: 'mine', detailType: 'thing', detail });
    await buses.settled();
    return event;
  };
  return { buses, clock, lines, principals, put, rule, taken };
}

/** Lets the desk's time pass as long as deliveries wait for it. */
async function pass({ clock, buses }: ReturnType<typeof open>, totalMs: number, stepMs: number) {
  for (let passed = 0; passed < totalMs; passed += stepMs) {
    clock.skip(stepMs);
    // What became due runs on after this turn.
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  }
  await buses.settled();
}

test('what matches a rule goes to its targets with the whole envelope', async () => {
  const { put, rule, taken } = open();
  rule({ source: ['mine'] }, {}, { Arn: QUEUE, SqsParameters: { MessageGroupId: 'g' } });
  const event = await put({ n: 1 });
  assert.equal(
    taken.map(({ arn, principal, sourceArn, roleArn, groupId }) => [
      arn,
      principal,
      sourceArn,
      roleArn,
      groupId,
    ]),
    [
      [TARGET, 'events.amazonaws.com', RULE, null, undefined],
      [QUEUE, 'events.amazonaws.com', RULE, null, 'g'],
    ],
  );
  assert.equal(JSON.parse(taken[0]!.payload), {
    version: '0',
    id: event.id,
    'detail-type': 'thing',
    source: 'mine',
    account: '123456789012',
    time: '2026-11-25T07:00:00Z',
    region: 'eu-central-1',
    resources: [],
    detail: { n: 1 },
  });
});

test('what does not match, a rule that is disabled, another bus: nothing is sent', async () => {
  const { buses, put, rule, taken } = open();
  const { arn } = rule({ detail: { n: [1] } }, {});
  await put({ n: 2 });
  buses.addBus('other');
  buses.put({ source: 'mine', detailType: 'thing', detail: { n: 1 } }, 'other');
  buses.setState(arn, 'DISABLED');
  await put({ n: 1 });
  assert.is(taken.length, 0);
  buses.setState(arn, 'ENABLED');
  await put({ n: 1 });
  assert.is(taken.length, 1);
});

test('a target gets what its input says', async () => {
  const rows: readonly (readonly [Partial<TargetProperties>, string])[] = [
    [{ Input: '{"fixed":true}' }, '{"fixed":true}'],
    [{ InputPath: '$.detail.list[1].name' }, '"second"'],
    [{ InputPath: '$.detail.none' }, 'null'],
    [
      {
        InputTransformer: {
          InputPathsMap: {
            n: '$.detail.n',
            text: '$.detail.text',
            list: '$.detail.list',
            gone: '$.detail.gone',
          },
          InputTemplate:
            '{"n":<n>,"said":"<text>, n=<n>","whole":<text>,"list":<list>,"gone":<gone>,"none":"<gone>"}',
        },
      },
      '{"n":5,"said":"a \\"b\\", n=5","whole":"a \\"b\\"","list":[{"name":"first"},{"name":"second"}],"gone":"","none":""}',
    ],
    [
      {
        InputTransformer: {
          InputPathsMap: { t: '$.detail-type' },
          InputTemplate: '"a <t> by <aws.events.rule-name>"',
        },
      },
      '"a thing by r"',
    ],
    [
      { InputTransformer: { InputTemplate: '{"at":<aws.events.event.ingestion-time>}' } },
      '{"at":"2026-11-25T07:00:00Z"}',
    ],
  ];
  const { put, rule, taken } = open();
  for (const [input, expected] of rows) {
    rule({ source: ['mine'] }, input);
    await put({ n: 5, text: 'a "b"', list: [{ name: 'first' }, { name: 'second' }] });
    assert.is(taken.at(-1)?.payload, expected);
  }
  rule({ source: ['mine'] }, { InputTransformer: { InputTemplate: '<aws.events.event.json>' } });
  const event = await put({ n: 1 });
  assert.equal(JSON.parse(taken.at(-1)!.payload), event);
});

test('what can be tried again is, ever later, until it arrives', async () => {
  const opened = open((_, __, attempt) => (attempt < 4 ? THROTTLED : { ok: true }));
  opened.rule({ source: ['mine'] }, {});
  void opened.put();
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  // It waits for its next try: nothing is under way.
  assert.equal([opened.taken.length, opened.buses.underWay], [1, 0]);
  await pass(opened, 60_000, 250);
  const waits = opened.taken.map(({ atMs }, index) => atMs - (opened.taken[index - 1]?.atMs ?? 0)).slice(1);
  assert.is(opened.taken.length, 5);
  for (const [index, waitMs] of waits.entries()) {
    const longestMs = 1000 * 2 ** index;
    assert.ok(waitMs >= longestMs / 2 && waitMs <= longestMs + 250, `${waits}`);
  }
  assert.is(new Set(opened.taken.map(({ payload }) => payload)).size, 1);
});

test('what was tried often enough, or long enough, goes to the queue with the reason', async () => {
  const rows = [
    [
      { MaximumRetryAttempts: 2 },
      { EXHAUSTED_RETRY_CONDITION: 'MaximumRetryAttempts', RETRY_ATTEMPTS: '2' },
      3,
    ],
    [{ MaximumEventAgeInSeconds: 60 }, { EXHAUSTED_RETRY_CONDITION: 'MaximumEventAgeInSeconds' }, null],
  ] as const;
  for (const [RetryPolicy, expected, attempts] of rows) {
    const opened = open((arn) => (arn === QUEUE ? { ok: true } : THROTTLED));
    opened.rule({ source: ['mine'] }, { RetryPolicy, DeadLetterConfig: { Arn: QUEUE }, Input: '{}' });
    void opened.put({ n: 1 });
    await pass(opened, 120_000, 500);
    const dead = opened.taken.filter(({ arn }) => arn === QUEUE);
    assert.is(dead.length, 1);
    const { attributes = {}, payload, sourceArn, roleArn } = dead[0]!;
    const { RULE_ARN, TARGET_ARN, ERROR_CODE, ERROR_MESSAGE } = attributes;
    assert.equal([RULE_ARN, TARGET_ARN, ERROR_CODE, ERROR_MESSAGE], [RULE, TARGET, 'THROTTLING', 'too many']);
    for (const [name, value] of Object.entries(expected)) assert.is(attributes[name], value);
    assert.equal([sourceArn, roleArn], [RULE, null]);
    assert.equal((JSON.parse(payload) as BusEvent).detail, { n: 1 });
    if (attempts !== null) assert.is(opened.taken.length - 1, attempts);
  }
});

test('what is refused goes to the queue at once; without a queue the log says that it is lost', async () => {
  const refused = { ok: false, code: 'NO_PERMISSIONS', message: 'not allowed', retryable: false } as const;
  const opened = open((arn) => (arn === QUEUE ? { ok: true } : refused));
  opened.rule({ source: ['mine'] }, { DeadLetterConfig: { Arn: QUEUE } });
  await opened.put();
  assert.equal(
    opened.taken.map(({ arn, atMs }) => [arn, atMs]),
    [
      [TARGET, 0],
      [QUEUE, 0],
    ],
  );
  assert.is(opened.taken[1]?.attributes?.EXHAUSTED_RETRY_CONDITION, undefined);
  opened.rule({ source: ['mine'] }, {});
  await opened.put();
  assert.ok(opened.lines.some((line) => line.includes('lost, there is no queue for it')));
});

test('a schedule reaches the targets of its own rule, and of no other', async () => {
  const opened = open();
  opened.rule({ source: ['aws.events'] }, {});
  opened.buses.addRule({
    Name: 'hourly',
    EventBusName: 'default',
    State: 'ENABLED',
    ScheduleExpression: 'rate(1 hour)',
    Targets: [{ Id: 'a', Arn: QUEUE }],
  });
  await pass(opened, 7_200_000, 3_600_000);
  const events = opened.taken.map(({ payload }) => JSON.parse(payload) as BusEvent);
  assert.equal(
    events.map(({ source, time, 'detail-type': type }) => [source, type, time]),
    [
      ['aws.events', 'Scheduled Event', '2026-11-25T08:00:00Z'],
      ['aws.events', 'Scheduled Event', '2026-11-25T09:00:00Z'],
    ],
  );
  assert.ok(opened.taken.every(({ arn }) => arn === QUEUE));
  opened.buses.close();
});

test('what the service refuses of a rule is refused', () => {
  const { buses } = open();
  buses.addBus('own');
  const target = { Id: 'a', Arn: TARGET };
  const rows: readonly (readonly [object, RegExp])[] = [
    [
      { EventPattern: { a: [{ like: 'x' }] } },
      /Event pattern is not valid. Reason: Unrecognized match type like/,
    ],
    [{ EventPattern: { a: ['x'.repeat(5000)] } }, /longer than 4096/],
    [{}, /Expected an EventPattern or a ScheduleExpression/],
    [{ EventBusName: 'own', ScheduleExpression: 'rate(1 day)' }, /only on the default event bus/],
    [{ ScheduleExpression: 'at(2026-11-25T10:00:00)' }, /not valid/],
    [{ EventBusName: 'gone', EventPattern: { a: [1] } }, /Event bus gone does not exist/],
    [
      { Targets: [1, 2, 3, 4, 5, 6].map((id) => ({ ...target, Id: `${id}` })) },
      /at most 5 targets but received 6/,
    ],
    [{ Targets: [target, target] }, /an Id of its own/],
    [{ Targets: [{ ...target, RetryPolicy: { MaximumRetryAttempts: 186 } }] }, /0 to 185 but received 186/],
    [
      { Targets: [{ ...target, RetryPolicy: { MaximumEventAgeInSeconds: 59 } }] },
      /60 to 86400 but received 59/,
    ],
    [{ Targets: [{ ...target, Input: '{}', InputPath: '$.detail' }] }, /only one of/],
    [{ Targets: [{ ...target, InputPath: '$..detail' }] }, /path \$\.\.detail is not supported/],
    [{ Targets: [{ ...target, InputTransformer: { InputTemplate: '<who>' } }] }, /names who/],
  ];
  for (const [properties, reason] of rows) {
    const base = { Name: 'r', EventBusName: 'default', State: 'ENABLED' as const, Targets: [target] };
    const pattern = Object.keys(properties).some((name) => name === 'Targets')
      ? { EventPattern: { a: [1] } }
      : {};
    assert.throws(() => buses.addRule({ ...base, ...pattern, ...properties }), reason);
  }
});

test('an archive keeps what it is for, as long as it should; a replay puts it again, marked, and is not kept', async () => {
  const { buses, clock, put, rule, taken } = open();
  const { arn: busArn } = buses.bus('default')!;
  const archive = buses.archives.add({
    name: 'a',
    busArn,
    matches: (event) => (event as BusEvent).source === 'mine',
    retentionDays: 1,
  });
  const { arn: ruleArn } = rule({ source: ['mine'] }, {});
  buses.addRule({
    Name: 'second',
    EventBusName: 'default',
    State: 'ENABLED',
    EventPattern: { source: ['mine'] },
    Targets: [{ Id: 'a', Arn: QUEUE }],
  });
  buses.put({ source: 'other', detailType: 'thing', detail: {} });
  const first = await put({ n: 1 });
  clock.skip(60_000);
  await put({ n: 2 });
  assert.is(archive.events.length, 2);
  taken.splice(0);
  buses.replay({
    name: 'again',
    archiveArn: archive.arn,
    fromMs: START_MS,
    untilMs: START_MS + 60_000,
    busArn,
    ruleArns: [ruleArn],
  });
  await buses.settled();
  assert.equal(
    taken.map(({ arn, payload }) => [arn, JSON.parse(payload)]),
    [[TARGET, { ...first, 'replay-name': 'again' }]],
  );
  assert.is(archive.events.length, 2);
  clock.skip(86_400_000);
  await put({ n: 3 });
  assert.equal(
    archive.events.map(({ detail }) => detail),
    [{ n: 2 }, { n: 3 }],
  );
});

test('from bus to bus: by a role, or by the policy of the bus; refused without', async () => {
  const { buses, principals, put, rule, taken } = open((arn) => (arn === QUEUE ? { ok: true } : THROTTLED));
  const other = buses.addBus('other');
  buses.addRule({
    Name: 'far',
    EventBusName: 'other',
    State: 'ENABLED',
    EventPattern: { source: ['mine'] },
    Targets: [{ Id: 'a', Arn: QUEUE }],
  });
  const trust = {
    Statement: { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'events.amazonaws.com' } },
  };
  const RoleArn = principals.addRole('sender', trust, [
    { Statement: { Effect: 'Allow', Action: 'events:PutEvents', Resource: other.arn } },
  ]);
  rule({ source: ['mine'] }, { Arn: other.arn, DeadLetterConfig: { Arn: QUEUE } });
  await put();
  assert.is(taken.pop()?.attributes?.ERROR_CODE, 'NO_PERMISSIONS');
  rule({ source: ['mine'] }, { Arn: other.arn, RoleArn });
  const event = await put();
  assert.equal(JSON.parse(taken.pop()!.payload), event);
  other.policies.push({
    Statement: {
      Effect: 'Allow',
      Action: 'events:PutEvents',
      Resource: other.arn,
      Principal: { Service: 'events.amazonaws.com' },
      Condition: { ArnEquals: { 'aws:SourceArn': RULE } },
    },
  });
  rule({ source: ['mine'] }, { Arn: other.arn });
  assert.equal((JSON.parse(await put().then(() => taken.pop()!.payload)) as BusEvent).source, 'mine');
  const destination = { source: 'lambda', 'detail-type': 'failed', resources: ['f'], detail: { why: 'so' } };
  const delivery = {
    principal: 'lambda.amazonaws.com',
    sourceArn: TARGET,
    roleArn: RoleArn,
    payload: JSON.stringify(destination),
  };
  buses.addRule({
    Name: 'failed',
    EventBusName: 'other',
    State: 'ENABLED',
    EventPattern: { source: ['lambda'], detail: { why: ['so'] } },
    Targets: [{ Id: 'a', Arn: QUEUE }],
  });
  assert.equal(await buses.receive(other.arn, delivery), { ok: true });
  await buses.settled();
  const { id, account, resources } = JSON.parse(taken.pop()!.payload) as BusEvent;
  assert.equal([id.length, account, resources], [36, '123456789012', ['f']]);
});

test.run();
