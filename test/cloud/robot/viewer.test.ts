import { once } from 'node:events';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { WebSocket } from 'ws';
import { CHANNEL_CACHE_MS, METRICS_NAMESPACE, VIEWER_URL_S } from '../../../cloud/robot/constants.ts';
import { createViewer } from '../../../cloud/robot/viewer.lambda.ts';
import { createAuthority } from '../../cloud-link/certificates.ts';
import { KvsService, REGION } from '../../cloud-link/kvs-service.ts';
import { apiEvent, type EventOptions, linesOf } from './events.ts';

// The function meets a service with a certificate of an authority made here; in Lambda it is AWS's.
process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';

const ROBOT = 'rover';
const authority = await createAuthority();
const service = await KvsService.start(authority);
service.register(ROBOT, await authority.issue(ROBOT));
const keys = service.viewerKeys(ROBOT);
const ENV = {
  ROBOTS: `${ROBOT},second`,
  ORIGINS: 'https://drive.example',
  AWS_REGION: REGION,
  AWS_ACCESS_KEY_ID: keys.accessKeyId,
  AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
  AWS_SESSION_TOKEN: keys.sessionToken,
  KVS_ENDPOINT: `https://${service.endpoint}`,
};

let aheadMs = 0;
const wallMs = () => Date.now() + aheadMs;
const fresh = () => createViewer(ENV, wallMs);

/** Asks once; what the service was called for comes along. */
async function ask(viewer = fresh(), options: EventOptions = {}) {
  service.calls.length = 0;
  const event = apiEvent(null, { method: 'GET', robot: ROBOT, ...options });
  const { result, lines } = await linesOf(() => viewer(event));
  return {
    status: result.statusCode,
    headers: result.headers,
    body: JSON.parse(result.body),
    lines,
    calls: [...service.calls],
  };
}

/** Opens a socket to an address: its status if it is turned away, else 101 while `use` runs. */
async function open(url: string, use: () => void = () => undefined): Promise<number> {
  const socket = new WebSocket(url, { rejectUnauthorized: false });
  const status = await new Promise<number>((resolve) => {
    socket.on('open', () => resolve(101));
    socket.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0));
    socket.on('error', () => undefined);
  });
  use();
  if (status === 101) {
    socket.close();
    await once(socket, 'close');
  } else socket.terminate();
  return status;
}

test('gives a viewer all that it needs, and the address opens', async () => {
  const { status, body, calls, headers, lines } = await ask(fresh(), { origin: 'https://drive.example' });
  assert.is(status, 200);
  assert.is(headers?.['access-control-allow-origin'], 'https://drive.example');
  assert.is(headers?.['cache-control'], 'no-store');
  const { url, clientId, nowMs, expiresAtMs, iceServers, ...rest } = body;
  assert.equal(rest, { robot: ROBOT, role: 'operator', region: REGION, channelArn: service.arnOf(ROBOT) });
  assert.is(expiresAtMs - nowMs, VIEWER_URL_S * 1000);
  assert.ok(Math.abs(nowMs - wallMs()) < 5000);
  assert.equal(Object.keys(iceServers[0]).sort(), ['credential', 'urls', 'username']);
  assert.match(clientId, /^[a-zA-Z0-9_.-]{1,256}$/);
  assert.is(new URL(url).searchParams.get('X-Amz-ClientId'), clientId);
  assert.is(new URL(url).searchParams.get('X-Amz-Expires'), `${VIEWER_URL_S}`);
  assert.equal(calls, [
    '/describeSignalingChannel',
    '/getSignalingChannelEndpoint',
    '/v1/get-ice-server-config',
  ]);
  assert.is(await open(url, () => assert.is(service.viewers, 1)), 101);
  assert.is(lines.length, 1);
  assert.equal([lines[0]!.ViewersAdmitted, lines[0]!.clientId], [1, clientId]);
  assert.ok(JSON.stringify(lines).includes(METRICS_NAMESPACE));
  assert.not.match(JSON.stringify(lines), /Signature|Security-Token|credential/i);
});

test('the address is good for this client on this channel only, and as a viewer', async () => {
  const { url } = (await ask()).body as { url: string };
  const changed = (change: (query: URLSearchParams) => void) => {
    const copy = new URL(url);
    change(copy.searchParams);
    return copy.href;
  };
  assert.is(await open(changed((query) => query.set('X-Amz-ClientId', 'somebody-else'))), 403);
  assert.is(await open(changed((query) => query.delete('X-Amz-ClientId'))), 403, 'not as the master');
  assert.is(await open(changed((query) => query.set('X-Amz-ChannelARN', `${service.arnOf(ROBOT)}0`))), 403);
  assert.is(await open(changed((query) => query.set('X-Amz-Expires', '604800'))), 403);
  service.settings.skewMs = (VIEWER_URL_S + 1) * 1000;
  assert.is(await open(url), 403, 'too late');
  service.settings.skewMs = 0;
  assert.is(await open(url), 101);
});

test('every viewer is another client, and channel and endpoints are asked for once in a while', async () => {
  const viewer = fresh();
  const first = await ask(viewer);
  const second = await ask(viewer);
  assert.is.not(first.body.clientId, second.body.clientId);
  assert.is.not(first.body.iceServers[0].username, second.body.iceServers[0].username);
  assert.equal(second.calls, ['/v1/get-ice-server-config']);
  aheadMs = CHANNEL_CACHE_MS + 1000;
  assert.is((await ask(viewer, { expiresAtS: wallMs() / 1000 + 600 })).calls.length, 3);
  aheadMs = 0;
});

test('who may watch is told so', async () => {
  const { status, body } = await ask(fresh(), { role: 'viewer' });
  assert.equal([status, body.role], [200, 'viewer']);
});

test('robots of others and ended tokens are refused before anything is asked', async () => {
  const refused: [options: EventOptions, status: number, code: string][] = [
    [{ robot: 'third' }, 404, 'unknown_robot'],
    [{ robot: '../rover' }, 404, 'unknown_robot'],
    [{ expiresAtS: Math.floor(Date.now() / 1000) - 1 }, 401, 'token_expired'],
  ];
  for (const [options, expected, code] of refused) {
    const { status, body, calls } = await ask(fresh(), options);
    assert.equal([status, body.code, calls], [expected, code, []]);
  }
});

test('what KVS refuses is told as a failure of its own, without its words, and asked anew the next time', async () => {
  const viewer = fresh();
  await ask(viewer);
  service.settings.refusals.set('/v1/get-ice-server-config', {
    status: 404,
    type: 'ResourceNotFoundException',
    message: 'inside',
  });
  const failed = await ask(viewer);
  assert.equal([failed.status, failed.body.code], [502, 'no_signaling']);
  assert.not.match(JSON.stringify(failed.body), /inside/);
  assert.is(failed.lines[0]!.ViewersFailed, 1);
  assert.match(String(failed.lines[0]!.reason), /404.*inside/);
  service.settings.refusals.clear();
  const again = await ask(viewer);
  assert.equal([again.status, again.calls.length], [200, 3], 'the channel may have been made anew');
});

test('a channel that the role may not use, and keys that have ended, are a failure', async () => {
  assert.is((await ask(fresh(), { robot: 'second' })).status, 502);
  const { AWS_SECRET_ACCESS_KEY } = ENV;
  const wrong = createViewer({ ...ENV, AWS_SECRET_ACCESS_KEY: `${AWS_SECRET_ACCESS_KEY}x` }, wallMs);
  const { status, lines } = await ask(wrong);
  assert.is(status, 502);
  assert.match(String(lines[0]!.reason), /403/);
});

test('without the context of the authorizer it fails loudly', async () => {
  const event = apiEvent(null, { method: 'GET', robot: ROBOT });
  const bare = { ...event, requestContext: { ...event.requestContext, authorizer: null } };
  const error = await fresh()(bare as unknown as typeof event).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  assert.match(String(error), 'Expected the context of the authorizer');
});

test.after(() => service.close());

test.run();
