import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import type { MqttClient } from 'mqtt';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Template } from '../../../cloud/local/template/template.ts';
import { PATIENT, startProcess } from '../../robot-process.ts';
import { openRig, until } from './rig.ts';
import { openRobotStack, robotStackOn } from './robot-stack.ts';

/** From a token to the topic of a robot, through everything that the template puts between. */
const desk = await openRobotStack(['sts-pi', 'second']);
const operator = `Bearer ${await desk.tokenOf('operators')}`;
const viewer = `Bearer ${await desk.tokenOf('viewers')}`;
const FORWARD = '{"action":"forward"}';

interface Heard {
  readonly topic: string;
  readonly command: Readonly<Record<string, unknown>>;
  readonly user: Readonly<Record<string, unknown>>;
  readonly expiryS: number | undefined;
  readonly atMs: number;
}
const heard: Heard[] = [];

async function listen(name: string): Promise<MqttClient> {
  const client = await desk.iot.connect(name);
  client.on('message', (topic, payload, { properties }) => {
    heard.push({
      topic,
      command: JSON.parse(payload.toString()),
      user: { ...properties?.userProperties },
      expiryS: properties?.messageExpiryInterval,
      atMs: Number(process.hrtime.bigint()) / 1e6,
    });
  });
  await client.subscribeAsync(`${name}/action`, { qos: 1 });
  return client;
}
const robot = await listen('sts-pi');
const second = await listen('second');

/** What the robots hear of a call: a message behind it on each connection comes after all of it. */
async function heardFrom(work: () => Promise<Response>): Promise<{ response: Response; messages: Heard[] }> {
  heard.splice(0);
  const response = await work();
  const isLast = ({ command }: Heard) => command.seq === LAST;
  const last = JSON.stringify({ action: 'stop', seq: LAST });
  for (const path of ['publish', 'robots/second/publish']) await desk.call(path, operator, last);
  await until(() => heard.filter(isLast).length === 2);
  return { response, messages: heard.filter((one) => !isLast(one)) };
}
const LAST = 4711;

test('a command of an operator comes to the robot, mortal and with the name of who sent it', async () => {
  const { response, messages } = await heardFrom(() => desk.call('publish', operator, FORWARD));
  assert.is(response.status, 200);
  assert.equal(await response.json(), { robot: 'sts-pi', accepted: true });
  assert.is(messages.length, 1);
  const [{ topic, command, user, expiryS }] = messages as [Heard];
  assert.is(topic, 'sts-pi/action');
  assert.equal([command.action, command.ttlMs, expiryS], ['forward', 1000, 1]);
  assert.ok(Math.abs(Number(command.issuedAtMs) - Date.now()) < 60_000);
  assert.equal([user.role, user.name], ['operator', 'Zoë']);
});

test("the seed's own call, which says no content type, comes to the robot too", async () => {
  const { response, messages } = await heardFrom(() => desk.call('publish', operator, FORWARD, {}));
  assert.equal([response.status, messages.length], [200, 1]);
});

test('every robot of the fleet hears its own commands', async () => {
  const { response, messages } = await heardFrom(() => desk.call('robots/second/publish', operator, FORWARD));
  assert.is(response.status, 200);
  assert.equal(
    messages.map(({ topic }) => topic),
    ['second/action'],
  );
  const unknown = await heardFrom(() => desk.call('robots/third/publish', operator, FORWARD));
  assert.equal([unknown.response.status, unknown.messages.length], [404, 0]);
});

test('a viewer may stop and no more', async () => {
  const drive = await heardFrom(() => desk.call('publish', viewer, FORWARD));
  assert.equal([drive.response.status, drive.messages.length], [403, 0]);
  const stop = await heardFrom(() => desk.call('publish', viewer, '{"action":"stop"}'));
  assert.equal([stop.response.status, stop.messages[0]?.user.role], [200, 'viewer']);
});

const nowS = Math.floor(Date.now() / 1000);
const foreign = await generateKeyPair('RS256');
const [head = '', body = '', signature = ''] = operator.replace('Bearer ', '').split('.');
const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const jwk = await (
  await fetch(`${desk.userPools.issuer(desk.outputs.UserPoolId!)}/.well-known/jwks.json`)
).text();
const bearers: readonly (readonly [
  title: string,
  token: () => string | null | Promise<string>,
  status: number,
])[] = [
  ['no token', () => null, 401],
  ['another scheme', () => 'Basic Zm9vOmJhcg==', 401],
  ['no JWT', () => 'Bearer secret', 401],
  ['no algorithm', () => `Bearer ${new UnsecuredJWT(desk.claims()).encode()}`, 401],
  ['no algorithm, but a signature', () => `Bearer ${encoded({ alg: 'none' })}.${body}.${signature}`, 403],
  ['expired', async () => `Bearer ${await desk.signed({ iat: nowS - 900, exp: nowS - 300 })}`, 403],
  ['not valid yet', async () => `Bearer ${await desk.signed({ nbf: nowS + 300 })}`, 403],
  ['issued too long ago', async () => `Bearer ${await desk.signed({ iat: nowS - 90_000 })}`, 403],
  ['without an end', async () => `Bearer ${await desk.signed({ exp: undefined })}`, 403],
  ['another client', async () => `Bearer ${await desk.signed({ client_id: 'else' })}`, 403],
  ['an identity token', async () => `Bearer ${await desk.signed({ token_use: 'id' })}`, 403],
  ['another issuer', async () => `Bearer ${await desk.signed({ iss: 'https://else.example' })}`, 403],
  ['no scope', async () => `Bearer ${await desk.signed({ scope: undefined })}`, 403],
  ['a foreign scope', async () => `Bearer ${await desk.signed({ scope: 'roverd/operator openid' })}`, 403],
  ['somebody of no group', async () => `Bearer ${await desk.tokenOf(null)}`, 403],
  [
    'forged with a key of its own',
    async () =>
      `Bearer ${await new SignJWT(desk.claims()).setProtectedHeader({ alg: 'RS256', kid: 'desk' }).sign(foreign.privateKey)}`,
    403,
  ],
  [
    'signed with the published key as a secret',
    async () =>
      `Bearer ${await new SignJWT(desk.claims()).setProtectedHeader({ alg: 'HS256', kid: 'desk' }).sign(Buffer.from(jwk))}`,
    403,
  ],
  ['changed claims', () => `Bearer ${head}.${encoded(desk.claims({ sub: 'else' }))}.${signature}`, 403],
  ['a cut signature', () => `Bearer ${head}.${body}.${signature.slice(0, -4)}`, 403],
];

for (const [title, token, status] of bearers) {
  test(`${title}: ${status}, and the robot hears nothing`, async () => {
    const bad = await token();
    const { response, messages } = await heardFrom(() => desk.call('publish', bad, FORWARD));
    assert.equal([response.status, messages.length], [status, 0]);
    assert.is(
      ((await response.json()) as { code: string }).code,
      status === 401 ? 'unauthorized' : 'forbidden',
    );
  });
}

const bodies: readonly string[] = [
  '',
  'forward',
  '{"action":"forward"',
  '[]',
  'null',
  '{}',
  '{"action":"fly"}',
  '{"action":"Forward"}',
  '{"action":["forward"]}',
  '{"action":"forward","speed":9}',
  '{"action":"forward","drive":{"linear":1,"angular":0}}',
  '{"drive":{"linear":2,"angular":0}}',
  '{"drive":{"linear":1}}',
  '{"drive":{"linear":"1","angular":0}}',
  '{"estop":false}',
  '{"action":"forward","ttlMs":0}',
  '{"action":"forward","seq":-1}',
];

for (const malformed of bodies) {
  test(`the model refuses ${malformed || 'no body'} before the function`, async () => {
    desk.forgetSteps();
    const response = await desk.call('publish', operator, malformed);
    assert.equal([response.status, ((await response.json()) as { code: string }).code], [400, 'bad_request']);
    await until(() => desk.steps.some(({ step }) => step === 'answered'));
    assert.not(desk.steps.some(({ step }) => step === 'invoked'));
  });
}

test('what goes around the model by another content type is refused by the function', async () => {
  const around = { 'content-type': 'text/plain' };
  const { response, messages } = await heardFrom(() =>
    desk.call('publish', operator, '{"action":"fly"}', around),
  );
  assert.equal([response.status, messages.length], [400, 0]);
  assert.match(((await response.json()) as { message: string }).message, /action/);
});

test('the preflight of a page needs no token', async () => {
  const response = await fetch(`${desk.outputs.ApiURL}publish`, { method: 'OPTIONS' });
  assert.is(response.status, 204);
  assert.is(response.headers.get('access-control-allow-origin'), 'http://localhost:8080');
});

test('the delay of each step', async () => {
  const names = ['authorized', 'validated', 'invoked', 'published', 'returned', 'answered', 'heard'] as const;
  const samples: number[][] = [];
  for (let round = 0; round < 20; round++) {
    desk.forgetSteps();
    heard.splice(0);
    const response = await desk.call('publish', operator, FORWARD);
    assert.is(response.status, 200);
    await until(() => heard.length === 1 && desk.steps.some(({ step }) => step === 'answered'));
    const at = (name: string) => desk.steps.find(({ step }) => step === name)?.atMs ?? heard[0]!.atMs;
    const delays = names.map((name) => at(name) - at('received'));
    for (const [index, delay] of delays.slice(0, 5).entries())
      assert.ok(delay >= (delays[index - 1] ?? 0), `${delays}`);
    samples.push(delays);
  }
  for (const [index, name] of names.entries()) {
    const sorted = samples.map((delays) => delays[index]!).sort((a, b) => a - b);
    console.log(
      `${name.padEnd(12)} median ${sorted[10]!.toFixed(1)} ms  max ${sorted.at(-1)!.toFixed(1)} ms after the request`,
    );
  }
});

const itemsOf = async (table: string) => {
  const client = await desk.tables.client();
  const name = desk.functions.all.find(({ label }) => label === 'ApiRobots')!.environment.PRESENCE_TABLE!;
  const TableName =
    table === 'presence' ? name : name.replace(/Landing.*/, '') + logicalIdOf(/^LandingTelemetry/);
  return (await client.send(new ScanCommand({ TableName }))).Items ?? [];
};
const logicalIdOf = (pattern: RegExp) =>
  Object.entries(desk.stack.template.Resources).find(
    ([id, { Type }]) => Type === 'AWS::DynamoDB::Table' && pattern.test(id),
  )![0];

test('what a robot tells lands in tables, under its own name whatever it says', async () => {
  const told = {
    atMs: 1,
    wheels: { left: 0, right: 0.5 },
    estop: false,
    robot: 'second',
    at: 1,
    expiresAt: 1,
    secret: 'x',
  };
  await robot.publishAsync('sts-pi/telemetry', JSON.stringify(told), { qos: 1 });
  await until(async () => (await itemsOf('telemetry')).length === 1);
  const [item] = await itemsOf('telemetry');
  assert.equal(item?.robot, { S: 'sts-pi' });
  assert.equal(item?.wheels, { M: { left: { N: '0' }, right: { N: '0.5' } } });
  assert.is(item?.secret, undefined);
  const [atMs, expiresAtS] = [Number(item?.at?.N), Number(item?.expiresAt?.N)];
  assert.ok(Math.abs(atMs - Date.now()) < 60_000);
  assert.is(expiresAtS, Math.floor(atMs / 1000) + 30 * 86_400);
});

test('a robot can neither tell as another nor hear its commands', async () => {
  await second.publishAsync('sts-pi/telemetry', '{"atMs":666}', { qos: 1 }).catch(() => undefined);
  await second.subscribeAsync('sts-pi/action', { qos: 1 }).catch(() => undefined);
  const { messages } = await heardFrom(() => desk.call('publish', operator, FORWARD));
  assert.is(messages.length, 1, 'only one of the two hears it');
  await robot.publishAsync('sts-pi/telemetry', '{"atMs":2}', { qos: 1 });
  await until(async () => (await itemsOf('telemetry')).some(({ atMs }) => atMs?.N === '2'));
  assert.not((await itemsOf('telemetry')).some(({ atMs }) => atMs?.N === '666'));
});

test('presence follows the connection', async () => {
  const online = async () => {
    const response = await desk.call('robots', viewer);
    const { robots } = (await response.json()) as {
      robots: { name: string; online: boolean; sinceMs: number }[];
    };
    return robots.map((one) => `${one.name} ${one.online ? 'online' : 'offline'}`);
  };
  assert.equal(await online(), ['sts-pi online', 'second online']);
  await second.endAsync(true);
  await until(async () => (await online())[1] === 'second offline');
});

test('the simulated robot drives, stops, and tells where it is', async () => {
  await robot.endAsync(true);
  const settings = { ...PATIENT, 'cloud.telemetryEveryMs': 200, 'video.enabled': false };
  const driven = await startProcess({ config: desk.robots['sts-pi']!, settings });
  const moving = async () => {
    const { left, right } = (await driven.state()).wheels;
    return left !== 0 || right !== 0;
  };
  /** Where it has come to rest: it rolls on for a moment. */
  const standing = async () => {
    let last = '';
    await until(async () => {
      const now = JSON.stringify((await driven.state()).pose);
      await new Promise((resolve) => setTimeout(resolve, 50));
      const rests = now === last && !(await moving());
      last = now;
      return rests;
    });
    return (await driven.state()).pose!;
  };
  try {
    await until(async () => (await driven.state()).cloud?.state === 'connected', 30_000);
    const from = (await driven.state()).pose!;
    desk.forgetSteps();
    const drive = JSON.stringify({ drive: { linear: 0.5, angular: 0 } });
    assert.is((await desk.call('publish', operator, drive)).status, 200);
    await until(moving);
    const movedMs = Number(process.hrtime.bigint()) / 1e6;
    const receivedMs = desk.steps.find(({ step }) => step === 'received')!.atMs;
    console.log(
      `the wheels turn ${(movedMs - receivedMs).toFixed(1)} ms after the request, as far as /api/state tells`,
    );
    const to = await standing();
    assert.ok(
      Math.hypot(to.xM - from.xM, to.yM - from.yM) > 0.005,
      `${JSON.stringify(from)} ${JSON.stringify(to)}`,
    );

    const forged = `Bearer ${head}.${encoded(desk.claims({ sub: 'else' }))}.${signature}`;
    assert.is((await desk.call('publish', forged, drive)).status, 403);
    assert.is((await desk.call('publish', operator, '{"drive":{"linear":9,"angular":0}}')).status, 400);
    assert.is((await desk.call('publish', viewer, '{"action":"stop"}')).status, 200);
    assert.equal(await standing(), to);

    const told = async () =>
      (await itemsOf('telemetry'))
        .map(({ pose }) => pose?.M?.xM?.N)
        .filter(Boolean)
        .map(Number);
    await until(async () => (await told()).some((xM) => Math.abs(xM - to.xM) < 0.001));
  } finally {
    await driven.end();
  }
  await until(async () => {
    const { robots } = (await (await desk.call('robots', viewer)).json()) as {
      robots: { name: string; online: boolean }[];
    };
    return robots[0]?.online === false;
  });
});

test('a role without the grant can not publish, as in the cloud', async () => {
  const { Resources } = desk.stack.template;
  const without = Object.entries(Resources).map(([name, resource]) => {
    if (resource.Type !== 'AWS::IAM::Policy' || !name.startsWith('ApiPublish')) return [name, resource];
    const document = resource.Properties!.PolicyDocument as { Statement: { Action: unknown }[] };
    const Statement = document.Statement.filter(({ Action }) => Action !== 'iot:Publish');
    assert.is(Statement.length, document.Statement.length - 1);
    return [name, { ...resource, Properties: { ...resource.Properties, PolicyDocument: { Statement } } }];
  });
  const template = { ...desk.stack.template, Resources: Object.fromEntries(without) } as Template;
  const stack = { ...desk.stack, template };
  const poorer = robotStackOn(await openRig(stack), stack);
  try {
    const response = await poorer.call('publish', `Bearer ${await poorer.tokenOf('operators')}`, FORWARD);
    assert.equal(
      [response.status, ((await response.json()) as { code: string }).code],
      [502, 'not_published'],
    );
    await until(() =>
      poorer.lines.some((line) => /"status":403.*not authorized to perform: iot:Publish/.test(line)),
    );
  } finally {
    await poorer.close();
  }
});

test.after(async () => {
  await Promise.all([robot.endAsync(true), second.endAsync(true)]);
  await desk.close();
});

test.run();
