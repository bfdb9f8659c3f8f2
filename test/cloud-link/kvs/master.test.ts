import pino from 'pino';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { WebSocket } from 'ws';
import { mutualTlsAgent, publicTlsAgent } from '../../../firmware/cloud-link/agents.ts';
import { AwsClock } from '../../../firmware/cloud-link/aws-clock.ts';
import { createCredentials, fetchCredentials } from '../../../firmware/cloud-link/credentials.ts';
import type { Identity } from '../../../firmware/cloud-link/identity.ts';
import { createKvsCalls } from '../../../firmware/cloud-link/kvs/calls.ts';
import { createMaster, type Master } from '../../../firmware/cloud-link/kvs/master.ts';
import type { Incoming } from '../../../firmware/cloud-link/kvs/messages.ts';
import { openSocket } from '../../../firmware/cloud-link/kvs/socket.ts';
import { until } from '../../teleop/rig.ts';
import { type Authority, createAuthority } from '../certificates.ts';
import { KvsService, REGION, ROLE_ALIAS } from '../kvs-service.ts';
import { openViewerSocket } from './viewer-socket.ts';

interface Context {
  authority: Authority;
  service: KvsService;
  identity: Identity;
  logged: string[];
  received: Incoming[];
  masters: (() => void)[];
  make(options?: { thing?: string; channel?: string; wallMs?: () => number }): Master;
}

const master = suite<Context>('KVS master against the service');

master.before(async (context) => {
  context.authority = await createAuthority();
});
master.before.each(async (context) => {
  const { authority } = context;
  context.service = await KvsService.start(authority);
  context.identity = await authority.issue('rover');
  context.service.register('rover', context.identity);
  context.logged = [];
  context.received = [];
  context.masters = [];
  const logger = pino({ level: 'debug' }, { write: (line: string) => void context.logged.push(line) });
  context.make = ({ thing = 'rover', channel = 'rover', wallMs = Date.now } = {}) => {
    const { service, identity } = context;
    const clock = { nowMs: () => performance.now(), wallMs };
    const awsClock = new AwsClock(clock);
    const mutual = mutualTlsAgent({ ...identity, ca: authority.ca });
    const agent = publicTlsAgent(authority.ca);
    const at = { endpoint: service.credentialsEndpoint, roleAlias: ROLE_ALIAS, thingName: thing };
    const credentials = createCredentials({
      fetch: () => fetchCredentials({ ...at, agent: mutual, awsClock }),
      awsClock,
      clock,
      logger,
    });
    const made = createMaster({
      channelName: channel,
      calls: createKvsCalls({
        region: REGION,
        endpoint: service.endpoint,
        agent,
        credentials: credentials.provide,
        awsClock,
      }),
      openSocket: openSocket(agent),
      awsClock,
      clock,
      iceServers: [{ urls: ['stun:stun.example:3478'] }],
      received: (message) => context.received.push(message),
      // The shortest of waits.
      random: () => 0,
      logger,
    });
    context.masters.push(() => {
      made.close();
      credentials.close();
      mutual.destroy();
      agent.destroy();
    });
    made.start();
    return made;
  };
});
master.after.each(async ({ masters, service, logged }) => {
  for (const close of masters) close();
  assert.equal(service.violations, []);
  await service.close();
  const secrets = logged.filter((line) => /X-Amz-Signature|X-Amz-Security-Token|secretAccessKey/i.test(line));
  assert.equal(secrets, [], 'no secret is logged');
});

master(
  'finds its channel, connects with a signature that holds, and asks for TURN servers',
  async ({ service, make }) => {
    const made = make();
    await until(() => made.state === 'open', 'open');
    assert.is(service.hasMaster, true);
    assert.equal(await made.iceServers(), [
      { urls: ['stun:stun.example:3478'] },
      {
        urls: ['turn:127.0.0.1:9?transport=udp', 'turns:127.0.0.1:9?transport=udp'],
        username: 'login-1',
        credential: 'secret',
      },
    ]);
    assert.equal(
      service.calls.filter((call) => !call.includes('ice')),
      [
        `GET /role-aliases/${ROLE_ALIAS}/credentials`,
        '/describeSignalingChannel',
        '/getSignalingChannelEndpoint',
        'socket',
      ],
    );
    assert.is(made.problem, null);
  },
);

master('passes on what viewers send, and answers the one that asked', async ({ service, received, make }) => {
  const made = make();
  await until(() => made.state === 'open', 'open');
  const one = await openViewerSocket(service, 'rover', 'one');
  const two = await openViewerSocket(service, 'rover', 'two');
  one.send('ICE_CANDIDATE', {
    candidate: 'candidate:1 1 udp 1 10.0.0.1 9 typ host',
    sdpMid: '0',
    sdpMLineIndex: 0,
  });
  one.send('SDP_OFFER', { type: 'offer', sdp: 'v=0' });
  await until(() => received.length === 2, 'both messages');
  assert.equal(received, [
    {
      type: 'candidate',
      clientId: 'one',
      candidate: { candidate: 'candidate:1 1 udp 1 10.0.0.1 9 typ host', sdpMid: '0' },
    },
    { type: 'offer', clientId: 'one', sdp: 'v=0' },
  ]);
  made.send({ type: 'answer', clientId: 'one', sdp: 'v=0 answer' });
  await until(() => one.received.length === 1, 'the answer');
  assert.equal(one.received[0], { type: 'SDP_ANSWER', content: { type: 'answer', sdp: 'v=0 answer' } });
  assert.equal(two.received, []);
});

master(
  'GO_AWAY: the next socket is open before the old one ends, and no message is lost',
  async (context) => {
    const { service, received, make } = context;
    const made = make();
    await until(() => made.state === 'open', 'open');
    const viewer = await openViewerSocket(service, 'rover', 'one');
    service.tellMaster('GO_AWAY');
    for (let n = 0; n < 5; n += 1) viewer.send('SDP_OFFER', { type: 'offer', sdp: `v=0 ${n}` });
    await until(() => service.masterConnections === 2 && made.state === 'open', 'a second socket');
    await until(() => received.length === 5, 'every offer');
    assert.is(service.calls.filter((call) => call === '/getSignalingChannelEndpoint').length, 2);
  },
);

master('comes back when the service closes its socket', async ({ service, make }) => {
  const made = make();
  await until(() => made.state === 'open', 'open');
  service.closeMaster();
  await until(() => service.masterConnections === 2 && made.state === 'open', 'back after the close');
  service.settings.displaced = 'silent';
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.is(service.masterConnections, 2);
});

master(
  'when the path breaks: what either side sends meanwhile is delivered when it is back',
  async ({ service, received, make }) => {
    const made = make();
    await until(() => made.state === 'open', 'open');
    const viewer = await openViewerSocket(service, 'rover', 'one');
    service.dropMaster();
    await until(() => !service.hasMaster, 'gone');
    viewer.send('SDP_OFFER', { type: 'offer', sdp: 'v=0' });
    made.send({ type: 'answer', clientId: 'one', sdp: 'v=0 while away' });
    await until(() => received.length === 1, 'the offer');
    await until(() => viewer.received.length === 1, 'the answer that waited');
  },
);

master('RECONNECT_ICE_SERVER: viewers from now on get other servers', async ({ service, make }) => {
  const made = make();
  await until(() => made.state === 'open', 'open');
  assert.is((await made.iceServers()).at(-1)?.username, 'login-1');
  service.tellMaster('RECONNECT_ICE_SERVER');
  await until(() => service.calls.filter((call) => call.includes('ice')).length === 2, 'asked again');
  await until(() => made.state === 'open', 'open all the while');
  assert.is(service.masterConnections, 1);
  assert.is((await made.iceServers()).at(-1)?.username, 'login-2');
});

master(
  'TURN servers that would expire are replaced; where none can be had the others serve',
  async (context) => {
    const { service, make } = context;
    service.settings.turnTtlS = 30;
    const made = make();
    await until(() => made.state === 'open', 'open');
    assert.is((await made.iceServers()).length, 1, 'a login of 30 s is too short to hand out');
    service.settings.turnTtlS = 60;
    assert.is((await made.iceServers()).length, 2);
    service.settings.refusals.set('/v1/get-ice-server-config', {
      status: 500,
      type: 'InternalFailure',
      message: '',
    });
    service.tellMaster('RECONNECT_ICE_SERVER');
    assert.is((await made.iceServers()).length, 2, 'the last ones serve as long as they are valid');
  },
);

master(
  'a wrong clock is set right by the service’s Date, before anything can expire',
  async ({ service, make }) => {
    service.settings.skewMs = 6 * 3_600_000;
    const made = make();
    await until(() => made.state === 'open', 'open');
    assert.is(service.calls.filter((call) => call === '/describeSignalingChannel').length, 1);
  },
);

master('a clock that AWS steps meanwhile: refused once, signed anew', async ({ service, make }) => {
  const made = make();
  await until(() => made.state === 'open', 'open');
  service.settings.skewMs = -40 * 60_000;
  service.tellMaster('GO_AWAY');
  await until(() => service.masterConnections === 2 && made.state === 'open', 'a second socket');
  assert.is(service.calls.filter((call) => call === '/describeSignalingChannel').length, 3);
});

master('a socket refused because of the clock alone: signed anew at once', async ({ service, make }) => {
  const made = make();
  await until(() => made.state === 'open', 'open');
  await made.iceServers();
  // The channel is known: the socket's own address is the first that is signed with the wrong time.
  service.settings.skewMs = 40 * 60_000;
  service.closeMaster();
  await until(() => service.masterConnections === 2 && made.state === 'open', 'a second socket');
  assert.is(service.calls.filter((call) => call === 'socket').length, 3);
});

master('another master: told to the operator, and the channel is left to it for a while', async (context) => {
  const { service, make, logged } = context;
  const made = make();
  await until(() => made.state === 'open', 'open');
  const rival = make();
  for (let n = 0; n < 2; n += 1) {
    await until(() => rival.state === 'open', 'the rival is open');
    await until(() => made.state === 'waiting' || made.problem !== null, 'displaced');
    if (made.problem) break;
    await until(() => made.state === 'open', 'back', 3000);
    await until(() => rival.state !== 'open', 'the rival displaced');
  }
  await until(
    () => made.problem?.code === 'another_master' || rival.problem?.code === 'another_master',
    'told',
    5000,
  );
  const told = made.problem ?? rival.problem;
  assert.match(told?.text ?? '', /Is this name given to two robots/);
  const connections = service.masterConnections;
  await new Promise((resolve) => setTimeout(resolve, 600));
  assert.ok(service.masterConnections <= connections + 1, 'no storm of connections');
  assert.ok(logged.some((line) => line.includes('another_master')));
});

master(
  'what only a person can mend is told: no channel, no right, no credentials',
  async ({ service, make }) => {
    const unknown = make({ channel: 'nobody' });
    await until(() => unknown.problem !== null, 'told');
    assert.is(unknown.problem?.code, 'denied');
    service.settings.refusals.set('/describeSignalingChannel', {
      status: 404,
      type: 'ResourceNotFoundException',
      message: 'The requested channel is not found or not active.',
    });
    const missing = make();
    await until(() => missing.problem !== null, 'told');
    assert.is(missing.problem?.code, 'not_found');
    assert.match(
      missing.problem?.text ?? '',
      /describeSignalingChannel was refused with 404 ResourceNotFoundException/,
    );
    const stranger = make({ thing: 'stranger' });
    await until(() => stranger.problem !== null, 'told');
    assert.match(stranger.problem?.text ?? '', /refused credentials with 403/);
  },
);

master('throttled, or answered with nonsense: tried again until it works', async ({ service, make }) => {
  service.settings.refusals.set('/getSignalingChannelEndpoint', {
    status: 400,
    type: 'ClientLimitExceededException',
    message: 'slow down',
  });
  const made = make();
  await until(() => made.problem !== null, 'told');
  assert.is(made.problem?.code, 'throttled');
  service.settings.refusals.clear();
  await until(() => made.state === 'open', 'open');
  assert.is(made.problem, null);
});

master(
  'messages that are none are ignored; a message to one who left is no harm',
  async ({ service, received, make }) => {
    const made = make();
    await until(() => made.state === 'open', 'open');
    for (const text of [
      '',
      '{',
      '[]',
      '{"messageType":"SDP_OFFER"}',
      '{"messageType":"SDP_OFFER","senderClientId":"a b","messagePayload":"e30="}',
      '{"messageType":"SDP_OFFER","senderClientId":"one","messagePayload":"e30="}',
      '{"messageType":"SDP_ANSWER","senderClientId":"one","messagePayload":"e30="}',
      '{"messageType":"TOMORROW","senderClientId":"one","messagePayload":"e30="}',
      `{"messageType":"SDP_OFFER","senderClientId":"one","messagePayload":"${'A'.repeat(50_000)}"}`,
    ]) {
      service.sendRaw(text);
    }
    made.send({ type: 'answer', clientId: 'gone', sdp: 'v=0' });
    const viewer = await openViewerSocket(service, 'rover', 'one');
    viewer.send('SDP_OFFER', { type: 'offer', sdp: 'v=0' });
    await until(() => received.length > 0, 'the one good message');
    assert.is(received.length, 1);
    assert.is(service.masterConnections, 1);
  },
);

master('many candidates at once keep to the quota, and all arrive', async ({ service, make }) => {
  const made = make();
  await until(() => made.state === 'open', 'open');
  const viewer = await openViewerSocket(service, 'rover', 'one');
  for (let n = 0; n < 40; n += 1) {
    made.send({
      type: 'candidate',
      clientId: 'one',
      candidate: { candidate: `candidate:${n}`, sdpMid: '0' },
    });
  }
  await until(() => viewer.received.length === 40, 'all of them', 5000);
  const order = viewer.received.map(({ content }) => (content as { candidate: string }).candidate);
  assert.equal(
    order,
    Array.from({ length: 40 }, (_, n) => `candidate:${n}`),
  );
});

master('an answer longer than the service takes is not sent', async ({ service, make, logged }) => {
  const made = make();
  await until(() => made.state === 'open', 'open');
  made.send({ type: 'answer', clientId: 'one', sdp: 'x'.repeat(9000) });
  await until(() => logged.some((line) => line.includes('too long for the signaling service')), 'told');
  assert.is(service.hasMaster, true);
});

master('closing ends the socket, and nothing is tried any more', async ({ service, make }) => {
  const made = make();
  await until(() => made.state === 'open', 'open');
  made.close();
  await until(() => !service.hasMaster, 'gone');
  await made.iceServers();
  const calls = service.calls.length;
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.is(service.calls.length, calls);
  assert.is(made.state, 'stopped');
});

master('the service itself turns away what is not signed', async ({ authority, service }) => {
  const socket = new WebSocket(`${service.wssEndpoint}/?X-Amz-ChannelARN=x`, { ca: authority.ca });
  const status = await new Promise((resolve) => {
    socket.on('unexpected-response', (_request, response) => resolve(response.statusCode));
    socket.on('open', () => resolve('open'));
  });
  socket.on('error', () => undefined);
  socket.terminate();
  assert.is(status, 403);
});

master.run();
