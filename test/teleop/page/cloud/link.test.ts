import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createRig, HELLO, refusal } from './rig.ts';

const DRIVE = '{"drive":{"linear":1,"angular":0},"seq":7}';
const kinds = (phases: readonly { kind: string }[]) => phases.map(({ kind }) => kind);

test('finds the robot, shows it the token, and is open once the robot says hello', async () => {
  const rig = createRig();
  await rig.open();
  assert.equal(kinds(rig.phases), ['connecting', 'open']);
  assert.equal(rig.iceServers, [[{ urls: ['turn:relay.example'], username: 'u', credential: 'p' }]]);
  assert.equal(rig.sent, [{ token: 't1' }]);
  assert.equal(rig.messages, [{ hello: HELLO }]);
  assert.ok(rig.link.channelReady);
  assert.is(rig.link.reconnects, 0);
});

test('a token or an answer that the channel has lost is made up for, at the pace the robot takes', async () => {
  const rig = createRig();
  rig.link.start('rover');
  await rig.settle();
  rig.sockets[0]!.events.opened();
  rig.link.onChannel(rig.channel);
  await rig.pass(6500);
  assert.is(rig.sent.length, 4);
  rig.says({ hello: HELLO });
  await rig.live(5000);
  assert.is(rig.sent.length, 4);
});

test('offers and candidates go by signaling, the rest by the channel', async () => {
  const rig = createRig();
  await rig.open();
  assert.ok(rig.link.send({ offer: { sdp: 'v=0' } }));
  assert.equal(rig.sockets[0]!.offers, ['v=0']);
  assert.ok(rig.link.send({ candidate: { candidate: 'candidate:1', sdpMid: '0' } }));
  assert.ok(rig.link.send({ ping: { t: 1 } }));
  assert.ok(rig.link.send({ takeOver: true }));
  assert.equal(rig.sent.slice(1), [{ ping: { t: 1 } }, { takeOver: true }]);
});

test('an offer on a stale address is not sent: the picture begins anew with fresh servers', async () => {
  const rig = createRig();
  await rig.open();
  rig.sockets[0]!.fresh = false;
  assert.not(rig.link.send({ offer: { sdp: 'v=0' } }));
  await rig.settle();
  assert.is(rig.cloud.calls, 2);
  assert.ok(rig.sockets[0]!.closed);
  rig.sockets[1]!.events.opened();
  assert.is(rig.iceServers.length, 2);
});

test('without the channel, patience first; then commands go as messages, and the page is told', async () => {
  const rig = createRig();
  rig.link.start('rover');
  await rig.pass(3900);
  assert.not(rig.link.channelReady);
  await rig.pass(600);
  const phase = rig.phase();
  assert.ok(phase.kind === 'oneWay' && phase.why === 'The robot does not answer.');
  assert.equal(phase.kind === 'oneWay' && phase.terms, { role: 'operator', sendEveryMs: 200 });
  assert.ok(rig.link.send(DRIVE));
  await rig.settle();
  assert.equal(rig.published, [{ drive: { linear: 1, angular: 0 }, seq: 7, ttlMs: 700 }]);
  assert.not(rig.link.send('{"reset":true}'), 'a reset never goes unseen');
  assert.not(rig.link.send({ ping: { t: 1 } }));
});

test('a channel that falls silent is left for messages within 3 s, and taken again when the robot answers', async () => {
  const rig = createRig();
  await rig.open();
  await rig.live(5000);
  assert.is(rig.phase().kind, 'open');
  await rig.pass(3000);
  assert.is(rig.phase().kind, 'oneWay');
  assert.not(rig.link.channelReady);
  rig.says({ hello: HELLO });
  assert.is(rig.phase().kind, 'open');
  assert.is(rig.link.reconnects, 1);
});

test('an emergency stop goes both ways, a stop by the channel where there is one', async () => {
  const rig = createRig();
  await rig.open();
  assert.ok(rig.link.send('{"estop":true,"seq":1}'));
  assert.ok(rig.link.send('{"action":"stop","seq":2}'));
  await rig.settle();
  assert.equal(rig.sent.slice(1), [
    { estop: true, seq: 1 },
    { action: 'stop', seq: 2 },
  ]);
  assert.equal(rig.published, [{ estop: true, seq: 1 }]);
  rig.link.onChannel(null);
  assert.ok(rig.link.send('{"action":"stop","seq":3}'));
  await rig.settle();
  assert.equal(rig.published.at(-1), { action: 'stop', seq: 3 });
});

test('a fresh token goes to the robot before the old one ends, and driving is not disturbed', async () => {
  const rig = createRig();
  await rig.open();
  await rig.link.refresh();
  rig.says({ hello: HELLO });
  assert.equal(rig.sent.at(-1), { token: 't2' });
  assert.equal(rig.messages.length, 1, 'the page hears of no second hello');
  assert.equal(kinds(rig.phases), ['connecting', 'open']);
});

test('a token that has ended is renewed; where it can’t be, the person is told to sign in', async () => {
  const rig = createRig();
  await rig.open();
  await rig.live(5000);
  rig.says({ code: 'token_expired', message: 'This token is no longer valid' });
  assert.is(rig.phase().kind, 'oneWay');
  await rig.settle();
  assert.equal(rig.sent.at(-1), { token: 't2' });
  rig.says({ hello: HELLO });
  assert.is(rig.phase().kind, 'open');

  rig.cloud.renewed = null;
  rig.says({ code: 'token_expired', message: 'This token is no longer valid' });
  await rig.settle();
  assert.equal(rig.phase(), { kind: 'unpaired', why: 'Your sign-in has ended.' });
});

test('a token without the right to drive is not shown again and again', async () => {
  const rig = createRig();
  rig.link.start('rover');
  await rig.settle();
  rig.sockets[0]!.events.opened();
  rig.link.onChannel(rig.channel);
  await rig.settle();
  rig.says({ code: 'scope_missing', message: 'Expected scope roverd/operate' });
  await rig.pass(10_000);
  assert.is(rig.sent.length, 1);
  const phase = rig.phase();
  assert.is(phase.kind === 'oneWay' && phase.why, 'Expected scope roverd/operate');
});

test('a cloud out of reach is tried again; one that refuses, less often; a network that returns, at once', async () => {
  const rig = createRig();
  rig.cloud.viewer = refusal('unreachable', 'The cloud does not answer.');
  rig.link.start('rover');
  await rig.pass(5900);
  assert.is(rig.cloud.calls, 3);
  assert.equal(rig.phase(), {
    kind: 'waiting',
    attempt: 1,
    retryInMs: 2000,
    why: 'The cloud does not answer.',
  });
  assert.not(rig.link.send(DRIVE), 'nothing is promised that no one takes');
  rig.cloud.viewer = refusal('refused', 'Expected a robot of this API');
  rig.link.nudge();
  await rig.pass(9900);
  assert.is(rig.cloud.calls, 4);
  rig.cloud.viewer = null;
  await rig.pass(200);
  assert.is(rig.sockets.length, 1);
});

test('where only the signaling service fails, messages remain', async () => {
  const rig = createRig();
  rig.cloud.viewer = refusal('failed', 'The signaling service did not answer as expected');
  rig.link.start('rover');
  await rig.pass(4500);
  assert.is(rig.phase().kind, 'oneWay');
  rig.cloud.viewer = null;
  await rig.pass(2500);
  rig.sockets[0]!.events.closed();
  await rig.pass(2500);
  assert.is(rig.sockets.length, 2, 'and it is tried again');
});

test('after the end nothing of it is heard, whatever still comes', async () => {
  const rig = createRig();
  await rig.open();
  rig.link.stop();
  assert.ok(rig.sockets[0]!.closed);
  assert.equal(rig.phase(), { kind: 'idle' });
  rig.sockets[0]!.events.closed();
  await rig.pass(10_000);
  assert.is(rig.cloud.calls, 1);
  const { length } = rig.sent;
  rig.link.onChannel(rig.channel);
  await rig.pass(3000);
  assert.is(rig.sent.length, length, 'no token to a robot that was left');
  assert.not(rig.link.send(DRIVE));
});

test.run();
