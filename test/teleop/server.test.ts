import { request as httpRequest } from 'node:http';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { FIXED_TOKEN, startRig, until } from './rig.ts';

type Rig = Awaited<ReturnType<typeof startRig>>;
function withRig(
  name: string,
  body: (rig: Rig) => Promise<void>,
  options?: Parameters<typeof startRig>[0],
): void {
  test(name, async () => {
    const rig = await startRig(options);
    try {
      await body(rig);
    } finally {
      await rig.close();
    }
  });
}
const refusal = (message: object) =>
  'code' in message ? (message as { code: string; message: string }) : undefined;

/** fetch sets Host itself; a foreign one needs a raw request. */
function rawStatus(url: string, headers: Record<string, string>, path = '/api/state'): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      url + path,
      { headers: { authorization: `Bearer ${FIXED_TOKEN}`, ...headers } },
      (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      },
    );
    request.on('error', reject);
    request.end();
  });
}

withRig('health needs no token, everything else does', async ({ request, publish, connect }) => {
  assert.is((await request('/healthz', {}, null)).status, 200);
  for (const path of ['/api/state', '/metrics']) {
    assert.is((await request(path, {}, null)).status, 401);
    assert.is((await request(path, {}, 'rd_wrong')).status, 401);
    assert.is((await request(path)).status, 200);
  }
  assert.is((await request(`/api/state?token=${FIXED_TOKEN}`, {}, null)).status, 200);
  assert.is((await publish({ action: 'forward' }, null)).status, 401);
  for (const token of ['', 'rd_wrong']) {
    const refused = await connect(token).catch((error: Error) => error.message);
    assert.is(refused, '401');
  }
});

withRig('state tells wheels, estop, operator, reasons and battery', async ({ request }) => {
  const state = (await (await request('/api/state')).json()) as Record<string, unknown>;
  assert.equal(state.wheels, { left: 0, right: 0 });
  assert.is(state.estop, false);
  assert.is(state.operator, null);
  assert.is((state.reasons as { code: string }[])[0]?.code, 'no_operator');
  assert.ok('battery' in state);
});

withRig('a POST drives for a moment as the original did', async ({ publish, state }) => {
  const response = await publish({ action: 'left' });
  assert.is(response.status, 200);
  assert.equal(state().wheels, { left: -0.5, right: 0.5 });
  await until(() => state().wheels.left === 0 && state().operator === null, 'the pulse ends');
});

withRig('bad bodies are refused with code and message and change nothing', async ({ publish, state }) => {
  const rows: [body: string, status: number, code: string][] = [
    ['', 400, 'not_json'],
    ['{"action":"fly"}', 400, 'bad_field'],
    ['{"drive":{"linear":7,"angular":0}}', 400, 'bad_field'],
    ['{"action":"forward","speed":1}', 400, 'unknown_field'],
    [JSON.stringify({ action: 'x'.repeat(2000) }), 413, 'too_large'],
  ];
  for (const [body, status, code] of rows) {
    const response = await publish(body);
    assert.is(response.status, status, body.slice(0, 40));
    const refused = (await response.json()) as { code: string; message: string };
    assert.is(refused.code, code);
    assert.match(refused.message, /^Expected/);
  }
  assert.equal(state().wheels, { left: 0, right: 0 });
  assert.is(state().operator, null);
});

withRig('a viewer is forbidden to drive and reset but may stop', async ({ publish, mint, state }) => {
  const { token } = mint('viewer');
  assert.is((await publish({ action: 'forward' }, token)).status, 403);
  assert.is((await publish({ estop: true }, token)).status, 200);
  assert.is(state().estop, true);
  assert.is((await publish({ reset: true }, token)).status, 403);
  assert.is(state().estop, true);
});

withRig('while an operator drives a POST from another is refused, its stop is not', async (rig) => {
  const { token } = rig.mint('operator', 'Ada');
  const ada = await rig.connect(token);
  ada.send({ drive: { linear: 1, angular: 0 } });
  await until(() => rig.state().wheels.left === 1, 'Ada drives');
  const refused = await rig.publish({ action: 'forward' });
  assert.is(refused.status, 409);
  assert.is(((await refused.json()) as { code: string }).code, 'lease_held');
  assert.is((await rig.publish({ action: 'stop' })).status, 200);
  assert.is(rig.state().wheels.left, 0);
  await ada.end();
});

withRig('foreign Host and Origin are turned away', async ({ url, connect }) => {
  const own = new URL(url).host;
  assert.is(await rawStatus(url, { host: 'evil.example' }), 403);
  assert.is(await rawStatus(url, { host: own, origin: 'http://evil.example' }), 403);
  assert.is(await rawStatus(url, { host: own, origin: 'null' }), 403);
  assert.is(await rawStatus(url, { host: own, origin: `http://${own}` }), 200);
  assert.is(await rawStatus(url, { host: 'rover.example' }), 200);
  assert.is(await rawStatus(url, { host: 'evil.example' }, '/'), 403);
  for (const headers of [{ origin: 'http://evil.example' }, { host: 'evil.example' }]) {
    assert.is(await connect(FIXED_TOKEN, headers).catch((error: Error) => error.message), '403');
  }
});

withRig('the page is served with a strict policy, files outside are not', async ({ request }) => {
  const page = await request('/', {}, null);
  assert.is(page.status, 200);
  assert.match(page.headers.get('content-security-policy') ?? '', /^default-src 'self'/);
  assert.is((await request('/../package.json', {}, null)).status, 404);
  assert.is((await request('/%2e%2e/%2e%2e/etc/passwd', {}, null)).status, 404);
  assert.is((await request('/', { method: 'DELETE' }, null)).status, 404);
});

withRig('pairing: a code gives a token once; guessing is slowed', async ({ request, tokens }) => {
  const code = tokens.createPairingCode({ role: 'viewer', ttlMs: 60_000 });
  const pair = (body: unknown) => request('/api/pair', { method: 'POST', body: JSON.stringify(body) }, null);
  assert.is((await pair({ code, name: '' })).status, 400);
  const paired = await pair({ code: code.toLowerCase(), name: 'phone' });
  assert.is(paired.status, 200);
  const { token, role } = (await paired.json()) as { token: string; role: string };
  assert.is(role, 'viewer');
  assert.is((await request('/api/state', {}, token)).status, 200);
  const statuses = [];
  for (let i = 0; i < 8; i++) statuses.push((await pair({ code, name: 'phone' })).status);
  assert.is(statuses[0], 401);
  assert.is(statuses.at(-1), 429);
});

withRig(
  'too many requests are refused with 429, a stop passes',
  async ({ request, publish, state }) => {
    const statuses = await Promise.all(
      Array.from({ length: 20 }, async () => (await request('/api/state')).status),
    );
    assert.ok(statuses.includes(200) && statuses.includes(429), statuses.join());
    assert.is((await publish({ action: 'forward' })).status, 429);
    assert.is((await publish({ estop: true })).status, 200);
    assert.is(state().estop, true);
  },
  { requestsPerS: 3 },
);

withRig('hello, state and pong over the socket', async ({ connect }) => {
  const client = await connect();
  const hello = await client.expect((message) => 'hello' in message && message.hello);
  assert.is(hello.you.role, 'operator');
  assert.ok(hello.sendEveryMs * 4 <= hello.watchdogMs, 'at least four commands a window');
  client.send({ ping: { t: 12.5 } });
  const pong = await client.expect((message) => 'pong' in message && message.pong);
  assert.is(pong.t, 12.5);
  assert.ok(Math.abs(pong.robotUs / 1000 - Number(process.hrtime.bigint()) / 1e6) < 2000);
  await client.end();
});

withRig('two pages of one device are told apart by name', async ({ connect }) => {
  const first = await connect();
  const second = await connect();
  const names = await Promise.all(
    [first, second].map((client) => client.expect((message) => 'hello' in message && message.hello.you.name)),
  );
  assert.equal(names, ['automation', 'automation 2']);
  await first.end();
  await second.end();
});

withRig('lease, take-over and release over the socket', async (rig) => {
  const ada = await rig.connect(rig.mint('operator', 'Ada').token);
  const bob = await rig.connect(rig.mint('operator', 'Bob').token);
  ada.send({ drive: { linear: 0.5, angular: 0 }, seq: 1 });
  await until(() => rig.state().operator?.name === 'Ada', 'Ada drives');
  bob.send({ drive: { linear: 0.5, angular: 0 }, seq: 77 });
  const refused = await bob.expect(refusal);
  assert.equal(refused, { code: 'lease_held', message: 'Ada drives. Take over first', seq: 77 });
  bob.send({ takeOver: true });
  await until(
    () => rig.state().operator?.name === 'Bob' && rig.state().wheels.left === 0,
    'Bob has taken over',
  );
  bob.send({ release: true });
  await until(() => rig.state().operator === null, 'Bob has given back');
  await ada.end();
  await bob.end();
});

for (const how of ['close', 'terminate'] as const) {
  withRig(`a socket's ${how} stops at once`, async ({ connect, state }) => {
    const client = await connect();
    client.send({ drive: { linear: 1, angular: 0 } });
    await until(() => state().wheels.left === 1, 'it drives');
    const sentMs = performance.now();
    client.socket[how]();
    await until(() => state().wheels.left === 0, 'it stops', 300);
    assert.ok(performance.now() - sentMs < 300, 'before the watchdog would');
    assert.is(state().reasons[0]?.code, 'link_ended');
  });
}

withRig('a revoked token ends its link', async ({ connect, mint, tokens, state }) => {
  const { id, token } = mint('operator');
  const client = await connect(token);
  client.send({ drive: { linear: 1, angular: 0 } });
  await until(() => state().operator !== null, 'it drives');
  tokens.revoke(id);
  assert.is(await client.closed, 4401);
  assert.is(state().operator, null);
});

withRig('bad messages on the socket are answered and change nothing', async ({ connect, state }) => {
  const client = await connect();
  for (const [text, code] of [
    ['nope', 'not_json'],
    ['{"ping":{"t":"x"}}', 'bad_field'],
    ['{"offer":{"sdp":5}}', 'bad_field'],
    ['{"drive":{"linear":9,"angular":0}}', 'bad_field'],
    [JSON.stringify({ action: 'y'.repeat(1100) }), 'too_large'],
  ] as const) {
    client.received.length = 0;
    client.send(text);
    assert.is((await client.expect(refusal)).code, code);
  }
  client.send({ offer: { sdp: 'v=0' } });
  const closed = await client.expect((message) => 'videoClosed' in message && message.videoClosed);
  assert.is(closed.code, 'video_off');
  assert.is(state().operator, null);
  await client.end();
});

withRig('a message over the limit of the socket closes it', async ({ connect }) => {
  const client = await connect();
  client.send('x'.repeat(40_000));
  assert.is(await client.closed, 1009);
});

withRig('a flood is throttled and told so; its own stop passes', async ({ connect, state }) => {
  const client = await connect();
  for (let i = 0; i < 500; i++) client.send({ drive: { linear: 1, angular: 0 } });
  client.send({ estop: true });
  assert.is((await client.expect(refusal)).code, 'rate_limited');
  await until(() => state().estop, 'the stop behind the flood holds');
  const notices = client.received.filter((message) => refusal(message)?.code === 'rate_limited').length;
  assert.is(notices, 1);
  await client.end();
});

withRig(
  'connections are bounded',
  async ({ connect }) => {
    const first = await connect();
    assert.is(await connect().catch((error: Error) => error.message), '429');
    await first.end();
    const second = await connect();
    await second.end();
  },
  { maxConnections: 1 },
);

withRig(
  'closing the server tells the pages to come back and ends the leases',
  async ({ connect, server, state }) => {
    const client = await connect();
    client.send({ drive: { linear: 1, angular: 0 } });
    await until(() => state().wheels.left === 1, 'it drives');
    const closing = server.close();
    assert.is(state().wheels.left, 0);
    assert.is(await client.closed, 1012);
    await closing;
  },
);

withRig('metrics are in Prometheus format and count refusals', async ({ request, publish }) => {
  await publish('nope');
  const text = await (await request('/metrics')).text();
  assert.match(text, /^# TYPE roverd_/m);
  assert.match(text, /refus\w*\{code="not_json"\} 1/);
});

test.run();
