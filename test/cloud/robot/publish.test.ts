import { IoTDataPlaneClient, PublishCommand } from '@aws-sdk/client-iot-data-plane';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  DEFAULT_TTL_MS,
  METRICS_NAMESPACE,
  PUBLISH_ATTEMPT_MS,
  PUBLISH_BUDGET_MS,
  RETRY_DRIVE_MS,
} from '../../../cloud/robot/constants.ts';
import { createPublish } from '../../../cloud/robot/publish.lambda.ts';
import { decodeCommand } from '../../../firmware/command/message.ts';
import { type Fault, KEYS, startBrokerEndpoint } from '../broker-endpoint.ts';
import { apiEvent, type EventOptions, linesOf } from './events.ts';

const ORIGIN = 'https://drive.example';
const broker = await startBrokerEndpoint();
let nowMs = 0;
const publish = createPublish(
  {
    ...KEYS,
    ROBOTS: 'sts-pi,second',
    ORIGINS: `http://localhost:8080,${ORIGIN}`,
    IOT_ENDPOINT: broker.url,
  },
  () => nowMs,
);

const fail: Fault = (response) => response.writeHead(500).end('{"message":"internal"}');
const drop: Fault = (response) => response.destroy();

/** Sends one request through the handler; what reached the broker's endpoint comes along. */
async function send(body: string | object, options: EventOptions = {}, faults: Fault[] = []) {
  broker.taken.length = 0;
  broker.faults.splice(0, Infinity, ...faults);
  const event = apiEvent(typeof body === 'string' ? body : JSON.stringify(body), options);
  const { result, lines } = await linesOf(() => publish(event));
  return {
    status: result.statusCode,
    headers: result.headers,
    body: JSON.parse(result.body),
    lines,
    taken: [...broker.taken],
  };
}

test('a command reaches the topic signed, at QoS 1, with an end and its sender', async () => {
  const { status, body, taken } = await send({ action: 'forward' }, { arrivedMs: 1_700_000_000_000 });
  assert.is(status, 200);
  assert.equal(body, { robot: 'sts-pi', accepted: true });
  const [publication] = taken;
  assert.equal(publication?.verdict.ok, true, JSON.stringify(publication?.verdict));
  const url = new URL(publication!.path, broker.url);
  assert.is(decodeURIComponent(url.pathname), '/topics/sts-pi/action');
  assert.equal(Object.fromEntries(url.searchParams), {
    qos: '1',
    messageExpiry: '1',
    contentType: 'application/json',
  });
  const properties = publication!.headers['x-amz-mqtt5-user-properties'] as string;
  assert.equal(JSON.parse(Buffer.from(properties, 'base64').toString()), [
    { sub: 'u-1' },
    { name: 'Zoë' },
    { role: 'operator' },
  ]);
  assert.equal(JSON.parse(publication!.body), {
    action: 'forward',
    issuedAtMs: 1_700_000_000_000,
    ttlMs: DEFAULT_TTL_MS,
  });
  assert.ok(decodeCommand(publication!.body).ok, 'the robot takes what is published');
});

test('the request is the one that the SDK would send', async () => {
  const { taken } = await send({ estop: true });
  const sdk = new IoTDataPlaneClient({
    endpoint: broker.url,
    region: KEYS.AWS_REGION,
    credentials: {
      accessKeyId: KEYS.AWS_ACCESS_KEY_ID,
      secretAccessKey: KEYS.AWS_SECRET_ACCESS_KEY,
      sessionToken: KEYS.AWS_SESSION_TOKEN,
    },
  });
  broker.taken.length = 0;
  await sdk.send(
    new PublishCommand({
      topic: 'sts-pi/action',
      qos: 1,
      payload: Buffer.from(taken[0]!.body),
      contentType: 'application/json',
      messageExpiry: 1,
      payloadFormatIndicator: 'UTF8_DATA',
      userProperties: JSON.stringify([{ sub: 'u-1' }, { name: 'Zoë' }, { role: 'operator' }]),
    }),
  );
  sdk.destroy();
  const [reference] = broker.taken;
  assert.ok(reference?.verdict.ok, JSON.stringify(reference?.verdict));
  const parts = ({ path, headers, body }: (typeof taken)[0]) => {
    const { pathname, searchParams } = new URL(path, broker.url);
    return {
      pathname,
      query: [...searchParams].sort(),
      body,
      type: headers['content-type'],
      mqtt5: Object.entries(headers)
        .filter(([name]) => name.startsWith('x-amz-mqtt5'))
        .sort(),
    };
  };
  assert.equal(parts(taken[0]!), parts(reference!));
});

test('what the caller says of age is kept', async () => {
  const { taken } = await send({ action: 'left', issuedAtMs: 5, ttlMs: 2001, seq: 7 });
  assert.equal(JSON.parse(taken[0]!.body), { action: 'left', issuedAtMs: 5, ttlMs: 2001, seq: 7 });
  assert.is(new URL(taken[0]!.path, broker.url).searchParams.get('messageExpiry'), '3');
});

test('a fleet is driven by name, and no robot beyond it', async () => {
  const { status, taken } = await send({ action: 'left' }, { robot: 'second' });
  assert.is(status, 200);
  assert.match(decodeURIComponent(taken[0]!.path), /^\/topics\/second\/action\?/);
  for (const robot of ['third', '../sts-pi', 'sts-pi/action', '']) {
    const refused = await send({ action: 'left' }, { robot });
    assert.is(refused.status, 404, robot);
    assert.is(refused.body.code, 'unknown_robot');
    assert.is(refused.taken.length, 0);
  }
});

test("refusals are the robot's own, and nothing is published", async () => {
  const long = JSON.stringify({ action: 'stop', seq: 1 }).padEnd(1025);
  const cases: [body: string, code: string][] = [
    ['nope', 'not_json'],
    ['', 'not_json'],
    ['[]', 'not_an_object'],
    ['{"action":"fly"}', 'bad_field'],
    ['{"drive":{"linear":2,"angular":0}}', 'bad_field'],
    ['{"action":"stop","to":"all"}', 'unknown_field'],
    [long, 'too_large'],
  ];
  for (const [text, code] of cases) {
    const decoded = decodeCommand(text);
    const { status, body, taken } = await send(text);
    assert.is(status, 400);
    assert.is(body.code, code);
    assert.equal({ ok: false, ...body }, decoded);
    assert.is(taken.length, 0);
  }
});

test('a body in base64 is read as what it is', async () => {
  assert.is((await send({ action: 'right' }, { base64: true })).status, 200);
  assert.is((await send('{"action":"right"', { base64: true })).body.code, 'not_json');
});

test('viewers stop robots and do nothing else', async () => {
  for (const stop of [{ action: 'stop' }, { estop: true }]) {
    assert.is((await send(stop, { role: 'viewer' })).status, 200);
  }
  const others = [{ action: 'forward' }, { reset: true }, { drive: { linear: 0, angular: 0 } }];
  for (const other of others) {
    const { status, body, taken } = await send(other, { role: 'viewer' });
    assert.equal([status, body.code, taken.length], [403, 'viewers_may_only_stop', 0]);
  }
});

test('a cached policy does not let a token outlive its end, but a stop passes', async () => {
  const expiresAtS = Math.floor(Date.now() / 1000) - 1;
  const { status, body, taken } = await send({ action: 'forward' }, { expiresAtS });
  assert.equal([status, body.code, taken.length], [401, 'token_expired', 0]);
  assert.is((await send({ action: 'stop' }, { expiresAtS })).status, 200);
});

test('without the context of the authorizer it fails loudly', async () => {
  const event = apiEvent('{"action":"stop"}');
  const { authorizer } = event.requestContext;
  for (const wrong of [null, { ...authorizer, role: 'king' }, { ...authorizer, expiresAtS: undefined }]) {
    const bare = { ...event, requestContext: { ...event.requestContext, authorizer: wrong } };
    const error = await publish(bare as typeof event).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    assert.match(String(error), 'Expected the context of the authorizer');
  }
});

test('a passing failure is retried once, over kept connections', async () => {
  for (const fault of [fail, drop]) {
    const { status, taken } = await send({ action: 'forward' }, {}, [fault]);
    assert.equal([status, taken.length], [200, 2]);
    assert.is(taken[0]!.body, taken[1]!.body);
  }
  const ports = new Set<number>();
  for (let i = 0; i < 5; i++) for (const { port } of (await send({ action: 'stop' })).taken) ports.add(port);
  assert.is(ports.size, 1);
});

test('what does not pass is told: 502, at most two attempts, one metric', async () => {
  const { status, body, taken, lines } = await send({ action: 'forward' }, {}, [fail, fail, fail]);
  assert.equal([status, body.code, taken.length], [502, 'not_published', 2]);
  assert.ok(!JSON.stringify(body).includes('internal'), 'what the broker said stays inside');
  assert.equal([lines.length, lines[0]!.Failed, lines[0]!.status, lines[0]!.Retries], [1, 1, 500, 1]);
  const forbidden: Fault = (response) => response.writeHead(403).end('{"message":"no"}');
  const refused = await send({ action: 'forward' }, {}, [forbidden]);
  assert.equal([refused.status, refused.taken.length], [502, 1], 'a refusal is not asked again');
});

test('what came late may undo what came after it: only stops are tried again then, and resets never', async () => {
  const failAfter =
    (ms: number): Fault =>
    (response) => {
      nowMs += ms;
      fail(response);
    };
  const attempts = async (message: object, ms: number) =>
    (await send(message, {}, [failAfter(ms)])).taken.length;
  assert.is(await attempts({ drive: { linear: 1, angular: 0 } }, RETRY_DRIVE_MS - 1), 2);
  assert.is(await attempts({ drive: { linear: 1, angular: 0 } }, RETRY_DRIVE_MS), 1);
  assert.is(await attempts({ action: 'left' }, RETRY_DRIVE_MS), 1);
  assert.is(await attempts({ reset: true }, 0), 1);
  for (const stop of [{ action: 'stop' }, { estop: true }]) {
    assert.is(await attempts(stop, PUBLISH_BUDGET_MS - PUBLISH_ATTEMPT_MS - 1), 2);
    assert.is(await attempts(stop, PUBLISH_BUDGET_MS - PUBLISH_ATTEMPT_MS), 1);
  }
});

test('silence ends an attempt, and a stop is tried again', async () => {
  const silence: Fault = () => undefined;
  const started = performance.now();
  const { status, taken } = await send({ action: 'stop' }, {}, [silence]);
  assert.equal([status, taken.length], [200, 2]);
  assert.ok(performance.now() - started >= PUBLISH_ATTEMPT_MS - 5);
});

test('pages of configured origins may read the answer, others not', async () => {
  const allowed = async (origin?: string) =>
    (await send({ action: 'stop' }, origin ? { origin } : {})).headers?.['access-control-allow-origin'];
  assert.is(await allowed(ORIGIN), ORIGIN);
  assert.is(await allowed('https://evil.example'), undefined);
  assert.is(await allowed(), undefined);
});

test('every call writes one line that CloudWatch makes metrics of, without secrets', async () => {
  const { lines } = await send({ action: 'forward' });
  assert.is(lines.length, 1);
  const [line] = lines as [Record<string, unknown> & { _aws: { CloudWatchMetrics: unknown[] } }];
  assert.equal(line._aws.CloudWatchMetrics, [
    {
      Namespace: METRICS_NAMESPACE,
      Dimensions: [[]],
      Metrics: [
        { Name: 'Published', Unit: 'Count' },
        { Name: 'PublishMs', Unit: 'Milliseconds' },
        { Name: 'Retries', Unit: 'Count' },
      ],
    },
  ]);
  assert.equal(
    [line.Published, line.robot, line.sub, line.role, line.requestId],
    [1, 'sts-pi', 'u-1', 'operator', 'req-1'],
  );
  assert.type(line.PublishMs, 'number');
  const text = JSON.stringify(lines);
  for (const secret of [KEYS.AWS_SECRET_ACCESS_KEY, KEYS.AWS_SESSION_TOKEN, 'Authorization']) {
    assert.not(text.includes(secret));
  }
});

test('a variable that is missing is named', () => {
  assert.throws(() => createPublish({ ...KEYS, ROBOTS: 'a' }), /IOT_ENDPOINT/);
});

test.after(() => broker.close());

test.run();
